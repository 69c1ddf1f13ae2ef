import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { v7 } from 'uuid';
import type { MessageName } from '#schema/messages/index.ts';
import type { Viewer } from '#shared/kernel/passport.ts';
import { eventually, viewerWith } from '#shared/test/world.ts';
import { applyNotification, applyPayment, applyReservation, applyShipping } from '../saga/saga.ts';
import { CANCEL, ORDER, openDomain, startWorld, type World } from './world.ts';

let world: World;
let buyer: Viewer;
const EUR = (amount: number) => ({ amount, currency: 'EUR' });

beforeAll(async () => {
  world = await startWorld();
  buyer = viewerWith('CUSTOMER');
});
afterAll(() => world?.stop());

async function placeOne(price = 6_000): Promise<string> {
  const { id } = world.tickets.add({ price: EUR(price) });
  return (await world.place(buyer, { lines: [{ productId: id, quantity: 1 }] })).id;
}

const look = async (id: string) => (await world.ask(buyer, ORDER, { id })).data.order;
const becomes = (id: string, status: string) =>
  eventually(async () => {
    const order = await look(id);
    return order.status === status && order;
  });
const cancel = async (orderId: string, viewer = buyer, reason?: string) =>
  (await world.ask(viewer, CANCEL, { input: { orderId, reason } })).data.cancelOrder;

/** The messages of this name that were sent about this order. */
async function emitted<N extends MessageName>(name: N, orderId: string) {
  const all = await world.emitted(name);
  return all.filter(data => (data as { orderId?: string }).orderId === orderId);
}

const reserved = (orderId: string) =>
  world.messenger.deliver('inventory-reserve-result', {
    orderId,
    reserved: true,
    reason: null,
    unavailableProductIds: [],
  });
const paid = (orderId: string, { paymentId = v7(), amount = EUR(6_000) } = {}) =>
  world.messenger.deliver('payment-process-result', {
    orderId,
    paymentId,
    outcome: 'SUCCEEDED',
    amount,
    reason: null,
  });
const shipped = (orderId: string, ticketIds = [v7()]) =>
  world.messenger.deliver('shipping-schedule-result', {
    orderId,
    scheduled: true,
    reason: null,
    ticketIds,
    shipmentId: null,
  });
const told = (orderId: string, sent = true) =>
  world.messenger.deliver('notification-send-result', {
    orderId,
    notificationId: v7(),
    sent,
    reason: sent ? null : 'mailbox unknown',
  });

async function bringTo(status: 'RESERVED' | 'PAID' | 'SHIPPING_SCHEDULED' | 'COMPLETED'): Promise<string> {
  const id = await placeOne();
  await reserved(id);
  await becomes(id, 'RESERVED');
  if (status === 'RESERVED') return id;
  await paid(id);
  await becomes(id, 'PAID');
  if (status === 'PAID') return id;
  await shipped(id);
  await becomes(id, 'SHIPPING_SCHEDULED');
  if (status === 'SHIPPING_SCHEDULED') return id;
  await told(id);
  await becomes(id, 'COMPLETED');
  return id;
}

