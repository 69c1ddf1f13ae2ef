import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { DEADLINE_HEADER } from '#shared/kernel/deadline.ts';
import { createLog } from '#shared/kernel/log.ts';
import { DEVELOPMENT_INTERNAL_SECRET } from '#shared/kernel/settings.ts';
import { ClientSignal } from '../http/client-signal.ts';
import { createViewers, type Identity } from '../identity/viewer.ts';
import { type Stack, send, startStack, until } from '../test/stack.ts';
import { SubgraphClient } from './client.ts';
import { createFetchContext, type FetchContext } from './fetch-context.ts';

let stack: Stack;
let orders: SubgraphClient;
let users: SubgraphClient;
beforeAll(async () => {
  stack = await startStack({
    BREAKER_FAILURES: '3',
    BREAKER_PAUSE: '600000',
    SUBGRAPH_RESPONSE_LIMIT: '2000',
  });
  stack.shop.orders.set('o1', { id: 'o1', status: 'RESERVED', owner: 'ada' });
  orders = open('orders', stack.orders.url);
  users = open('users', stack.users.url);
});
afterAll(async () => {
  await Promise.all([orders.close(), users.close(), stack.stop()]);
});

const log = createLog('test', 'silent');
const breaker = { failures: 10, pause: 1_000 };
const open = (name: string, url: string) =>
  new SubgraphClient(
    { name, endpoint: `${url}/graphql`, timeout: 2_000, responseLimit: 20_000, breaker },
    log,
  );
const viewers = createViewers('http://127.0.0.1:1', DEVELOPMENT_INTERNAL_SECRET, log);
const context = ({ signal, deadline }: { signal?: ClientSignal; deadline?: number } = {}): FetchContext => ({
  ...createFetchContext({
    identity: viewers.identify(undefined) as Identity,
    correlationId: 'c1',
    ...(signal && { signal }),
  }),
  deadline,
});
const code = ({ errors }: { errors?: readonly { extensions?: object }[] }) => errors?.map(e => e.extensions);

test('equal queries of one operation under way are sent once, and each caller may do with the data as it likes', async () => {
  stack.orders.requests.length = 0;
  const asking = context();
  const ask = (id: string) =>
    orders.fetch({ query: 'query($id: ID!) { order(id: $id) { status } }', variables: { id } }, asking);
  const [first, second, other] = await Promise.all([ask('o1'), ask('o1'), ask('nobody')]);
  expect([first, second]).toEqual(Array(2).fill({ data: { order: { status: 'RESERVED' } } }));
  expect(first!.data!.order).not.toBe(second!.data!.order);
  expect(code(other!)).toEqual([{ code: 'NOT_FOUND' }]);
  expect(stack.orders.requests.length).toBe(2);
  // What is asked later, e.g. for the next live event, wants to know what is so then; nor do operations share.
  await ask('o1');
  await orders.fetch(
    { query: 'query($id: ID!) { order(id: $id) { status } }', variables: { id: 'o1' } },
    context(),
  );
  expect(stack.orders.requests.length).toBe(4);
});

test('a mutation is sent as often as it is asked for', async () => {
  stack.users.requests.length = 0;
  const asking = context();
  const rename = () => users.fetch({ query: 'mutation { rename(displayName: "x") { id } }' }, asking);
  await Promise.all([rename(), rename()]);
  expect(stack.users.requests.length).toBe(2);
});

test('a query is given up when its client leaves, a mutation that has begun is not', async () => {
  const signal = new ClientSignal();
  const asking = context({ signal });
  const query = orders.fetch({ query: '{ orders { id } }' }, asking);
  const mutation = users.fetch({ query: 'mutation { rename(displayName: "x") { id } }' }, asking);
  signal.abort();
  expect(await query).toMatchObject({ data: null, unanswered: true });
  expect(await mutation).toEqual({ data: { rename: null } });
  stack.orders.requests.length = 0;
  expect(await orders.fetch({ query: '{ orders { status } }' }, asking)).toMatchObject({ unanswered: true });
  expect(stack.orders.requests.length).toBe(0);
});

