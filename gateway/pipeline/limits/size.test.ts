import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { getIntrospectionQuery } from 'graphql';
import { type Stack, send, startStack, until } from '../../test/stack.ts';

let stack: Stack;
beforeAll(async () => {
  // Cost has tests of its own.
  stack = await startStack({ MAX_COST: '0' });
  stack.shop.orders.set('o1', { id: 'o1', status: 'PAID', owner: 'ada' });
  stack.shop.payments.set('o1', [{ id: 'p1', status: 'SUCCEEDED' }]);
  // The first request pays for what is compiled lazily; an attack comes later.
  await stack.ask('{ orders { id } }');
});
afterAll(() => stack.stop());

const repeat = (count: number, text: (index: number) => string) =>
  Array.from({ length: count }, (_, i) => text(i)).join(' ');
const nested = (depth: number) => `${'{ related '.repeat(depth)}{ id }${' }'.repeat(depth)}`;

const FIELDS = 'status payments { status } customer { displayName }';

/** Fragments that each spread the next one twice, as many as the tokens allow: 2^80 fields. */
const DOUBLING = `{ orders { ...F0 } } ${repeat(80, i => `fragment F${i} on Order { ${i < 79 ? `...F${i + 1} ...F${i + 1}` : 'id'} }`)}`;

const CIRCLES = repeat(
  45,
  i => `fragment F${i} on Order { related { ${repeat(3, j => `...F${(i + j + 1) % 45}`)} } }`,
);

const attacks: Record<string, string> = {
  '200 aliases': `{ ${repeat(200, i => `a${i}: paymentCount`)} }`,
  '100 aliases of __typename': `{ ${repeat(100, i => `a${i}: __typename`)} }`,
  '2,000 duplicate __typename': `{ ${repeat(2_000, () => '__typename')} }`,
  'depth 40': `{ orders ${nested(40)} }`,
  'depth hidden in fragments': `{ orders { ...F0 } } ${repeat(20, i => `fragment F${i} on Order { related { ${i < 19 ? `...F${i + 1}` : 'id'} } }`)}`,
  'circular fragments':
    '{ orders { ...A } } fragment A on Order { related { ...B } } fragment B on Order { related { ...A } }',
  // Compared pair by pair, these are deeper than a stack.
  'fragments in many circles': `{ orders { ...F0 } } ${CIRCLES}`,
  'circles of fragments that nothing spreads': `{ paymentCount } ${CIRCLES}`,
  'aliases hidden in fragments': `{ ${repeat(8, () => `o: orders { ...A }`)} } fragment A on Order { ${repeat(5, i => `a${i}: id`)} }`,
  'cost hidden in fragments that spread twice': DOUBLING,
  'lists within lists': `{ odd(value: ${'['.repeat(40)}${']'.repeat(40)}) }`,
  'objects within lists': `query ($v: Odd = ${'[{v:'.repeat(20)}1${'}]'.repeat(20)}) { odd(value: $v) }`,
  'over 1,000 tokens': `{ ${repeat(1_001, () => 'paymentCount')} }`,
  'as much as a body holds': `{ ${repeat(7_500, () => 'paymentCount')} }`,
};

/** As expensive as the limits allow. */
const HONEST = `{ ${repeat(30, i => `a${i}: order(id: "o1") { ${FIELDS} }`)} }`;

let texts = 0;
/** A text that has not been seen before, so that nothing is known of it. */
const unseen = (query: string) => `${query} #${texts++}`;

/** How often the subgraphs have been asked. */
const asked = () =>
  [stack.users, stack.orders, stack.payments].reduce((sum, { requests }) => sum + requests.length, 0);

/**
 * That refusing takes less than answering what is let through. Whatever else keeps the machine busy slows both, and
 * what is slow by itself is slow each time.
 */
async function expectCheaper(refuse: () => Promise<void>) {
  const took = async (attempt: () => Promise<unknown>) => {
    const began = performance.now();
    await attempt();
    return performance.now() - began;
  };
  let [refusing, answering] = [Number.POSITIVE_INFINITY, 0];
  for (let i = 0; i < 20 && refusing >= answering; i++) {
    answering = Math.min(
      answering || Number.POSITIVE_INFINITY,
      await took(async () => expect((await stack.ask(unseen(HONEST))).status).toBe(200)),
    );
    refusing = Math.min(refusing, await took(refuse));
  }
  expect(refusing).toBeLessThan(answering);
}

