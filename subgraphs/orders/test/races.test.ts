import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { v7 } from 'uuid';
import { isUniqueViolation } from '#shared/data/database.ts';
import { viewerWith } from '#shared/test/world.ts';
import { cancelOrder } from '../cancel/canceling.ts';
import { type OrderStatus, TRANSITIONS } from '../order/order.entity.ts';
import { lockOrder, transition } from '../order/orders.ts';
import { expireOrder } from '../saga/expire-order.ts';
import {
  applyClosing,
  applyNotification,
  applyPayment,
  applyRefund,
  applyReservation,
  applyShipping,
} from '../saga/saga.ts';
import { resumeOrders } from '../saga/sweeping.ts';
import type { OrdersContext } from '../services.ts';
import { type Domain, messagesOf, openDomain, startWorld, type World } from './world.ts';

let world: World;
let direct: Domain;
const buyer = viewerWith('CUSTOMER');
const total = { amount: 6_000, currency: 'EUR' };

beforeAll(async () => {
  // The workers and the sweeper are off: the tests make every step themselves.
  world = await startWorld({ WORKERS: 'off' });
  direct = await openDomain(world);
});
afterAll(async () => {
  await direct?.close();
  await world?.stop();
});

async function placeOne(): Promise<string> {
  const { id } = world.tickets.add();
  return (await world.place(buyer, { lines: [{ productId: id, quantity: 1 }] })).id;
}
const reserve = (orderId: string) =>
  direct.handle(ctx =>
    applyReservation(ctx, { orderId, reserved: true, reason: null, unavailableProductIds: [] }),
  );
const payment = (orderId: string, paymentId = v7()) =>
  ({ orderId, paymentId, outcome: 'SUCCEEDED', amount: total, reason: null }) as const;
const shipping = (orderId: string) => ({
  orderId,
  scheduled: true,
  reason: null,
  ticketIds: [v7()],
  shipmentId: null,
});
const notification = (orderId: string) => ({ orderId, notificationId: v7(), sent: true, reason: null });

/** The order's history; throws unless it follows the graph without a gap and was published completely (I4). */
async function checkHistory(orderId: string): Promise<OrderStatus[]> {
  const rows = (await world.sql(
    `select t.seq, from_status, to_status, status from order_transitions t join orders on id = order_id
      where order_id = $1 order by t.seq`,
    [orderId],
  )) as { seq: number; from_status: OrderStatus | null; to_status: OrderStatus; status: OrderStatus }[];
  rows.forEach((row, i) => {
    expect(row.seq).toBe(i + 1);
    expect(row.from_status).toBe(rows[i - 1]?.to_status ?? null);
    if (row.from_status) expect(TRANSITIONS[row.from_status]).toContain(row.to_status);
  });
  const history = rows.map(row => row.to_status);
  expect(rows[0]!.status).toBe(history.at(-1));
  const told = (await messagesOf(world, orderId)).filter(({ name }) => name === 'order.status.updated');
  expect(told.map(({ data }) => data.to)).toEqual(history);
  return history;
}

/** The payments for which a refund was requested; null stands for all payments of the order. */
const refundsOf = async (orderId: string) =>
  (await messagesOf(world, orderId))
    .filter(({ name }) => name === 'payment-refund-request')
    .map(({ data }) => data.paymentId as string | null);

test('a change of status that the graph does not have is refused, and nothing is written', async () => {
  const id = await placeOne();
  const refused = direct.handle(async ctx => {
    await transition(ctx.em, await lockOrder(ctx.em, id), 'PAID', { reason: null, actor: 'test' });
  });
  await expect(refused).rejects.toMatchObject({ extensions: { code: 'INTERNAL_SERVER_ERROR' } });
  expect(await checkHistory(id)).toEqual(['CREATED']);
});

