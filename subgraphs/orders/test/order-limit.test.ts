import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { v7 } from 'uuid';
import type { EntityManager } from '#shared/data/database.ts';
import { eventually, viewerWith } from '#shared/test/world.ts';
import { createOrderLimit } from '../place/order-limit.ts';
import { startWorld, type World } from './world.ts';

let world: World;
let productId: string;
const buyer = viewerWith('CUSTOMER');
beforeAll(async () => {
  // No other subgraph answers, so the saga makes only the steps that the tests make.
  world = await startWorld({ SAGA_TARGET: '1000' });
  productId = world.tickets.add({ available: 10_000 }).id;
});
afterAll(() => world?.stop());

type Placed = { id?: string; errors?: { extensions: { code: string; retryAfter?: number } }[] };
const place = (idempotencyKey: string = v7()): Promise<Placed> =>
  world.place(buyer, { idempotencyKey, lines: [{ productId, quantity: 1 }] });

/** Places orders until one is refused. Returns their keys and ids, and the refusal. */
async function fill() {
  const placed: { key: string; id: string }[] = [];
  for (;;) {
    const key = v7();
    const { id, errors } = await place(key);
    if (errors) return { placed, refusal: errors[0]!.extensions };
    placed.push({ key, id: id! });
    if (placed.length > 100) throw new Error('Nothing is refused.');
  }
}
const isAdmitted = async () => !(await place()).errors;
/** Bypasses the trigger that checks transitions: the orders get a state that the saga would reach step by step. */
const change = (set: string) =>
  world.sql(`begin; set local session_replication_role = replica; update orders set ${set}; commit`);

test('while the saga is behind an order is refused for the moment, unless it has been placed before', async () => {
  const { placed, refusal } = await fill();
  expect(placed.length).toBeGreaterThanOrEqual(16);
  expect(refusal).toMatchObject({ code: 'UNAVAILABLE', retryAfter: expect.any(Number) });
  expect(refusal.retryAfter).toBeGreaterThanOrEqual(1);
  // A client that lost the answer is not refused.
  expect((await place(placed[0]!.key)).id).toBe(placed[0]!.id);
});

test('orders are admitted again when the saga has caught up, and when it is the buyers who keep it waiting', async () => {
  await change(`status = 'COMPLETED'`);
  await eventually(isAdmitted);
  await fill();
  await change(`status = 'RESERVED'`);
  // Until the payment is known the orders do not wait for their buyers; soon after that, the next steps are expected.
  expect(await isAdmitted()).toBe(false);
  await world.sql(
    `insert into order_payments select gen_random_uuid(), id, 'REQUIRES_PAYMENT_METHOD', now() from orders`,
  );
  expect(await isAdmitted()).toBe(false);
  await world.sql(`update order_payments set at = now() - interval '20 s'`);
  await eventually(isAdmitted);
});

test('orders that are stuck keep nobody else waiting', async () => {
  await fill();
  await change(`status_at = now() - interval '1 min'`);
  await eventually(isAdmitted);
});

/** A limit whose load and clock the test sets. */
function open() {
  const state = { now: 0, orders: 0, waited: 0, samples: 0 };
  const measure = async () => {
    state.samples++;
    return { orders: state.orders, waited: state.waited };
  };
  const limit = createOrderLimit(1_000, measure, () => state.now);
  const enter = () => limit.enter({} as EntityManager);
  return {
    state,
    enter,
    /** Enters until it is refused. Returns how often it succeeded. All entries end, and 1.1 s pass. */
    async fill() {
      const entered: (() => void)[] = [];
      let retryAfter = 0;
      while (retryAfter === 0) {
        await enter().then(
          leave => entered.push(leave),
          error => {
            retryAfter = error.extensions.retryAfter;
          },
        );
      }
      for (const leave of entered) leave();
      state.now += 1_100;
      return { count: entered.length, retryAfter };
    },
  };
}

test('the limit grows while steps are quick and it is reached, and shrinks while they are slow', async () => {
  const { state, fill } = open();
  const first = (await fill()).count;
  const grown = [(await fill()).count, (await fill()).count];
  expect(grown[0]).toBeGreaterThan(first);
  expect(grown[1]).toBeGreaterThan(grown[0]!);
  for (let i = 0; i < 20; i++) await fill();
  state.waited = 2_000;
  const before = (await fill()).count;
  expect((await fill()).count).toBeLessThan(before);
  for (let i = 0; i < 20; i++) await fill();
  expect((await fill()).count).toBe(first);
});

test('the load is sampled once for all who come within a moment, and those who come between samples count', async () => {
  const { state, enter } = open();
  state.orders = 10;
  const entered = await Promise.allSettled(Array.from({ length: 200 }, enter));
  expect(state.samples).toBe(1);
  expect(entered.filter(({ status }) => status === 'fulfilled')).toHaveLength(8);
});

test('the more buyers there are for each place, the later they are asked to come back', async () => {
  const { state, enter } = open();
  state.orders = 1_000;
  const refuse = async () => {
    const refused = await Promise.allSettled(Array.from({ length: 200 }, enter));
    state.now += 60_000;
    const seconds = refused.map(each => (each as PromiseRejectedResult).reason.extensions.retryAfter);
    return seconds.reduce((sum, each) => sum + each, 0) / seconds.length;
  };
  const [first] = [await refuse(), await refuse(), await refuse()];
  expect(await refuse()).toBeGreaterThan(2 * first!);
  state.orders = 0;
  for (let i = 0; i < 3; i++) {
    await enter();
    state.now += 60_000;
  }
  state.orders = 1_000;
  expect(await refuse()).toBeLessThan(1.5 * first!);
});