test.each(Object.entries(attacks))(
  'A10: %s is answered 400, for less than an honest answer and without asking a subgraph',
  async (_name, query) => {
    const before = asked();
    const { status, body } = await stack.ask(query);
    expect([status, body.data]).toEqual([400, undefined]);
    expect(body.errors?.[0]?.extensions.code).toMatch(/^GRAPHQL_(VALIDATION|PARSE)_FAILED$/);
    expect(asked()).toBe(before);
    await expectCheaper(async () => expect((await stack.ask(unseen(query))).status).toBe(400));
  },
);

test('A10: the limits hold for operations over WebSocket and event streams, live ones included', async () => {
  const before = asked();
  const client = stack.connect(await stack.signToken());
  const refused = [
    expect.objectContaining({
      extensions: { code: expect.stringMatching(/^GRAPHQL_(VALIDATION|PARSE)_FAILED$/) },
    }),
  ];
  // A message over 64 kB closes the socket before it is read.
  const { 'as much as a body holds': _, ...sendable } = attacks;
  for (const query of Object.values(sendable)) {
    for (const text of [query, query.replace('{', 'subscription { orderUpdated(orderId: "o1") { id }')]) {
      const errors = await new Promise(resolve =>
        client.subscribe({ query: text }, { next: resolve, error: resolve, complete: () => {} }),
      );
      expect(errors).toEqual(expect.arrayContaining(refused));
      const stream = await send(stack.gateway, '/graphql/stream', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ query: text }),
      });
      expect(stream.text).toMatch(/^:\n\nevent: next\ndata: \{"errors":.*_FAILED/);
    }
  }
  expect(asked()).toBe(before);
  expect(stack.shop.watchers('o1')).toBe(0);
});

test('A10: while attacks of every kind keep coming, /health and an honest client wait for no more than those under way', async () => {
  const attackers = 8;
  let attacking = true;
  let refused = 0;
  const flooding = Array.from({ length: attackers }, async () => {
    while (attacking) {
      for (const query of Object.values(attacks)) {
        expect((await stack.ask(unseen(query))).status).toBe(400);
        refused++;
      }
    }
  });
  try {
    await until('the flood runs', () => refused > attackers);
    for (let i = 0; i < 20; i++) {
      const before = refused;
      expect((await send(stack.gateway, '/health')).status).toBe(200);
      expect(refused - before).toBeLessThanOrEqual(2 * attackers);
      // This one waits for a subgraph, too, and hence for some more turns of the event loop.
      expect((await stack.ask('{ paymentCount }')).status).toBe(200);
      expect(refused - before).toBeLessThanOrEqual(8 * attackers);
    }
  } finally {
    attacking = false;
    await Promise.all(flooding);
  }
});

test('A10: a batch of operations is answered 400, for less than an honest answer, and none of it is executed', async () => {
  const before = asked();
  const body = JSON.stringify(Array.from({ length: 1_000 }, () => ({ query: '{ paymentCount }' })));
  const refuse = async () => {
    const headers = { 'content-type': 'application/json' };
    const answer = await send(stack.gateway, '/graphql', { method: 'POST', headers, body });
    expect([answer.status, answer.body.errors?.[0]?.extensions.code]).toEqual([400, 'BAD_REQUEST']);
  };
  await refuse();
  expect(asked()).toBe(before);
  await expectCheaper(refuse);
});

test('an operation at the limits and the introspection of tools are let through', async () => {
  expect((await stack.ask(`{ orders ${nested(13)} }`)).status).toBe(200);
  expect((await stack.ask(`{ ${repeat(30, i => `a${i}: paymentCount`)} }`)).status).toBe(200);
  const pairs = `${'[{v: '.repeat(5)}3${' }]'.repeat(5)}`;
  expect((await stack.ask(`{ odd(value: ${pairs}) }`)).status).toBe(200);
  expect((await stack.ask(getIntrospectionQuery())).body.data.__schema.types.length).toBeGreaterThan(5);
});

test('A10: a variable that is nested without end is the client’s mistake, known operations included', async () => {
  const query = 'query ($value: Odd) { odd(value: $value) }';
  const ask = (depth: number) =>
    send(stack.gateway, '/graphql', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: `{"query":${JSON.stringify(query)},"variables":{"value":${'['.repeat(depth)}3${']'.repeat(depth)}}}`,
    });
  const asked = stack.orders.requests.length;
  for (const depth of [51, 40_000, 40_000]) {
    const { status, body } = await ask(depth);
    expect([status, body.errors?.[0]?.extensions.code]).toEqual([400, 'BAD_USER_INPUT']);
    expect(body.errors?.[0]?.message).toMatch(/\$value is nested deeper than 50 levels/);
  }
  expect(stack.orders.requests).toHaveLength(asked);
  // The subgraph makes of the list what it likes.
  expect((await ask(50)).status).not.toBe(500);
  expect(stack.orders.requests).toHaveLength(asked + 1);
});
