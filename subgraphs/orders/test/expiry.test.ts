import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { v7 } from 'uuid';
import type { MessageData } from '#schema/messages/index.ts';
import { eventually, viewerWith } from '#shared/test/world.ts';
import { CANCEL, messagesOf, ORDER, startWorld, type World } from './world.ts';

let world: World;
const buyer = viewerWith('CUSTOMER');

beforeAll(async () => {
  world = await startWorld({ HOLD_SECONDS: '1' });
});
afterAll(() => world?.stop());

async function placeOne(): Promise<string> {
  const { id } = world.tickets.add();
  return (await world.place(buyer, { lines: [{ productId: id, quantity: 1 }] })).id;
}
const reserve = (orderId: string) =>
  world.messenger.deliver('inventory-reserve-result', {
    orderId,
    reserved: true,
    reason: null,
    unavailableProductIds: [],
  });
const becomes = (id: string, status: string) =>
  eventually(async () => {
    const { order } = (await world.ask(buyer, ORDER, { id })).data;
    return order.status === status && order;
  });
const asked = async (orderId: string) =>
  (await messagesOf(world, orderId))
    .map(({ name }) => name)
    .filter(name => !['order.status.updated', 'orders/expire-order'].includes(name));
/** Reports a payment's status and waits until orders has stored it: before the hold begins, which is short here. */
async function report(
  orderId: string,
  status: MessageData<'payment.status.updated'>['status'],
  { paymentId = v7(), at = new Date() } = {},
) {
  const known = async () => Number((await world.sql(`select count(*) from inbox`))[0]!.count);
  const before = await known();
  await world.messenger.deliver('payment.status.updated', {
    paymentId,
    orderId,
    invoiceId: null,
    customerId: buyer.id,
    status,
    refunds: [],
    amount: { amount: 6_000, currency: 'EUR' },
    refundedAmount: 0,
    at: at.toISOString(),
  });
  await eventually(async () => (await known()) > before);
}
/** Sends the answer of payments, once it is asked: nothing was captured, and nothing can be captured. */
async function answerClosing(orderId: string) {
  await eventually(async () => (await asked(orderId)).includes('payment-cancel-request'));
  await world.messenger.deliver('payment-cancel-result', { orderId });
}
/** Waits until the hold has ended and payments is asked. */
const isClosing = (orderId: string) =>
  eventually(async () => {
    const [row] = await world.sql('select closing_since from orders where id = $1', [orderId]);
    return row!.closing_since;
  });
const pay = (orderId: string, paymentId = v7()) =>
  world.messenger.deliver('payment-process-result', {
    orderId,
    paymentId,
    outcome: 'SUCCEEDED',
    reason: null,
    amount: { amount: 6_000, currency: 'EUR' },
  });
const inSeconds = (seconds: number) => new Date(Date.now() + seconds * 1_000);

test('an order that is not paid in time waits for payments to say so, then fails: released, and the buyer is told', async () => {
  const id = await placeOne();
  await reserve(id);
  await isClosing(id);
  const waiting = (await world.ask(buyer, ORDER, { id })).data.order;
  expect(waiting.status).toBe('RESERVED');
  expect(Date.parse(waiting.expiresAt)).toBeLessThanOrEqual(Date.now());
  expect((await asked(id)).slice(2)).toEqual(['payment-cancel-request']);
  await answerClosing(id);
  const { timeline } = await becomes(id, 'FAILED');
  expect(timeline.at(-1)).toMatchObject({
    from: 'RESERVED',
    actor: 'expiry',
    reason: 'It was not paid in time.',
  });
  expect((await asked(id)).slice(2)).toEqual([
    'payment-cancel-request',
    'inventory-release-request',
    'notification-send-request',
  ]);
});

