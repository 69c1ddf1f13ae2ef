import { getIntrospectionQuery } from 'graphql';
import { type Stack, send, startStack } from './testing/stack.ts';

let stack: Stack;
beforeAll(async () => {
  // Cost has tests of its own.
  stack = await startStack({ MAX_COST: '0' });
  stack.shop.orders.set('o1', { id: 'o1', status: 'PAID', owner: 'ada' });
  // The first request pays for what is compiled lazily; an attack comes later.
  await stack.ask('{ orders { id } }');
});
afterAll(() => stack.stop());

const repeat = (count: number, text: (index: number) => string) =>
  Array.from({ length: count }, (_, i) => text(i)).join(' ');
const nested = (depth: number) => `${'{ related '.repeat(depth)}{ id }${' }'.repeat(depth)}`;

const attacks: Record<string, string> = {
  '200 aliases': `{ ${repeat(200, i => `a${i}: paymentCount`)} }`,
  '100 aliases of __typename': `{ ${repeat(100, i => `a${i}: __typename`)} }`,
  '2,000 duplicate __typename': `{ ${repeat(2_000, () => '__typename')} }`,
  'depth 40': `{ orders ${nested(40)} }`,
  'depth hidden in fragments': `{ orders { ...F0 } } ${repeat(20, i => `fragment F${i} on Order { related { ${i < 19 ? `...F${i + 1}` : 'id'} } }`)}`,
  'circular fragments':
    '{ orders { ...A } } fragment A on Order { related { ...B } } fragment B on Order { related { ...A } }',
  'aliases hidden in fragments': `{ ${repeat(8, () => `o: orders { ...A }`)} } fragment A on Order { ${repeat(5, i => `a${i}: id`)} }`,
  'cost hidden in fragments that spread twice': `{ orders { ...F0 } } ${repeat(30, i => `fragment F${i} on Order { ${i < 29 ? `...F${i + 1} ...F${i + 1}` : 'id'} }`)}`,
  'over 1,000 tokens': `{ ${repeat(1_001, () => 'paymentCount')} }`,
};

/**
 * Milliseconds of the fastest of up to ten attempts: other tests may keep the machine busy, but what is slow by itself
 * is slow each time.
 */
async function fastest(attempt: () => Promise<void>) {
  let duration = Number.POSITIVE_INFINITY;
  for (let i = 0; i < 10 && duration >= 100; i++) {
    const began = performance.now();
    await attempt();
    duration = Math.min(duration, performance.now() - began);
  }
  return duration;
}

test.each(Object.entries(attacks))('A10: %s is answered 400 within 100 ms', async (_name, query) => {
  const refused = async () => {
    const { status, body } = await stack.ask(query);
    expect([status, body.data]).toEqual([400, undefined]);
    expect(body.errors?.[0]?.extensions.code).toMatch(/^GRAPHQL_(VALIDATION|PARSE)_FAILED$/);
  };
  expect(await fastest(refused)).toBeLessThan(100);
  expect((await send(stack.gateway, '/health')).status).toBe(200);
});

test('A10: the limits hold for operations over WebSocket, live ones included', async () => {
  const client = stack.connect();
  const errors = (query: string) =>
    new Promise(resolve =>
      client.subscribe({ query }, { next: resolve, error: resolve, complete: () => {} }),
    );
  for (const query of Object.values(attacks)) {
    for (const text of [query, query.replace('{', 'subscription { orderUpdated(orderId: "o1") { id }')]) {
      const refused = async () => {
        expect(await errors(text)).toEqual(
          expect.arrayContaining([
            expect.objectContaining({
              extensions: { code: expect.stringMatching(/^GRAPHQL_(VALIDATION|PARSE)_FAILED$/) },
            }),
          ]),
        );
      };
      expect(await fastest(refused)).toBeLessThan(100);
    }
  }
});

test('A10: while attacks of every kind keep coming, /health is answered and so is an honest client', async () => {
  let attacking = true;
  const flood = async () => {
    while (attacking) {
      for (const query of Object.values(attacks)) expect((await stack.ask(query)).status).toBe(400);
    }
  };
  const flooding = flood();
  const honest = async () => {
    expect((await send(stack.gateway, '/health')).status).toBe(200);
    expect((await stack.ask('{ paymentCount }')).status).toBe(200);
  };
  const duration = await fastest(honest);
  attacking = false;
  await flooding;
  expect(duration).toBeLessThan(100);
});

test('A10: a batch of operations is answered 400 within 100 ms', async () => {
  const body = JSON.stringify(Array.from({ length: 1_000 }, () => ({ query: '{ paymentCount }' })));
  const refused = async () => {
    const headers = { 'content-type': 'application/json' };
    const { status } = await send(stack.gateway, '/graphql', { method: 'POST', headers, body });
    expect(status).toBe(400);
  };
  expect(await fastest(refused)).toBeLessThan(100);
});

test('an operation at the limits and the introspection of tools are let through', async () => {
  expect((await stack.ask(`{ orders ${nested(13)} }`)).status).toBe(200);
  expect((await stack.ask(`{ ${repeat(30, i => `a${i}: paymentCount`)} }`)).status).toBe(200);
  expect((await stack.ask(getIntrospectionQuery())).body.data.__schema.types.length).toBeGreaterThan(5);
});
