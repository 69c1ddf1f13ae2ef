import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { v7 } from 'uuid';
import { query, sql } from '#shared/data/database.ts';
import { eventually } from '#shared/test/world.ts';
import { claimNotification, deliverNotification } from '../deliver/delivery.ts';
import { Notification } from '../deliver/notification.entity.ts';
import { openDomain } from './world.ts';

let domain: Awaited<ReturnType<typeof openDomain>>;
beforeAll(async () => {
  domain = await openDomain({ SMTP_TIMEOUT: '1' });
});
afterAll(() => domain?.close());

const mailsTo = ({ recipient }: Notification) =>
  domain.mailbox.messages().filter(({ to }) => to[0]?.address === recipient);
const deliver = ({ id }: Notification, options = {}) => deliverNotification(domain.context(), id, options);
const strike = (fault: {
  kind: 'delay' | 'cut-after-data' | 'reject-5xx';
  to: string;
  ms?: number;
  times?: number;
}) => domain.mailbox.faults.push({ ms: 0, times: 1, ...fault });
const confirmation = () => ({
  template: 'order-confirmed' as const,
  orderId: v7(),
  data: {
    number: 'G-1',
    name: 'Ana',
    lines: [],
    total: { amount: 0, currency: 'EUR' },
    tickets: 0,
    reason: null,
    link: 'http://localhost:4000/orders/1',
  },
});

test('I9: ten jobs at once send one email; without the claim they send more', async () => {
  const once = await domain.queue();
  await Promise.all(Array.from({ length: 10 }, () => deliver(once)));
  expect(mailsTo(once)).toHaveLength(1);
  expect(await domain.row(once.id)).toMatchObject({ status: 'SENT', attempts: 1 });

  const unprotected = await domain.queue();
  const claim: typeof claimNotification = async ({ em }, { id }) => {
    const [row] = await query(em, sql<object>`select * from notifications where id = ${id}`);
    return em.map(Notification, row as never);
  };
  await Promise.all(Array.from({ length: 10 }, () => deliver(unprotected, { claim })));
  expect(mailsTo(unprotected).length).toBeGreaterThan(1);
});

test('F1: what a dead process was sending is left alone while its lease lasts, then sent under the same Message-ID', async () => {
  const interrupted = await domain.queue();
  // This is the state that a process leaves when it dies between DATA and its answer: the mail is sent, nothing is
  // recorded.
  const claimed = await claimNotification(domain.context(), interrupted);
  await domain.context().services.mailer.send(
    {
      messageId: claimed!.providerMessageId!,
      to: interrupted.recipient,
      subject: 's',
      text: 't',
      html: 'h',
      attachments: [],
    },
    1,
  );
  await deliver(interrupted);
  expect(mailsTo(interrupted)).toHaveLength(1);
  const [later] = await domain.environment.sql(
    `select due_at > now() + interval '10 seconds' as later from outbox
      where envelope -> 'data' ->> 'notificationId' = $1 order by id desc limit 1`,
    [interrupted.id],
  );
  expect(later).toEqual({ later: true });

  await domain.environment.sql('update notifications set lease_until = now() where id = $1', [
    interrupted.id,
  ]);
  await Promise.all([deliver(interrupted), deliver(interrupted), deliver(interrupted)]);
  const mails = mailsTo(interrupted);
  expect(mails).toHaveLength(2);
  expect(new Set(mails.map(({ messageId }) => messageId)).size).toBe(1);
  expect(await domain.row(interrupted.id)).toMatchObject({
    status: 'SENT',
    unknown_outcomes: 1,
    attempts: 2,
  });
});

test('F9: a server that stays silent after DATA leaves the outcome unknown; the repeat has the same Message-ID', async () => {
  const slow = await domain.queue();
  strike({ kind: 'delay', to: slow.recipient, ms: 1_500 });
  await deliver(slow);
  expect(await domain.row(slow.id)).toMatchObject({
    status: 'QUEUED',
    unknown_outcomes: 1,
    last_error: 'smtp: Timeout',
  });
  await deliver(slow);
  const mails = await eventually(() => mailsTo(slow).length === 2 && mailsTo(slow));
  expect(new Set(mails.map(({ messageId }) => messageId))).toEqual(new Set([`<${slow.id}@guichet.test>`]));
});

test('a mailbox is not filled: after five unknown outcomes the email has failed, once', async () => {
  const doubtful = await domain.queue(confirmation());
  strike({ kind: 'cut-after-data', to: doubtful.recipient, times: 50 });
  for (let i = 0; i < 8; i++) await deliver(doubtful);
  expect(mailsTo(doubtful)).toHaveLength(5);
  expect(await domain.row(doubtful.id)).toMatchObject({ status: 'FAILED', unknown_outcomes: 5 });
  const results = await domain.environment.emitted('notification-send-result');
  expect(results.filter(({ notificationId }) => notificationId === doubtful.id)).toEqual([
    expect.objectContaining({ sent: false, reason: expect.stringContaining('5 times') }),
  ]);
});

test('F6: a database that is away when the mail server answers costs no second email', async () => {
  const sent = await domain.queue(confirmation());
  strike({ kind: 'delay', to: sent.recipient, ms: 300 });
  const delivering = deliver(sent);
  await eventually(() => !domain.mailbox.faults.some(({ to }) => to === sent.recipient));
  await domain.environment.sql('alter table notifications rename to away');
  await eventually(() => domain.warnings.includes('an outcome could not be recorded yet'));
  await domain.environment.sql('alter table away rename to notifications');
  await delivering;
  expect(await domain.row(sent.id)).toMatchObject({ status: 'SENT', attempts: 1 });
  await deliver(sent);
  expect(mailsTo(sent)).toHaveLength(1);
});

test('I13: what could not be sent within a day has failed, and the saga hears of it', async () => {
  const old = await domain.queue({
    ...confirmation(),
    attachments: [{ filename: 'b.pdf', file: 'tickets/none.pdf' }],
  });
  await domain.environment.sql(
    `update notifications set created_at = now() - interval '25 hours' where id = $1`,
    [old.id],
  );
  await deliver(old);
  expect(await domain.row(old.id)).toMatchObject({ status: 'FAILED', failed_at: expect.any(Date) });
  expect(mailsTo(old)).toHaveLength(0);
  expect((await domain.environment.emitted('notification-send-result')).at(-1)).toMatchObject({
    notificationId: old.id,
    sent: false,
  });
});

test('a scheduled notification is not sent before its time, even when its job comes early', async () => {
  const later = await domain.queue({ scheduledAt: new Date(Date.now() + 3_600_000) });
  await deliver(later);
  expect(await domain.row(later.id)).toMatchObject({ status: 'SCHEDULED', attempts: 0 });
  expect(mailsTo(later)).toHaveLength(0);
  await domain.environment.sql('update notifications set scheduled_at = now() where id = $1', [later.id]);
  await deliver(later);
  expect(await domain.row(later.id)).toMatchObject({ status: 'SENT' });
});