test('an order goes its way step by step, each asked for when the one before is done', async () => {
  const id = await placeOne();
  const started = Date.now();
  await reserved(id);
  const held = await becomes(id, 'RESERVED');
  expect(Date.parse(held.expiresAt) - started).toBeGreaterThan(895_000);
  expect(await emitted('payment-process-request', id)).toMatchObject([
    { orderNumber: held.number, total: EUR(6_000), provider: 'STRIPE', expiresAt: held.expiresAt },
  ]);
  const paymentId = v7();
  await paid(id, { paymentId });
  expect((await becomes(id, 'PAID')).expiresAt).toBeNull();
  expect(await emitted('shipping-schedule-request', id)).toMatchObject([{ number: held.number }]);
  const ticketIds = [v7(), v7()];
  await shipped(id, ticketIds);
  await becomes(id, 'SHIPPING_SCHEDULED');
  expect(await emitted('notification-send-request', id)).toMatchObject([
    { template: 'order-confirmed', ticketIds, customer: { email: buyer.email } },
  ]);
  await told(id);
  const { timeline } = await becomes(id, 'COMPLETED');
  expect(timeline).toEqual([
    { from: null, to: 'CREATED', reason: null, actor: 'customer' },
    { from: 'CREATED', to: 'RESERVED', reason: null, actor: 'inventory' },
    { from: 'RESERVED', to: 'PAID', reason: null, actor: 'payment' },
    { from: 'PAID', to: 'SHIPPING_SCHEDULED', reason: null, actor: 'shipping' },
    { from: 'SHIPPING_SCHEDULED', to: 'COMPLETED', reason: null, actor: 'notification' },
  ]);
  const updates = await emitted('order.status.updated', id);
  expect(updates.map(data => data.to)).toEqual(timeline.map((each: { to: string }) => each.to));
  expect(updates.map(data => data.paymentId)).toEqual([null, null, paymentId, paymentId, paymentId]);
});

test('an order with nothing left to reserve fails, and nothing is asked of anyone', async () => {
  const id = await placeOne();
  await world.messenger.deliver('inventory-reserve-result', {
    orderId: id,
    reserved: false,
    reason: 'PRICE_CHANGED',
    unavailableProductIds: [v7()],
  });
  expect((await becomes(id, 'FAILED')).timeline.at(-1)).toMatchObject({ reason: 'PRICE_CHANGED' });
  expect(await emitted('payment-process-request', id)).toEqual([]);
  expect(await emitted('notification-send-request', id)).toEqual([]);
});

test('an order that costs nothing is paid as soon as it is reserved', async () => {
  const id = await placeOne(0);
  await reserved(id);
  const order = await becomes(id, 'PAID');
  expect(order.timeline.map((each: { to: string }) => each.to)).toEqual(['CREATED', 'RESERVED', 'PAID']);
  expect(await emitted('payment-process-request', id)).toEqual([]);
  expect(await emitted('shipping-schedule-request', id)).toHaveLength(1);
  // No refund is requested when the order is canceled, either.
  await cancel(id);
  expect(await emitted('payment-refund-request', id)).toEqual([]);
  expect(await emitted('inventory-release-request', id)).toMatchObject([{ revokeTickets: true }]);
});

test('an order is completed although its email was refused: the tickets are valid, and the reason says so', async () => {
  const id = await bringTo('SHIPPING_SCHEDULED');
  await told(id, false);
  const { timeline } = await becomes(id, 'COMPLETED');
  expect(timeline.at(-1).reason).toContain('mailbox unknown');
});

test('an order that cannot be fulfilled fails and its money goes back', async () => {
  const id = await bringTo('PAID');
  await world.messenger.deliver('shipping-schedule-result', {
    orderId: id,
    scheduled: false,
    reason: 'the event was canceled',
    ticketIds: [],
    shipmentId: null,
  });
  await becomes(id, 'FAILED');
  expect(await emitted('inventory-release-request', id)).toMatchObject([{ revokeTickets: true }]);
  expect(await emitted('payment-refund-request', id)).toMatchObject([{ paymentId: null }]);
  expect(await emitted('notification-send-request', id)).toMatchObject([
    { template: 'order-failed', reason: 'the event was canceled' },
  ]);
});

test('A9: a payment of another amount or currency is not fulfilled: released and given back', async () => {
  for (const amount of [EUR(5_999), { amount: 6_000, currency: 'USD' }]) {
    const id = await bringTo('RESERVED');
    const paymentId = v7();
    await paid(id, { paymentId, amount });
    await becomes(id, 'FAILED');
    expect(await emitted('payment-refund-request', id)).toMatchObject([{ paymentId }]);
    expect(await emitted('inventory-release-request', id)).toMatchObject([{ revokeTickets: false }]);
    expect(await emitted('shipping-schedule-request', id)).toEqual([]);
  }
});

