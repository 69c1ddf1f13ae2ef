import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { v7 } from 'uuid';
import type { MessageData } from '#shared/messages.ts';
import { eventually, subscribe, viewerWith } from '#shared/testing.ts';
import { messagesOf, ORDER, startTestOrders, type TestOrders } from './testing.ts';

let stage: TestOrders;
const buyer = viewerWith('CUSTOMER');

beforeAll(async () => {
  stage = await startTestOrders({ HOLD_SECONDS: '1' });
});
afterAll(() => stage?.stop());

async function reserveOne(): Promise<string> {
  const { id } = stage.tickets.add();
  const { id: orderId } = await stage.place(buyer, { lines: [{ productId: id, quantity: 1 }] });
  await stage.messenger.deliver('inventory-reserve-result', {
    ...{ orderId, reserved: true, reason: null, unavailableProductIds: [] },
  });
  return orderId;
}
const becomes = (id: string, status: string) =>
  eventually(async () => {
    const { order } = (await stage.ask(buyer, ORDER, { id })).data;
    return order.status === status && order;
  });
const asked = async (orderId: string) =>
  (await messagesOf(stage, orderId))
    .map(({ name }) => name)
    .filter(name => !['order.status.updated', 'orders/expire-order'].includes(name));
const report = (orderId: string, status: MessageData<'payment.status.updated'>['status'], more = {}) =>
  stage.messenger.deliver('payment.status.updated', {
    ...{ paymentId: v7(), orderId, invoiceId: null, customerId: buyer.id, status, refunds: [] },
    ...{ amount: { amount: 6_000, currency: 'EUR' }, refundedAmount: 0, at: new Date().toISOString() },
    ...more,
  });

test('an order that is not paid in time fails: released, not to be captured, and the buyer is told', async () => {
  const id = await reserveOne();
  const { timeline } = await becomes(id, 'FAILED');
  expect(timeline.at(-1)).toMatchObject({ from: 'RESERVED', actor: 'expiry' });
  expect((await asked(id)).slice(2)).toEqual([
    'inventory-release-request',
    'payment-cancel-request',
    'notification-send-request',
  ]);
});

test('while a payment is under way the hold is extended, once; subscribers see the new deadline', async () => {
  const id = await reserveOne();
  const { expiresAt } = await becomes(id, 'RESERVED');
  const live = subscribe(
    stage.url,
    buyer,
    'subscription ($id: ID!) { orderUpdated(orderId: $id) { status expiresAt } }',
    { id },
  );
  const next = async () => (await live.next()).data.orderUpdated;
  const paymentId = v7();
  await report(id, 'PROCESSING', { paymentId });
  // An older report that comes late says nothing new.
  await report(id, 'REQUIRES_PAYMENT_METHOD', { paymentId, at: '2020-01-01T00:00:00.000Z' });
  let seen = await next();
  while (seen.expiresAt === expiresAt) seen = await next();
  expect(seen.status).toBe('RESERVED');
  expect(Date.parse(seen.expiresAt) - Date.parse(expiresAt)).toBeGreaterThanOrEqual(1_000);
  expect((await next()).status).toBe('FAILED');
  await live.close();
  expect((await asked(id)).slice(2)).toEqual([
    'inventory-extend-request',
    'inventory-release-request',
    'payment-cancel-request',
    'notification-send-request',
  ]);
});

test('a 3-D Secure question put to the buyer extends the hold too; one that was answered with a refusal does not', async () => {
  const [pending, refused] = [await reserveOne(), await reserveOne()];
  const paymentId = v7();
  await report(refused, 'PROCESSING', { paymentId });
  await report(refused, 'REQUIRES_PAYMENT_METHOD', { paymentId, at: new Date(Date.now() + 1).toISOString() });
  await report(pending, 'REQUIRES_ACTION', { at: new Date(Date.now() + 800).toISOString() });
  await Promise.all([becomes(pending, 'FAILED'), becomes(refused, 'FAILED')]);
  expect(await asked(pending)).toContain('inventory-extend-request');
  expect(await asked(refused)).not.toContain('inventory-extend-request');
});

test('a payment within the extension is as good as one in time', async () => {
  const orderId = await reserveOne();
  const paymentId = v7();
  await report(orderId, 'PROCESSING', { paymentId });
  await eventually(async () => (await asked(orderId)).includes('inventory-extend-request'));
  await stage.messenger.deliver('payment-process-result', {
    ...{ orderId, paymentId, outcome: 'SUCCEEDED', reason: null },
    amount: { amount: 6_000, currency: 'EUR' },
  });
  expect((await becomes(orderId, 'PAID')).expiresAt).toBeNull();
});