test('all fetches of an operation share one deadline, and after it nothing is sent any more', async () => {
  stack.orders.requests.length = 0;
  stack.users.requests.length = 0;
  const asking = context();
  const before = Date.now();
  await orders.fetch({ query: '{ orders { id } }' }, asking);
  await users.fetch({ query: 'mutation { rename(displayName: "x") { id } }' }, asking);
  const told = [...stack.orders.requests, ...stack.users.requests].map(({ headers }) =>
    Number(headers[DEADLINE_HEADER]),
  );
  expect(told).toEqual([asking.deadline, asking.deadline]);
  expect(told[0]).toBeGreaterThanOrEqual(before + 2_000);

  stack.orders.fault = 'hang';
  const shortened = context({ deadline: Date.now() + 100 });
  expect(await orders.fetch({ query: '{ orders { id } }' }, shortened)).toMatchObject({ unanswered: true });
  stack.orders.fault = 'none';
  expect(Date.now()).toBeGreaterThanOrEqual(shortened.deadline!);
  stack.orders.requests.length = 0;
  expect(code(await orders.fetch({ query: '{ orders { id } }' }, shortened))).toMatchObject([
    { code: 'UNAVAILABLE' },
  ]);
  expect(stack.orders.requests.length).toBe(0);
});

test('a time-out does not count against a subgraph that was given little time', async () => {
  const strict = new SubgraphClient(
    {
      name: 'orders',
      endpoint: `${stack.orders.url}/graphql`,
      timeout: 60_000,
      responseLimit: 20_000,
      breaker: { failures: 1, pause: 600_000 },
    },
    log,
  );
  stack.orders.fault = 'hang';
  await strict.fetch({ query: '{ orders { id } }' }, context({ deadline: Date.now() + 50 }));
  stack.orders.fault = 'none';
  expect(strict.breaker.state).toBe('closed');
  await strict.close();
});

test('when an HTTP client leaves, the subgraph is told', async () => {
  stack.payments.fault = 'hang';
  const leaving = new AbortController();
  const answer = fetch(`${stack.gateway.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"query":"{ paymentCount }"}',
    signal: leaving.signal,
  });
  await until('it is asked', () => stack.payments.hanging > 0);
  const began = performance.now();
  leaving.abort();
  await expect(answer).rejects.toThrow();
  await until('it is told', () => stack.payments.abandoned > 0);
  // Sooner than the time-out would have been.
  expect(performance.now() - began).toBeLessThan(400);
  stack.payments.fault = 'none';
});

test('an answer over the limit is given up, without a word about its size', async () => {
  for (let i = 0; i < 100; i++) stack.shop.orders.set(`x${i}`, { id: `x${i}`, status: 'PAID', owner: 'ada' });
  const { body, text } = await stack.ask('{ orders { id status } }');
  expect([body.data?.orders ?? null, body.errors?.[0]?.extensions.code]).toEqual([null, 'UNAVAILABLE']);
  expect(text).not.toMatch(/2000|bytes|127\.0\.0\.1/);
  expect((await stack.ask('{ order(id: "o1") { status } }')).body.data).toEqual({
    order: { status: 'RESERVED' },
  });
});

test('F7: a subgraph that fails again and again is left alone until it says that it is ready', async () => {
  const ask = async () => (await stack.ask('{ paymentCount }')).body.errors?.[0]?.extensions.code;
  const metric = async () =>
    /subgraph_breaker\{.*payments.*\} (\d)/.exec((await send(stack.gateway, '/metrics')).text)?.[1];
  expect(await ask()).toBeUndefined();
  expect(await metric()).toBe('0');
  stack.payments.fault = 'hang';
  for (let i = 0; i < 3; i++) expect(await ask()).toBe('UNAVAILABLE');
  const hanging = stack.payments.hanging;
  expect(await ask()).toBe('UNAVAILABLE');
  expect(stack.payments.hanging).toBe(hanging);
  expect(await metric()).toBe('2');
  stack.payments.fault = 'none';
  await until('ready', async () => (await send(stack.gateway, '/ready')).status === 200);
  await until('closed', async () => (await ask()) === undefined);
  expect(await metric()).toBe('0');
});
