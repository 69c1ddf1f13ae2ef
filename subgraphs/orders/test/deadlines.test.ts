import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { v7 } from 'uuid';
import { query, sql } from '#shared/data/database.ts';
import { DEADLINE_HEADER, readDeadline, withDeadline } from '#shared/kernel/deadline.ts';
import { mintPassport, PASSPORT_HEADER } from '#shared/kernel/passport.ts';
import { DEVELOPMENT_INTERNAL_SECRET } from '#shared/kernel/settings.ts';
import { eventually, type GraphQLAnswer, viewerWith } from '#shared/test/world.ts';
import { openDomain, PLACE, startWorld, type World } from './world.ts';

let world: World;
let productId: string;
const buyer = viewerWith('CUSTOMER');

beforeAll(async () => {
  world = await startWorld({ SUBGRAPH_CONCURRENCY: '1' });
  productId = world.tickets.add({ available: 10_000 }).id;
});
beforeEach(() => {
  world.tickets.questions = 0;
  world.tickets.deadlines.length = 0;
});
afterAll(() => world?.stop());

interface Asking {
  deadline?: string | number;
  signal?: AbortSignal;
}

/** Places an order, which sends one request to the tickets subgraph when it is executed. */
async function place({ deadline, signal }: Asking = {}): Promise<GraphQLAnswer> {
  const response = await fetch(`${world.url}/graphql`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      [PASSPORT_HEADER]: await mintPassport(buyer, DEVELOPMENT_INTERNAL_SECRET),
      ...(deadline !== undefined && { [DEADLINE_HEADER]: String(deadline) }),
    },
    body: JSON.stringify({
      query: PLACE,
      variables: { input: { idempotencyKey: v7(), lines: [{ productId, quantity: 1 }] } },
    }),
    ...(signal && { signal }),
  });
  return (await response.json()) as GraphQLAnswer;
}

/** Occupies the only place with an order that is not answered before the returned function is called. */
async function takePlace() {
  let release = () => {};
  world.tickets.meanwhile = () =>
    new Promise(resolve => {
      release = resolve;
    });
  const order = place();
  await eventually(() => world.tickets.questions === 1);
  return () => {
    release();
    return order;
  };
}
const metric = async (name: string) => {
  const text = await (await fetch(`${world.url}/metrics`)).text();
  return Number(new RegExp(`${name}\\{.*\\} (\\d+)`).exec(text)![1]);
};
const TOO_LATE = [expect.objectContaining({ extensions: { code: 'UNAVAILABLE', retryAfter: 1 } })];
const isPlaced = ({ data }: GraphQLAnswer) => data?.placeOrder.__typename === 'Order';

test('what arrives past its deadline is not executed', async () => {
  expect((await place({ deadline: Date.now() - 1 })).errors).toEqual(TOO_LATE);
  expect(world.tickets.questions).toBe(0);
});

test('a deadline that is nonsense is none', async () => {
  for (const deadline of ['soon', '-1', '1e3', '', Date.now() + 10 ** 9])
    expect(isPlaced(await place({ deadline }))).toBe(true);
  expect(readDeadline(['1', '2'])).toBeUndefined();
});

test('what waits is executed in its turn', async () => {
  const release = await takePlace();
  const waiting = [place(), place()];
  await eventually(async () => (await metric('guichet_requests_waiting')) === 2);
  expect(world.tickets.questions).toBe(1);
  expect([await release(), ...(await Promise.all(waiting))].map(isPlaced)).toEqual([true, true, true]);
  expect(await metric('guichet_requests_executing')).toBe(0);
});

test('whoever has left while waiting is not served', async () => {
  const release = await takePlace();
  const leaving = new AbortController();
  const left = place({ signal: leaving.signal });
  await eventually(async () => (await metric('guichet_requests_waiting')) === 1);
  leaving.abort();
  await expect(left).rejects.toThrow();
  await eventually(async () => (await metric('guichet_requests_waiting')) === 0);
  await release();
  expect(isPlaced(await place())).toBe(true);
  expect(world.tickets.questions).toBe(2);
});

test('whoever waits too long for the rest to be done in time is refused, and not executed later', async () => {
  const before = await metric('guichet_requests_refused_total');
  const release = await takePlace();
  expect((await place({ deadline: Date.now() + 500 })).errors).toEqual(TOO_LATE);
  await release();
  expect(isPlaced(await place())).toBe(true);
  expect(world.tickets.questions).toBe(2);
  expect(await metric('guichet_requests_refused_total')).toBe(before + 1);
});

test('a subgraph passes on what is left of the deadline, and less than it would take by itself', async () => {
  const deadline = Date.now() + 2_500;
  expect(isPlaced(await place({ deadline }))).toBe(true);
  expect(isPlaced(await place({ deadline: Date.now() + 60_000 }))).toBe(true);
  expect(isPlaced(await place())).toBe(true);
  const [left, ...own] = world.tickets.deadlines.map(Number);
  expect(left).toBeLessThanOrEqual(deadline);
  for (const each of own) expect(each).toBeLessThanOrEqual(Date.now() + 3_000);
});

test('no statement of a reading request begins past its deadline; messages and jobs have none', async () => {
  const direct = await openDomain(world);
  try {
    const read = () => query(direct.fork(), sql`select 1 as one`);
    expect(await read()).toEqual([{ one: 1 }]);
    expect(await withDeadline(Date.now() + 60_000, read)).toEqual([{ one: 1 }]);
    await expect(withDeadline(Date.now() - 1, read)).rejects.toMatchObject({
      extensions: { code: 'UNAVAILABLE' },
    });
  } finally {
    await direct.close();
  }
});