test('a hold that has not expired is left alone by a job that comes early, which comes again at its end', async () => {
  const orderId = await placeOne();
  await reserve(orderId);
  await expireOrder(direct.context(), orderId);
  expect(await checkHistory(orderId)).toEqual(['CREATED', 'RESERVED']);
  const jobs = await world.sql(
    `select due_at = (select expires_at from orders where id = $1) as at_the_end from outbox
      where name = 'orders/expire-order' and envelope -> 'data' ->> 'orderId' = $1::text`,
    [orderId],
  );
  expect(jobs).toEqual([{ at_the_end: true }, { at_the_end: true }]);
});

/** A reserved order whose hold ended a second ago. */
async function overdueOne(): Promise<string> {
  const orderId = await placeOne();
  await reserve(orderId);
  await world.sql(`update orders set expires_at = now() - interval '1 s' where id = $1`, [orderId]);
  return orderId;
}

test('F12: a hold that expires while the payment succeeds fails nothing: the order is paid, whoever comes first', async () => {
  for (let i = 0; i < 10; i++) {
    const orderId = await overdueOne();
    await Promise.all([
      expireOrder(direct.context(), orderId),
      direct.handle(ctx => applyPayment(ctx, payment(orderId))),
    ]);
    // An answer that payments gave before the capture arrives when the order is already paid.
    await direct.handle(ctx => applyClosing(ctx, { orderId }));
    expect(await checkHistory(orderId)).toEqual(['CREATED', 'RESERVED', 'PAID']);
    expect(await refundsOf(orderId)).toEqual([]);
  }
});

/** How often payments is asked when six concurrent jobs find that the hold has ended. */
async function expireAtOnce(orderId: string, lock: boolean): Promise<number> {
  await Promise.all(Array.from({ length: 6 }, () => expireOrder(direct.context(), orderId, { lock })));
  await expireOrder(direct.context(), orderId);
  const names = (await messagesOf(world, orderId)).map(({ name }) => name);
  return names.filter(name => name === 'payment-cancel-request').length;
}

test('the expiry of a hold asks payments once, however often and by how many it is run', async () => {
  let unlocked = 0;
  for (let i = 0; i < 10 && unlocked < 2; i++) unlocked = await expireAtOnce(await overdueOne(), false);
  expect(unlocked).toBeGreaterThan(1);
  const orderId = await overdueOne();
  expect(await expireAtOnce(orderId, true)).toBe(1);
  expect(await checkHistory(orderId)).toEqual(['CREATED', 'RESERVED']);
  // The answer also comes several times at once.
  await Promise.all([1, 2, 3].map(() => direct.handle(ctx => applyClosing(ctx, { orderId }))));
  expect(await checkHistory(orderId)).toEqual(['CREATED', 'RESERVED', 'FAILED']);
});

test('an answer for an order that payments was not asked about, or that is over, changes nothing', async () => {
  const [waiting, canceled] = [await placeOne(), await overdueOne()];
  await reserve(waiting);
  await expireOrder(direct.context(), canceled);
  await cancelOrder({ ...direct.context(), viewer: buyer }, { orderId: canceled });
  for (const orderId of [waiting, canceled]) await direct.handle(ctx => applyClosing(ctx, { orderId }));
  expect(await checkHistory(waiting)).toEqual(['CREATED', 'RESERVED']);
  expect(await checkHistory(canceled)).toEqual(['CREATED', 'RESERVED', 'CANCELED']);
});

/** The bank is processing the payment, so payments reports the order as closed; at this moment it is captured. */
async function raceClosingWithPayment(lock: boolean) {
  const orderId = await overdueOne();
  await expireOrder(direct.context(), orderId);
  const paymentId = v7();
  const settled = await Promise.allSettled([
    direct.handle(ctx => applyClosing(ctx, { orderId }, { lock })),
    direct.handle(ctx => applyPayment(ctx, payment(orderId, paymentId), { lock })),
  ]);
  return { orderId, paymentId, failures: settled.filter(each => each.status === 'rejected') };
}