test('a payment finally refused fails the order; one that comes all the same is given back', async () => {
  const id = await bringTo('RESERVED');
  await world.messenger.deliver('payment-process-result', {
    orderId: id,
    paymentId: v7(),
    outcome: 'FAILED',
    amount: EUR(6_000),
    reason: 'fraudulent',
  });
  await becomes(id, 'FAILED');
  expect(await emitted('payment-cancel-request', id)).toHaveLength(1);
  const paymentId = v7();
  await paid(id, { paymentId });
  await eventually(async () => (await emitted('payment-refund-request', id)).length === 1);
  expect(await emitted('payment-refund-request', id)).toMatchObject([{ paymentId }]);
  expect((await look(id)).status).toBe('FAILED');
});

test('I1: a second captured payment is given back, the first one repeated is not', async () => {
  const id = await bringTo('RESERVED');
  const [first, second] = [v7(), v7()];
  await paid(id, { paymentId: first });
  await becomes(id, 'PAID');
  await paid(id, { paymentId: first });
  await paid(id, { paymentId: second });
  await eventually(async () => (await emitted('payment-refund-request', id)).length > 0);
  await shipped(id);
  await becomes(id, 'SHIPPING_SCHEDULED');
  expect(await emitted('payment-refund-request', id)).toMatchObject([{ paymentId: second }]);
});

test('a reserved order is canceled: released, nothing may be captured any more, the buyer is told', async () => {
  const id = await bringTo('RESERVED');
  expect((await cancel(id, buyer, ' changed my mind ')).timeline.at(-1)).toEqual({
    from: 'RESERVED',
    to: 'CANCELED',
    reason: 'changed my mind',
    actor: 'customer',
  });
  expect(await emitted('inventory-release-request', id)).toMatchObject([{ revokeTickets: false }]);
  expect(await emitted('payment-cancel-request', id)).toHaveLength(1);
  expect(await emitted('payment-refund-request', id)).toEqual([]);
  expect(await emitted('notification-send-request', id)).toMatchObject([{ template: 'order-canceled' }]);
  expect(await cancel(id)).toMatchObject({
    __typename: 'OrderNotCancelable',
    message: expect.stringContaining('canceled before'),
  });
});

test('a paid order is canceled, by an administrator too: refunded, its tickets revoked', async () => {
  const orders = [await bringTo('PAID'), await bringTo('SHIPPING_SCHEDULED')];
  for (const id of orders) {
    expect((await cancel(id, viewerWith('ADMIN'))).timeline.at(-1)).toMatchObject({ actor: 'administrator' });
    expect(await emitted('inventory-release-request', id)).toMatchObject([{ revokeTickets: true }]);
    expect(await emitted('payment-refund-request', id)).toMatchObject([{ paymentId: null }]);
    expect(await emitted('payment-cancel-request', id)).toHaveLength(1);
  }
  // Tickets that are issued later are revoked, too.
  await shipped(orders[0]!);
  await eventually(async () => (await emitted('inventory-release-request', orders[0]!)).length === 2);
});

test('ten cancellations at the same time cancel once', async () => {
  const id = await bringTo('PAID');
  const answers = await Promise.all(Array.from({ length: 10 }, () => cancel(id)));
  expect(answers.filter(answer => answer.__typename === 'Order')).toHaveLength(1);
  expect(await emitted('payment-refund-request', id)).toHaveLength(1);
});

test('orders being reserved, completed or failed cannot be canceled, and the answer says what to do', async () => {
  expect((await cancel(await placeOne())).message).toContain('being reserved');
  expect((await cancel(await bringTo('COMPLETED'))).message).toContain('administrator');
  const id = await bringTo('RESERVED');
  const { errors } = await world.ask(buyer, CANCEL, { input: { orderId: id, reason: 'a\u0000b' } });
  expect(errors![0]!.extensions.code).toBe('BAD_USER_INPUT');
});

