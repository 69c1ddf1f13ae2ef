import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { GraphQLError } from 'graphql';
import { follow, told } from '../test/live.ts';
import { ADA, type Stack, shiftClock, startStack, until } from '../test/stack.ts';

let stack: Stack;
let token: string;
beforeEach(async () => {
  stack = await startStack();
  token = await stack.signToken();
  stack.shop.orders.set('o1', { id: 'o1', status: 'RESERVED', owner: 'ada' });
  stack.shop.payments.set('o1', [{ id: 'p1', status: 'PROCESSING' }]);
});
afterEach(() => stack.stop());

const PURCHASE =
  'subscription ($id: ID!) { orderUpdated(orderId: $id) { state: status payments { status } } }';

function pay(status: string, payment = status) {
  stack.shop.orders.get('o1')!.status = status;
  stack.shop.payments.set('o1', [{ id: 'p1', status: payment }]);
  stack.shop.changed('o1');
}

test('each event of one subgraph is joined with what another knows, renamed and shaped as asked', async () => {
  const live = follow(stack.connect(token), PURCHASE, { id: 'o1' });
  await told(live, 1);
  pay('PAID', 'SUCCEEDED');
  await told(live, 2);
  expect(live.results).toEqual([
    { data: { orderUpdated: { state: 'RESERVED', payments: [{ status: 'PROCESSING' }] } } },
    { data: { orderUpdated: { state: 'PAID', payments: [{ status: 'SUCCEEDED' }] } } },
  ]);
});

test('results keep the order of their events, and none is lost, however fast they come', async () => {
  const live = follow(stack.connect(token), PURCHASE, { id: 'o1' });
  await told(live, 1);
  for (let i = 0; i < 60; i++) pay(`S${i}`);
  await told(live, 61);
  const states = live.results
    .slice(1)
    .map(({ data }) => (data as never as { orderUpdated: { state: string } }).orderUpdated.state);
  expect(states[59]).toBe('S59');
  expect([...states].sort((a, b) => Number(a.slice(1)) - Number(b.slice(1)))).toEqual(states);
});

test('a change that only shows in the joined part is told', async () => {
  const live = follow(stack.connect(token), PURCHASE, { id: 'o1' });
  await told(live, 1);
  pay('RESERVED', 'FAILED');
  await told(live, 2);
  expect(live.results[1]).toEqual({
    data: { orderUpdated: { state: 'RESERVED', payments: [{ status: 'FAILED' }] } },
  });
});

test('different subscriptions of one viewer share a socket to the subgraph, and its end closes it', async () => {
  const client = stack.connect(token);
  const first = follow(client, PURCHASE, { id: 'o1' });
  const second = follow(client, 'subscription { orderUpdated(orderId: "o1") { status } }');
  await told(first, 1);
  await told(second, 1);
  expect([stack.orders.sockets(), stack.shop.watchers('o1')]).toEqual([1, 2]);
  first.stop();
  await until('one watcher', () => stack.shop.watchers('o1') === 1);
  second.stop();
  await until(
    'no watcher and no socket',
    () => stack.shop.watchers('o1') === 0 && stack.orders.sockets() === 0,
  );
});

test('a client that vanishes takes its upstream with it', async () => {
  const client = stack.connect(token);
  await told(follow(client, PURCHASE, { id: 'o1' }), 1);
  client.terminate();
  await until(
    'no watcher and no socket',
    () => stack.shop.watchers('o1') === 0 && stack.orders.sockets() === 0,
  );
});

test('a restarted subgraph is subscribed again with a new passport; the client notices nothing but the news', async () => {
  const live = follow(stack.connect(token), PURCHASE, { id: 'o1' });
  await told(live, 1);
  const restore = shiftClock(120_000);
  await stack.orders.kill();
  await stack.orders.start();
  await until('the current state was told again and joined', () => stack.payments.requests.length === 2);
  restore();
  expect(stack.orders.inits[1]!.passport).not.toBe(stack.orders.inits[0]!.passport);
  pay('PAID', 'SUCCEEDED');
  await told(live, 2);
  // The current state was told again after the restart, and was no news.
  expect(live.results).toEqual([
    { data: { orderUpdated: { state: 'RESERVED', payments: [{ status: 'PROCESSING' }] } } },
    { data: { orderUpdated: { state: 'PAID', payments: [{ status: 'SUCCEEDED' }] } } },
  ]);
  expect([live.errors, live.completed]).toEqual([undefined, false]);
});

test('what changed while a subgraph was away is told when it is back', async () => {
  const live = follow(stack.connect(token), PURCHASE, { id: 'o1' });
  await told(live, 1);
  await stack.orders.kill();
  pay('PAID', 'SUCCEEDED');
  await stack.orders.start();
  await told(live, 2);
  expect(live.results[1]!.data).toEqual({
    orderUpdated: { state: 'PAID', payments: [{ status: 'SUCCEEDED' }] },
  });
});