test('F12: an order that is closed while the money comes ends PAID, or FAILED and given back', async () => {
  const ends = new Set<string>();
  for (let i = 0; i < 15; i++) {
    const { orderId, paymentId, failures } = await raceClosingWithPayment(true);
    expect(failures).toEqual([]);
    const end = (await checkHistory(orderId)).at(-1)!;
    expect(await refundsOf(orderId)).toEqual(end === 'PAID' ? [] : [paymentId]);
    const names = (await messagesOf(world, orderId)).map(({ name }) => name);
    expect(names.includes('shipping-schedule-request')).toBe(end === 'PAID');
    expect(names.includes('inventory-release-request')).toBe(end === 'FAILED');
    ends.add(end);
  }
  expect([...ends].every(end => ['PAID', 'FAILED'].includes(end))).toBe(true);
});

test('F12, control: without the lock both decide on the same status, and only the history’s key stops the second', async () => {
  const failures = [];
  // The trigger would check the newest status and so replace the lock.
  await world.sql('alter table orders disable trigger orders_transitions');
  for (let i = 0; i < 10; i++) failures.push(...(await raceClosingWithPayment(false)).failures);
  await world.sql('alter table orders enable trigger orders_transitions');
  expect(failures.length).toBeGreaterThan(0);
  for (const { reason } of failures) expect(isUniqueViolation(reason, 'order_transitions_pkey')).toBe(true);
});

/** A small pseudorandom generator with repeatable results (mulberry32). */
function chance(seed: number) {
  let state = seed;
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
  return {
    happens: (probability: number) => next() < probability,
    shuffle: <T>(items: T[]) =>
      items
        .map(item => ({ item, key: next() }))
        .sort((a, b) => a.key - b.key)
        .map(({ item }) => item),
  };
}

/** Delivers all kinds of messages about an order: shuffled, some of them repeated, four at a time. */
async function liveThrough(seed: number) {
  const { happens, shuffle } = chance(seed);
  const orderId = await placeOne();
  const captured = [v7(), v7()].slice(0, happens(0.3) ? 2 : 1);
  const deliveries: ((ctx: OrdersContext) => Promise<unknown>)[] = [
    ctx => applyReservation(ctx, { orderId, reserved: true, reason: null, unavailableProductIds: [] }),
    ...captured.map(id => (ctx: OrdersContext) => applyPayment(ctx, payment(orderId, id))),
    ctx => applyShipping(ctx, shipping(orderId)),
    ctx => applyNotification(ctx, notification(orderId)),
  ];
  if (happens(0.3)) deliveries.push(ctx => cancelOrder({ ...ctx, viewer: buyer }, { orderId }));
  if (happens(0.4)) {
    // The answer follows the request; without a request, it answers another end of the order.
    deliveries.push(ctx => expireOrder(ctx, orderId));
    deliveries.push(ctx => applyClosing(ctx, { orderId }));
  }
  if (happens(0.2)) deliveries.push(ctx => applyRefund(ctx, { orderId, refunded: false, reason: null }));
  if (happens(0.2))
    deliveries.push(ctx => applyPayment(ctx, { ...payment(orderId), outcome: 'FAILED', reason: 'refused' }));
  if (happens(0.2)) deliveries.push(ctx => applyShipping(ctx, { ...shipping(orderId), scheduled: false }));
  const overdue = happens(0.5);
  if (overdue)
    deliveries.push(async ({ em }) => {
      await em.execute(`update orders set expires_at = now() - interval '1 s' where id = '${orderId}'`);
    });
  let waiting = shuffle([...deliveries, ...deliveries.filter(() => happens(0.4))]);
  for (let round = 0; waiting.length > 0 && round < 8; round++) {
    // A message that is too early causes an error and is delivered again, as the queue does.
    const early: typeof waiting = [];
    const deliverSome = async () => {
      for (let next = waiting.shift(); next; next = waiting.shift()) {
        const delivery = next;
        await direct.handle(delivery).catch(error => {
          if (!/too early/.test(error.message)) throw error;
          early.push(delivery);
        });
      }
    };
    await Promise.all([deliverSome(), deliverSome(), deliverSome(), deliverSome()]);
    waiting = shuffle(early);
  }
  return { orderId, captured };
}

