/**
 * I5, I9 and I13: every message is handled once, each order gets one email, nothing is left undone; also the errors
 * that clients saw.
 */
import { messages as catalogue } from '#schema/messages/index.ts';
import { countBy, type Evidence, type Finding } from './evidence.ts';

/** A request is answered once each time that it is sent: more answers mean that a message took effect twice. */
const ANSWERS: [answer: string, request: string, template?: string][] = [
  ['inventory-reserve-result', 'inventory-reserve-request'],
  ['shipping-schedule-result', 'shipping-schedule-request'],
  ['notification-send-result', 'notification-send-request', 'order-confirmed'],
];

/** I5: every committed message is handled by every consumer, once. */
export function judgeMessages({ snapshot }: Evidence): Finding[] {
  const findings: Finding[] = [];
  const add = (what: string) => findings.push({ invariant: 'I5', what });
  const { messages, inboxes, holds, invoices, transitions } = snapshot;
  for (const [answer, request, template] of ANSWERS) {
    const count = (name: string, of?: string) =>
      countBy(
        messages.filter(message => message.name === name && (!of || message.template === of)),
        ({ orderId }) => `${orderId}`,
      );
    const asked = count(request, template);
    for (const [orderId, answered] of count(answer))
      if (answered > (asked.get(orderId) ?? 0))
        add(`order ${orderId}: ${answered} × ${answer} for ${asked.get(orderId) ?? 0} × ${request}`);
  }
  const changes = countBy(transitions, ({ orderId }) => orderId);
  const updates = messages.filter(({ name }) => name === 'order.status.updated');
  for (const [orderId, count] of countBy(updates, message => `${message.orderId}`))
    if (count !== changes.get(orderId))
      add(`order ${orderId} changed ${changes.get(orderId)} times and told so ${count} times`);
  const effects = [
    ['hold', holds],
    ['invoice', invoices],
  ] as const;
  for (const [what, rows] of effects)
    for (const [orderId, count] of countBy<{ orderId: string }>(rows, row => row.orderId))
      if (count > 1) add(`order ${orderId} has ${count} ${what}s`);
  for (const { id, name, queues, isScheduled } of messages)
    if (queues.length > 0 && !isScheduled) add(`${name} ${id} is not acknowledged by ${queues.join(', ')}`);
  const forgotten = messages.flatMap(({ id, name }) => {
    const consumers: readonly string[] = catalogue[name as keyof typeof catalogue]?.consumers ?? [];
    return consumers
      .filter(consumer => !inboxes[consumer]?.has(id))
      .map(consumer => ({ what: `${name} not among what ${consumer} has handled`, id }));
  });
  for (const [what, each] of Map.groupBy(forgotten, ({ what }) => what))
    add(`${each.length} × ${what}: ${each.map(({ id }) => id).slice(0, 3)}`);
  return findings;
}

/** How long after a cut a mail may come a second time: a lease, a retry, and a slow machine. */
const CUT_ECHO_MS = 120_000;

/** I9: one confirmation for each COMPLETED order, none for others. */
export function judgeMails({ snapshot, mailCuts }: Evidence): { findings: Finding[]; allowed: string[] } {
  const findings: Finding[] = [];
  const allowed: string[] = [];
  const add = (what: string) => findings.push({ invariant: 'I9', what });
  const { notifications, mails, orders, transitions } = snapshot;
  const idOf = (messageId: string) => /<?([0-9a-f-]{36})@/.exec(messageId)?.[1] ?? messageId;
  const byNotification = Map.groupBy(mails, ({ messageId }) => idOf(messageId));
  const known = new Set(notifications.map(({ id }) => id));
  for (const [id, copies] of byNotification)
    if (!known.has(id)) add(`${copies.length} mails of a notification ${id} that is not known`);

  for (const { id, recipient, unknownOutcomes, orderId, template } of notifications) {
    const copies = byNotification.get(id) ?? [];
    if (copies.some(({ to }) => to !== recipient)) add(`notification ${id} went to somebody else`);
    if (copies.length <= 1) continue;
    const words = `${copies.length} copies of ${template} for order ${orderId}`;
    const repeats = copies.slice(1);
    const explained =
      unknownOutcomes >= repeats.length &&
      repeats.every(({ at }) => mailCuts.some(cut => cut <= at && at - cut < CUT_ECHO_MS));
    if (explained) allowed.push(`${words}: the connection was cut after DATA`);
    else add(words);
  }

  const confirmations = Map.groupBy(
    notifications.filter(({ template }) => template === 'order-confirmed'),
    ({ orderId }) => `${orderId}`,
  );
  for (const { id, status } of orders) {
    const written = confirmations.get(id) ?? [];
    const sent = written.filter(notification => byNotification.has(notification.id));
    if (written.length > 1) add(`order ${id} has ${written.length} confirmations`);
    if (status === 'COMPLETED') {
      const refused = written.some(
        n => n.status === 'FAILED' && n.lastError?.includes('requested by a test'),
      );
      if (refused) allowed.push(`no confirmation of order ${id}: the mail server refused it for good`);
      else if (sent.length !== 1) add(`order ${id} is COMPLETED, ${sent.length} confirmations were sent`);
    } else if (sent.length > 0) {
      const scheduled = transitions.some(t => t.orderId === id && t.to === 'SHIPPING_SCHEDULED');
      if (scheduled) allowed.push(`order ${id} was ${status} while its confirmation was on its way`);
      else add(`order ${id} is ${status} and was confirmed`);
    }
  }
  return { findings, allowed };
}

/** I13: nothing stays in a passing state, no dead letter remains after its replay, nothing has leaked. */
export function judgeRest({ rest, snapshot, pools }: Evidence): Finding[] {
  const { unrest, seconds } = rest;
  return [
    ...pools
      .filter(({ before, after }) => after < before)
      .map(({ process, before, after }) => ({
        invariant: 'I13',
        what: `${process} has ${after} of ${before} database connections left`,
      })),
    ...unrest.map(what => ({ invariant: 'I13', what: `after ${seconds} s: ${what}` })),
    ...snapshot.deadLetters.map(({ database, name, id, error }) => ({
      invariant: 'I13',
      what: `dead letter of ${database}: ${name} ${id}: ${error}`,
    })),
  ];
}

/** No fault excuses an answer INTERNAL_SERVER_ERROR, a process that ends by itself, or minutes without an answer. */
export function judgeService({ journal, crashes, told }: Evidence): Finding[] {
  const kinds = countBy(
    journal.unexpected,
    ({ operation, code, message }) => `${operation}: ${code}: ${message}`,
  );
  return [
    ...[...kinds].map(([what, count]) => ({ invariant: 'answers', what: `${count} × ${what}` })),
    ...crashes.map(what => ({ invariant: 'crashes', what })),
    ...told
      .filter(({ gaveUp }) => gaveUp !== null)
      .map(({ purchase, gaveUp }) => ({ invariant: 'answers', what: `purchase ${purchase}: ${gaveUp}` })),
  ];
}
