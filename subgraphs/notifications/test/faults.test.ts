import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { v7 } from 'uuid';
import { eventually, viewerWith } from '#shared/test/world.ts';
import { startMailbox } from '../../../dev/mailbox/mailbox.ts';
import { orderRequest, startWorld, type World } from './world.ts';

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world?.stop());

type Kind = 'reject-4xx' | 'reject-5xx' | 'cut-after-data' | 'delay';
const strike = (kind: Kind, to: string, { ms = 0, times = 1 } = {}) =>
  world.mailbox.faults.push({ kind, to, ms, times });
const deadLetters = () => world.sql('select * from dead_letters');
const resultsFor = async (orderId: string) =>
  (await world.emitted('notification-send-result')).filter(result => result.orderId === orderId);
const settled = (orderId: string, status: string) =>
  eventually(async () => {
    const row = await world.rowOf(orderId);
    return row?.status === status && row;
  });

test('F9: 4xx twice, then fine: one email, one answer, no dead letter', async () => {
  const request = orderRequest();
  strike('reject-4xx', request.customer.email, { times: 2 });
  await world.messenger.deliver('notification-send-request', request);
  expect(await settled(request.orderId, 'SENT')).toMatchObject({
    attempts: 3,
    unknown_outcomes: 0,
    last_error: null,
  });
  expect(world.mailsTo(request.customer.email)).toHaveLength(1);
  expect(await resultsFor(request.orderId)).toMatchObject([{ sent: true }]);
  expect(await deadLetters()).toEqual([]);
});

test('F9: 5xx: the email has failed, once, and the saga hears why', async () => {
  const request = orderRequest();
  strike('reject-5xx', request.customer.email, { times: 10 });
  await world.messenger.deliver('notification-send-request', request);
  expect(await settled(request.orderId, 'FAILED')).toMatchObject({
    attempts: 1,
    failed_at: expect.any(Date),
  });
  expect(await resultsFor(request.orderId)).toMatchObject([
    { sent: false, reason: expect.stringContaining('554') },
  ]);
  expect(world.mailsTo(request.customer.email)).toHaveLength(0);
  expect(world.mailbox.faults.find(({ to }) => to === request.customer.email)).toMatchObject({ times: 9 });
  expect(await deadLetters()).toEqual([]);
});

test('F9: a cut after DATA is repeated under the same Message-ID, so that mailboxes can tell', async () => {
  const request = orderRequest();
  strike('cut-after-data', request.customer.email);
  await world.messenger.deliver('notification-send-request', request);
  const row = await settled(request.orderId, 'SENT');
  expect(row).toMatchObject({ attempts: 2, unknown_outcomes: 1 });
  const mails = world.mailsTo(request.customer.email);
  expect(mails.map(({ messageId }) => messageId)).toEqual([row.provider_message_id, row.provider_message_id]);
  expect(await resultsFor(request.orderId)).toMatchObject([{ sent: true }]);
});

test('F9: a slow mail server holds up neither its queue nor the urgent one', async () => {
  const SEND = 'mutation ($input: SendNotificationInput!) { sendNotification(input: $input) { __typename } }';
  const announce = async (to: string) => {
    const input = { to, template: 'announcement', data: { title: 'T', text: 'x' } };
    const { data } = await world.ask(viewerWith('STAFF'), SEND, { input });
    expect(data.sendNotification.__typename).toBe('Notification');
  };
  const slow = `${v7()}@slow.example.org`;
  const quick = `${v7()}@example.org`;
  const request = orderRequest();
  strike('delay', slow, { ms: 20_000, times: 10 });
  strike('delay', request.customer.email, { ms: 0 });
  await announce(slow);
  await eventually(() => world.mailbox.faults.some(({ to, times }) => to === slow && times === 9));
  await announce(quick);
  await eventually(() => world.mailsTo(quick).length === 1, 5);
  // A confirmation is sent even when every slot of the ordinary queue is taken.
  await Promise.all(Array.from({ length: 6 }, () => announce(slow)));
  await eventually(() => world.mailbox.faults.some(({ to, times }) => to === slow && times === 5));
  await world.messenger.deliver('notification-send-request', request);
  await eventually(() => world.mailsTo(request.customer.email).length === 1, 5);
  expect(world.mailsTo(slow)).toHaveLength(0);
});

test('F9: mail waits while no server listens, and goes out when one does', async () => {
  const away = await startMailbox({ smtpPort: 0, httpPort: 0 });
  await away.stop();
  const own = await startWorld({ SMTP_URL: away.smtpUrl });
  try {
    const request = orderRequest();
    await own.messenger.deliver('notification-send-request', request);
    await eventually(async () => {
      const row = await own.rowOf(request.orderId);
      return row?.status === 'QUEUED' && row.attempts > 0 && row.unknown_outcomes === 0;
    });
    const back = await startMailbox({ smtpPort: away.smtpPort, httpPort: 0 });
    try {
      await eventually(() => back.messages().length === 1);
      await eventually(async () => (await own.rowOf(request.orderId)).status === 'SENT');
      expect(await own.sql('select * from dead_letters')).toEqual([]);
    } finally {
      await back.stop();
    }
  } finally {
    await own.stop();
  }
});

test('F9: what the first provider refuses goes to the fallback; what may be on its way does not', async () => {
  const fallback = await startMailbox({ smtpPort: 0, httpPort: 0 });
  const own = await startWorld({ SMTP_FALLBACK_URL: fallback.smtpUrl });
  try {
    const [refused, doubtful] = [orderRequest(), orderRequest()];
    own.mailbox.faults.push(
      { kind: 'reject-5xx', to: refused.customer.email, ms: 0, times: 1 },
      { kind: 'cut-after-data', to: doubtful.customer.email, ms: 0, times: 1 },
    );
    await own.messenger.deliver('notification-send-request', refused);
    await own.messenger.deliver('notification-send-request', doubtful);
    for (const [{ orderId }, provider] of [
      [refused, 'smtp-fallback'],
      [doubtful, 'smtp'],
    ] as const)
      await eventually(async () => {
        const row = await own.rowOf(orderId);
        return row?.status === 'SENT' && row.provider === provider;
      });
    expect(fallback.messages().map(({ to }) => to[0]?.address)).toEqual([refused.customer.email]);
    expect(own.mailsTo(refused.customer.email)).toHaveLength(0);
    expect(own.mailsTo(doubtful.customer.email)).toHaveLength(2);
  } finally {
    await own.stop();
    await fallback.stop();
  }
});

test('F11: a stop does not wait for a mail server for long, and leaves nothing as being sent', async () => {
  const own = await startWorld();
  try {
    const request = orderRequest();
    own.mailbox.faults.push({ kind: 'delay', to: request.customer.email, ms: 60_000, times: 1 });
    await own.messenger.deliver('notification-send-request', request);
    await eventually(() => own.mailbox.faults.length === 0);
    const started = Date.now();
    await own.subgraph.stop();
    expect(Date.now() - started).toBeLessThan(10_000);
    expect(await own.rowOf(request.orderId)).toMatchObject({ status: 'QUEUED', unknown_outcomes: 1 });
  } finally {
    await own.stop();
  }
});