test('F12: news of a payment that comes after the hold’s end, but before the answer, completes the order', async () => {
  const id = await placeOne();
  await reserve(id);
  await isClosing(id);
  const paymentId = v7();
  await pay(id, paymentId);
  await becomes(id, 'PAID');
  // The message is repeated, and a contradicting answer comes too late.
  await pay(id, paymentId);
  await answerClosing(id);
  await world.messenger.deliver('shipping-schedule-result', {
    orderId: id,
    scheduled: true,
    reason: null,
    ticketIds: [v7()],
    shipmentId: null,
  });
  const { timeline } = await becomes(id, 'SHIPPING_SCHEDULED');
  expect(timeline.map((each: { to: string }) => each.to)).not.toContain('FAILED');
  expect(await asked(id)).not.toContain('payment-refund-request');
  expect(await asked(id)).not.toContain('inventory-release-request');
});

test('a buyer who cancels while payments is asked is out at once; what was captured all the same goes back', async () => {
  const id = await placeOne();
  await reserve(id);
  await isClosing(id);
  const { cancelOrder } = (await world.ask(buyer, CANCEL, { input: { orderId: id } })).data;
  expect(cancelOrder.status).toBe('CANCELED');
  await answerClosing(id);
  await pay(id);
  await eventually(async () => (await asked(id)).includes('payment-refund-request'));
  expect((await world.ask(buyer, ORDER, { id })).data.order).toEqual(
    expect.objectContaining({ status: 'CANCELED', timeline: cancelOrder.timeline }),
  );
});

test('while a payment is under way the hold is extended, once; subscribers see the new deadline', async () => {
  const id = await placeOne();
  const live = world.subscribe(
    buyer,
    'subscription ($id: ID!) { orderUpdated(orderId: $id) { status expiresAt } }',
    { id },
  );
  const next = async () => (await live.next()).data.orderUpdated;
  expect(await next()).toEqual({ status: 'CREATED', expiresAt: null });
  const paymentId = v7();
  await report(id, 'PROCESSING', { paymentId });
  // An older report that comes late is ignored.
  await report(id, 'REQUIRES_PAYMENT_METHOD', { paymentId, at: inSeconds(-60) });
  await reserve(id);
  const answering = answerClosing(id);
  const deadlines = new Set<string>();
  for (let seen = await next(); seen.status !== 'FAILED'; seen = await next())
    if (seen.status === 'RESERVED') deadlines.add(seen.expiresAt);
  await answering;
  await live.close();
  const [first, second] = [...deadlines].map(Date.parse);
  expect(deadlines.size).toBe(2);
  expect(second! - first!).toBeGreaterThanOrEqual(1_000);
  expect((await asked(id)).slice(2)).toEqual([
    'inventory-extend-request',
    'payment-cancel-request',
    'inventory-release-request',
    'notification-send-request',
  ]);
});

test('a 3-D Secure question put to the buyer extends the hold too, unless it is old or was answered with a refusal', async () => {
  const [pending, old, refused] = [await placeOne(), await placeOne(), await placeOne()];
  const paymentId = v7();
  await report(pending, 'REQUIRES_ACTION', { at: inSeconds(10) });
  await report(old, 'REQUIRES_ACTION', { at: inSeconds(-60) });
  await report(refused, 'REQUIRES_ACTION', { paymentId });
  await report(refused, 'REQUIRES_PAYMENT_METHOD', { paymentId, at: inSeconds(10) });
  await Promise.all([pending, old, refused].map(reserve));
  await Promise.all([pending, old, refused].map(isClosing));
  expect(await asked(pending)).toContain('inventory-extend-request');
  expect(await asked(old)).not.toContain('inventory-extend-request');
  expect(await asked(refused)).not.toContain('inventory-extend-request');
});

test('a payment within the extension is as good as one in time', async () => {
  const orderId = await placeOne();
  const paymentId = v7();
  await report(orderId, 'PROCESSING', { paymentId });
  await reserve(orderId);
  await eventually(async () => {
    const [row] = await world.sql(
      `update orders set expires_at = now() + interval '1 min' where id = $1 and extended returning id`,
      [orderId],
    );
    return row;
  });
  await pay(orderId, paymentId);
  expect((await becomes(orderId, 'PAID')).expiresAt).toBeNull();
});
