import { afterEach, expect, test } from '@jest/globals';
import { unavailable } from '#shared/kernel/errors.ts';
import { type Answer, type Stack, send, startStack, until } from '../../test/stack.ts';

const stacks: Stack[] = [];
async function start(env: Record<string, string> = {}) {
  const stack = await startStack({
    SUBGRAPH_TIMEOUT: '240000',
    // Nobody is long past this: no place is taken away.
    LATENCY_TARGET: '600000',
    GATEWAY_CONCURRENCY: '8',
    GATEWAY_CONCURRENCY_MIN: '8',
    ...env,
  });
  stacks.push(stack);
  return stack;
}
afterEach(async () => {
  for (const stack of stacks.splice(0)) await stack.stop();
});

const QUERY = '{ paymentCount }';
const REFUSAL = { code: 'UNAVAILABLE', retryAfter: expect.any(Number) };

/** Lets no `paymentCount` be answered until the returned function is called. */
function holdBack(stack: Stack) {
  let open = () => {};
  const opened = new Promise<void>(resolve => {
    open = resolve;
  });
  stack.shop.beforeCount = () => opened;
  return () => {
    stack.shop.beforeCount = async () => {};
    open();
  };
}
const metric = async (stack: Stack, name: string) =>
  Number(new RegExp(`${name}\\{.*\\} (\\d+)`).exec((await send(stack.gateway, '/metrics')).text)![1]);

test.each([
  { lane: 'the fast lane', query: QUERY },
  { lane: 'the pipeline', query: `${QUERY} # for the first time` },
])(
  'more requests than can be served, through $lane: some are refused at once, all others are answered',
  async ({ query }) => {
    const stack = await start();
    const token = await stack.signToken();
    await stack.ask(QUERY, { token });
    await stack.ask(QUERY, { token });
    const release = holdBack(stack);
    const answers: Answer[] = [];
    const asking = Array.from({ length: 100 }, async () => answers.push(await stack.ask(query, { token })));
    // Eight are executed, four times as many wait, and for the rest there is no use in waiting.
    await until('the rest is refused', () => answers.length === 60, 20_000);
    for (const { status, headers, body } of answers) {
      expect([status, body.errors?.[0]?.extensions, body.data]).toEqual([503, REFUSAL, undefined]);
      expect(headers.get('retry-after')).toBe(String(body.errors![0]!.extensions.retryAfter));
      expect(headers.get('x-correlation-id')).toBeTruthy();
    }
    expect(await metric(stack, 'guichet_operations_executing')).toBe(8);
    expect(await metric(stack, 'guichet_operations_waiting')).toBe(32);
    expect(await metric(stack, 'guichet_operations_refused_total')).toBe(60);
    release();
    await Promise.all(asking);
    for (const { status, body } of answers.slice(60))
      expect([status, body.data]).toEqual([200, { paymentCount: 0 }]);
    expect((await stack.ask(QUERY, { token })).status).toBe(200);
    expect(await metric(stack, 'guichet_operations_executing')).toBe(0);
  },
);

test('whoever waits too long is refused, and what is asked over WebSocket and event streams is limited as well', async () => {
  const stack = await start({ SUBGRAPH_TIMEOUT: '6000' });
  const token = await stack.signToken();
  stack.payments.fault = 'hang';
  const hanging = Array.from({ length: 8 }, () => stack.ask(QUERY, { token }));
  await until('all places are taken', () => stack.payments.hanging === 8, 20_000);
  const client = stack.connect(token);
  const overSocket = new Promise(resolve =>
    client.subscribe({ query: QUERY }, { next: resolve, error: resolve, complete: () => {} }),
  );
  const stream = send(stack.gateway, '/graphql/stream', {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify({ query: QUERY }),
  });
  const { status, body } = await stack.ask(QUERY, { token });
  expect([status, body.errors?.[0]?.extensions]).toEqual([503, REFUSAL]);
  expect(await overSocket).toEqual([expect.objectContaining({ extensions: REFUSAL })]);
  const streamed = await stream;
  expect([streamed.status, streamed.body.errors?.[0]?.extensions]).toEqual([503, REFUSAL]);
  expect(streamed.headers.get('retry-after')).toBeTruthy();
  expect(stack.payments.hanging).toBe(8);
  await Promise.all(hanging);
});

test('requests without a token leave places for those with one', async () => {
  const stack = await start();
  const token = await stack.signToken();
  const release = holdBack(stack);
  const others = Array.from({ length: 20 }, () => stack.ask(QUERY));
  await until('some wait', async () => (await metric(stack, 'guichet_operations_waiting')) > 0);
  expect((await stack.ask('{ me { id } }', { token })).body.data).toEqual({ me: { id: 'ada' } });
  release();
  for (const { status } of await Promise.all(others)) expect(status).toBe(200);
});

test.each(['the pipeline', 'the fast lane'])(
  'when a subgraph refuses work, told through %s, newcomers come last',
  async lane => {
    const stack = await start();
    if (lane === 'the fast lane') for (let i = 0; i < 2; i++) await stack.ask(QUERY);
    const register = () => stack.ask('mutation { register(email: "a") }');
    const statuses = async () =>
      (await Promise.all(Array.from({ length: 5 }, register))).map(({ status }) => status);
    expect(await statuses()).toEqual(Array(5).fill(200));
    stack.shop.beforeCount = async () => {
      throw unavailable('More is asked for than can be served.', 5);
    };
    expect((await stack.ask(QUERY)).body.errors?.[0]?.extensions).toEqual({
      code: 'UNAVAILABLE',
      retryAfter: 5,
    });
    expect(await statuses()).toContain(503);
    // Neither whoever only looks around nor whoever is signed in is meant.
    expect((await stack.ask('{ orders { id } }')).status).toBe(200);
    const rename = 'mutation { rename(displayName: "x") { id } }';
    expect((await stack.ask(rename, { token: await stack.signToken() })).status).toBe(200);
    await until('newcomers are welcome again', async () => !(await statuses()).includes(503), 20_000);
  },
);

test('F13: a subgraph that hangs does not take all places from what does without it', async () => {
  const stack = await start({ LATENCY_TARGET: '100' });
  const token = await stack.signToken();
  stack.payments.fault = 'hang';
  const hanging = Array.from({ length: 8 }, () => stack.ask(QUERY, { token }).catch(() => null));
  await until('all places are taken', () => stack.payments.hanging === 8, 20_000);
  const answered = async () => (await stack.ask('{ me { id } }', { token })).body.data?.me;
  expect(await until('others are answered', answered, 20_000)).toEqual({ id: 'ada' });
  await stack.payments.kill();
  await Promise.all(hanging);
});

test('without a limit nobody is refused', async () => {
  const stack = await start({ GATEWAY_CONCURRENCY: '0' });
  const release = holdBack(stack);
  const asking = Array.from({ length: 60 }, () => stack.ask(QUERY));
  await until('all are asked', () => stack.payments.requests.length >= 60, 20_000);
  release();
  for (const { status } of await Promise.all(asking)) expect(status).toBe(200);
});