test('I2, I4: whatever the order messages come in, history follows the graph, and money is spent once or goes back', async () => {
  const ends = new Map<string, number>();
  for (let seed = 1; seed <= 25; seed++) {
    const { orderId, captured } = await liveThrough(seed);
    const history = await checkHistory(orderId);
    const end = history.at(-1)!;
    ends.set(end, (ends.get(end) ?? 0) + 1);
    const [row] = await world.sql('select payment_id from orders where id = $1', [orderId]);
    const refunds = new Set(await refundsOf(orderId));
    const kept = captured.filter(id => !refunds.has(id) && !(refunds.has(null) && id === row!.payment_id));
    const fulfilled = end === 'COMPLETED';
    expect({ seed, end, kept: kept.length }).toEqual({ seed, end, kept: fulfilled ? 1 : 0 });
  }
  // The orders ended in every possible way.
  expect([...ends.keys()].sort()).toEqual(['CANCELED', 'COMPLETED', 'FAILED']);
});

test('I13: an order that waits too long asks again, less and less often, once for all replicas', async () => {
  const created = await placeOne();
  const paid = await placeOne();
  await reserve(paid);
  await direct.handle(ctx => applyPayment(ctx, payment(paid)));
  const overdue = await placeOne();
  await reserve(overdue);
  const sweep = async () => {
    const sweeps = await Promise.all([1, 2, 3, 4].map(() => resumeOrders(direct.fork())));
    return sweeps.reduce((sum, resumed) => sum + resumed);
  };
  const wait = (seconds: number) =>
    world.sql(
      `update orders set status_at = status_at - make_interval(secs => $1),
        last_step_at = last_step_at - make_interval(secs => $1), expires_at = expires_at - make_interval(secs => $1)
        where id = any($2)`,
      [seconds, [created, paid, overdue]],
    );
  const count = async (id: string, name: string) =>
    (await messagesOf(world, id)).filter(message => message.name === name).length;
  await wait(50);
  expect(await sweep()).toBe(0);
  await wait(20);
  // The reserved order waits for its buyer until its hold is over.
  expect(await sweep()).toBe(2);
  expect(await sweep()).toBe(0);
  expect(await count(created, 'inventory-reserve-request')).toBe(2);
  expect(await count(paid, 'shipping-schedule-request')).toBe(2);
  await wait(75);
  expect(await sweep()).toBe(2);
  await wait(75);
  expect(await sweep()).toBe(0);
  await wait(900);
  expect(await sweep()).toBe(3);
  expect(await count(overdue, 'orders/expire-order')).toBe(2);
  // Its expiry asks payments, and asks again: the time for which it waited for its buyer does not count.
  await expireOrder(direct.context(), overdue);
  const asked = () => count(overdue, 'payment-cancel-request');
  const waitForPayments = async (seconds: number) => {
    await world.sql(
      `update orders set closing_since = closing_since - make_interval(secs => $1),
        last_step_at = last_step_at - make_interval(secs => $1) where id = $2`,
      [seconds, overdue],
    );
    await sweep();
  };
  expect(await asked()).toBe(1);
  await waitForPayments(50);
  expect(await asked()).toBe(1);
  await waitForPayments(20);
  expect(await asked()).toBe(2);
  await waitForPayments(60);
  expect(await asked()).toBe(2);
  await waitForPayments(30);
  expect(await asked()).toBe(3);
  expect(await count(overdue, 'orders/expire-order')).toBe(2);
});