test('a subgraph that comes back ailing is asked again until it is well', async () => {
  const live = follow(stack.connect(token), PURCHASE, { id: 'o1' });
  await told(live, 1);
  await stack.orders.kill();
  let failures = 0;
  const ail = () => {
    if (++failures <= 4) throw new Error('database is starting up');
  };
  // Both ways for a subgraph to fail: instead of events, and while it makes one.
  stack.shop.beforeSubscribe = () => {
    if (failures < 2) ail();
  };
  stack.shop.beforeEvent = ail;
  pay('PAID');
  await stack.orders.start();
  await told(live, 2);
  expect(failures).toBeGreaterThan(4);
  expect(live.results[1]).toEqual({
    data: { orderUpdated: { state: 'PAID', payments: [{ status: 'PAID' }] } },
  });
});

test('F7: while a joined subgraph is away, events come with a coded error in its place', async () => {
  const live = follow(stack.connect(token), PURCHASE, { id: 'o1' });
  await told(live, 1);
  await stack.payments.kill();
  pay('PAID');
  await told(live, 2);
  await stack.payments.start();
  expect(live.results[1]).toEqual({
    data: { orderUpdated: { state: 'PAID', payments: null } },
    errors: [
      {
        message: expect.any(String),
        path: ['orderUpdated'],
        extensions: { code: 'UNAVAILABLE', retryAfter: 2 },
      },
    ],
  });
});

test('a subgraph that is never reached is UNAVAILABLE after the time-out, without its address', async () => {
  await stack.orders.kill();
  const live = follow(stack.connect(token), PURCHASE, { id: 'o1' });
  await told(live, 1);
  await stack.orders.start();
  expect(live.results[0]!.errors).toEqual([
    { message: expect.any(String), extensions: { code: 'UNAVAILABLE', retryAfter: 2 } },
  ]);
  expect(JSON.stringify(live.results)).not.toMatch(/ECONN|127\.0\.0\.1/);
  await until('completed', () => live.completed);
});

test('A20: a stranger’s order, a missing order and no token are coded errors in the result', async () => {
  const stranger = await stack.signToken({ viewer: { ...ADA, id: 'eve' } });
  const asked = [
    follow(stack.connect(stranger), PURCHASE, { id: 'o1' }),
    follow(stack.connect(token), PURCHASE, { id: 'missing' }),
    follow(stack.connect(), PURCHASE, { id: 'o1' }),
  ];
  for (const live of asked) await until('completed', () => live.completed);
  const errors = asked.map(({ results }) => results[0]!.errors);
  expect(errors[0]).toEqual(errors[1]);
  expect(errors.map(e => e?.[0]?.extensions?.code)).toEqual(['NOT_FOUND', 'NOT_FOUND', 'UNAUTHENTICATED']);
});

test('A15: what a live resolver throws is masked', async () => {
  stack.shop.beforeEvent = () => {
    throw new Error('password of postgres://db');
  };
  const live = follow(stack.connect(token, { 'X-Correlation-Id': 'live-1' }), PURCHASE, { id: 'o1' });
  await told(live, 1);
  expect(live.results[0]!.errors).toEqual([
    {
      message: expect.stringContaining('Something went wrong'),
      extensions: { code: 'INTERNAL_SERVER_ERROR', correlationId: 'live-1' },
    },
  ]);
});

test('A15: a fault between gateway and subgraph is not told in the subgraph’s words', async () => {
  stack.shop.beforeSubscribe = () => {
    throw new GraphQLError('refused by 10.0.0.1', { extensions: { code: 'BAD_REQUEST' } });
  };
  const live = follow(stack.connect(token), PURCHASE, { id: 'o1' });
  await told(live, 1);
  expect(live.results[0]!.errors?.[0]?.extensions?.code).toBe('INTERNAL_SERVER_ERROR');
  expect(JSON.stringify(live.results)).not.toMatch(/10\.0\.0\.1/);
});

test('a public subscription needs no token and ends when the subgraph has told all', async () => {
  const live = follow(
    stack.connect(),
    'subscription { availabilityChanged(eventId: "e1") { id available } }',
  );
  await until('completed', () => live.completed);
  expect(live.results).toEqual([{ data: { availabilityChanged: [{ id: 'e1', available: 3 }] } }]);
});

test('a wrong variable is BAD_USER_INPUT, an unknown field a refusal', async () => {
  const client = stack.connect(token);
  const wrong = follow(client, PURCHASE, { id: {} });
  await until('completed', () => wrong.completed);
  expect(wrong.results[0]!.errors?.[0]?.extensions?.code).toBe('BAD_USER_INPUT');
  const unknown = follow(client, 'subscription { orderUpdated(orderId: "o1") { nope } }');
  await until('refused', () => unknown.errors);
  expect(unknown.errors).toEqual([
    expect.objectContaining({ extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } }),
  ]);
});

test('queries and mutations run over the same socket, through the same pipeline', async () => {
  const client = stack.connect(token);
  const answers = [
    follow(client, '{ me { id } orders { status } }'),
    follow(client, 'mutation { rename(displayName: "Augusta") { displayName } }'),
    follow(client, '{ uncoded }'),
  ];
  for (const live of answers) await until('completed', () => live.completed);
  expect(answers[0]!.results).toEqual([{ data: { me: { id: 'ada' }, orders: [{ status: 'RESERVED' }] } }]);
  expect(answers[1]!.results).toEqual([{ data: { rename: { displayName: 'Augusta' } } }]);
  expect(answers[2]!.results[0]!.errors?.[0]?.extensions?.code).toBe('INTERNAL_SERVER_ERROR');
  expect(JSON.stringify(answers[2]!.results)).not.toMatch(/secret_table/);
});