test('a refund that fails leaves a canceled order FAILED; one that succeeds leaves it CANCELED', async () => {
  const [id, other] = [await bringTo('PAID'), await bringTo('PAID')];
  await cancel(id);
  await cancel(other);
  const result = { refunded: true, reason: null };
  await world.messenger.deliver('payment-refund-result', { ...result, orderId: other });
  await world.messenger.deliver('payment-refund-result', {
    orderId: id,
    refunded: false,
    reason: 'account closed',
  });
  expect((await becomes(id, 'FAILED')).timeline.at(-1).reason).toContain('account closed');
  expect((await look(other)).status).toBe('CANCELED');
});

test('answers that overtake each other are waited for, late and repeated ones change nothing', async () => {
  const id = await placeOne();
  const paymentId = v7();
  await told(id);
  await shipped(id);
  await paid(id, { paymentId });
  await reserved(id);
  const { timeline } = await becomes(id, 'COMPLETED');
  await reserved(id);
  await paid(id, { paymentId });
  await shipped(id);
  await told(id);
  await world.messenger.deliver('payment-refund-result', { orderId: id, refunded: false, reason: null });
  const other = await bringTo('COMPLETED');
  expect(other).not.toBe(id);
  expect((await look(id)).timeline).toEqual(timeline);
  expect(await emitted('payment-refund-request', id)).toEqual([]);
  expect(await emitted('notification-send-request', id)).toHaveLength(1);
});

test('a subscriber sees every status of an order that passes them in no time, then the order when its payment changes', async () => {
  const orderId = await placeOne();
  const live = world.subscribe(
    buyer,
    `subscription ($id: ID!) { orderUpdated(orderId: $id) { status expiresAt timeline { to } total { amount } } }`,
    { id: orderId },
  );
  const next = async () => (await live.next()).data.orderUpdated;
  expect(await next()).toMatchObject({ status: 'CREATED', total: { amount: 6_000 }, timeline: [{}] });
  const direct = await openDomain(world);
  // All steps are in one transaction: a subscriber that only reloaded the order would see the last status only.
  await direct.handle(async ctx => {
    await applyReservation(ctx, { orderId, reserved: true, reason: null, unavailableProductIds: [] });
    await applyPayment(ctx, {
      orderId,
      paymentId: v7(),
      outcome: 'SUCCEEDED',
      amount: EUR(6_000),
      reason: null,
    });
    await applyShipping(ctx, { orderId, scheduled: true, reason: null, ticketIds: [], shipmentId: null });
    await applyNotification(ctx, { orderId, notificationId: v7(), sent: true, reason: null });
  });
  const seen: { status: string; expiresAt: string | null; timeline: object[] }[] = [];
  while (seen.at(-1)?.status !== 'COMPLETED') {
    const order = await next();
    // The subscriber may receive the placed order once more.
    if (order.status !== 'CREATED') seen.push(order);
  }
  expect(
    seen.map(({ status, timeline, expiresAt }) => [status, timeline.length, expiresAt !== null]),
  ).toEqual([
    ['RESERVED', 2, true],
    ['PAID', 3, false],
    ['SHIPPING_SCHEDULED', 4, false],
    ['COMPLETED', 5, false],
  ]);
  await world.sql(
    `with row as (insert into outbox (id, name, envelope, pending, live_topics)
      values ($1, 'payment.status.updated', '{}', '{}', $2)) select pg_notify('outbox', '')`,
    [v7(), [`order.${orderId}`]],
  );
  expect(await next()).toMatchObject({ status: 'COMPLETED' });
  await live.close();
  await direct.close();
});

test('A20: a stranger’s subscription to an order is answered as for a missing one', async () => {
  const id = await placeOne();
  for (const orderId of [id, v7(), 'not an id']) {
    const live = world.subscribe(
      viewerWith('CUSTOMER'),
      'subscription ($id: ID!) { orderUpdated(orderId: $id) { id } }',
      { id: orderId },
    );
    expect((await live.next()).errors).toMatchObject([
      { message: 'Order not found.', extensions: { code: 'NOT_FOUND' } },
    ]);
    await live.close();
  }
});
