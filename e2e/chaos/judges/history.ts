/** I4 and I10: everything that clients were told has happened, and in that order. */
import { TRANSITIONS } from '../../../subgraphs/orders/order/order.entity.ts';
import type { Evidence, Finding } from './evidence.ts';

/**
 * I4: every order's history follows the state graph without gaps, and the statuses seen live are a subsequence of it.
 */
export function judgeHistory({ snapshot, told }: Evidence): Finding[] {
  const findings: Finding[] = [];
  const add = (what: string) => findings.push({ invariant: 'I4', what });
  const histories = Map.groupBy(snapshot.transitions, ({ orderId }) => orderId);
  for (const order of snapshot.orders) {
    const history = histories.get(order.id) ?? [];
    history.forEach(({ seq, from, to }, index) => {
      const before = history[index - 1]?.to ?? null;
      const follows = from === null ? to === 'CREATED' : (TRANSITIONS as Graph)[from]?.includes(to);
      if (seq !== index + 1 || from !== before || !follows)
        add(`order ${order.id}: change ${seq} goes from ${from} to ${to} after ${before}`);
    });
    const last = history.at(-1);
    if (last?.to !== order.status || last?.seq !== order.seq)
      add(
        `order ${order.id} is ${order.status} (${order.seq}), its history ends with ${last?.to} (${last?.seq})`,
      );
  }
  for (const { purchase, orderIds, seen } of told) {
    const history = (histories.get(orderIds[0]!) ?? []).map(({ to }) => to);
    const statuses = seen.map(({ status }) => status);
    if (orderIds[0] && !isSubsequence(statuses, history))
      add(`purchase ${purchase}: seen ${statuses.join(', ')}; happened ${history.join(', ')}`);
  }
  return findings;
}

type Graph = Record<string, readonly string[] | undefined>;

function isSubsequence(part: string[], whole: string[]): boolean {
  let next = 0;
  for (const item of whole) if (item === part[next]) next += 1;
  return next === part.length;
}

/** I10: every write that was confirmed to a client exists. */
export function judgeAcknowledged({ snapshot, told }: Evidence): Finding[] {
  const findings: Finding[] = [];
  const orders = new Map(snapshot.orders.map(order => [order.id, order]));
  const payments = new Map(snapshot.payments.map(payment => [payment.id, payment]));
  const tickets = new Map(snapshot.tickets.map(ticket => [ticket.id, ticket]));
  const users = new Set(snapshot.users.map(({ id, email }) => `${id} ${email}`));
  const collected = new Set(snapshot.charges.map(({ reference }) => reference));
  for (const promise of told) {
    const { purchase, orderIds, userId, email } = promise;
    const add = (what: string) => findings.push({ invariant: 'I10', what: `purchase ${purchase}: ${what}` });
    if (!users.has(`${userId} ${email}`)) add(`user ${userId} is not there`);
    if (orderIds.length > 1) add(`one idempotency key was answered with ${orderIds.join(' and ')}`);
    const order = orders.get(orderIds[0] ?? '');
    if (orderIds[0] && !order) add(`order ${orderIds[0]} is not there`);
    if (order && order.customerId !== userId) add(`order ${order.id} is somebody else's`);
    if (order) {
      const wanted = promise.lines.map(line => `${line.quantity} of ${line.productId}`).sort();
      const found = snapshot.lines
        .filter(({ orderId }) => orderId === order.id)
        .map(line => `${line.quantity} of ${line.productId}`)
        .sort();
      if (wanted.join() !== found.join())
        add(`order ${order.id} has ${found.join(', ')} instead of ${wanted}`);
    }
    for (const [id, status] of Object.entries(promise.payments)) {
      const payment = payments.get(id);
      if (!payment) add(`payment ${id} is not there`);
      else if (status === 'SUCCEEDED' && payment.status !== 'SUCCEEDED')
        add(`payment ${id} was told SUCCEEDED and is ${payment.status}`);
      else if (status === 'SUCCEEDED' && !payment.references.some(reference => collected.has(reference)))
        add(`payment ${id} was told SUCCEEDED and the provider has collected nothing`);
    }
    const canceled = snapshot.transitions.some(
      ({ orderId, to }) => orderId === orderIds[0] && to === 'CANCELED',
    );
    if (promise.canceled && !canceled) add(`order ${orderIds[0]} was told CANCELED and never was`);
    for (const [id, code] of Object.entries(promise.tickets))
      if (tickets.get(id)?.code !== code) add(`ticket ${id} with code ${code} is not there`);
    const invoice = snapshot.invoices.find(({ orderId }) => orderId === orderIds[0]);
    if (promise.invoiceNumber && invoice?.number !== promise.invoiceNumber)
      add(`invoice ${promise.invoiceNumber} is ${invoice?.number ?? 'not there'}`);
  }
  return findings;
}
