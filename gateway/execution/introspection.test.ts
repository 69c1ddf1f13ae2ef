import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { buildClientSchema, getIntrospectionQuery, parse, print } from 'graphql';
import { follow, told } from '../test/live.ts';
import { type Stack, startStack } from '../test/stack.ts';
import { createWorld } from './executor/test/compare.ts';
import { introspects, withoutIntrospection } from './introspection.ts';

/** What GraphiQL and code generators ask. */
const FULL = getIntrospectionQuery({
  specifiedByUrl: true,
  directiveIsRepeatable: true,
  schemaDescription: true,
  inputValueDeprecation: true,
  oneOf: true,
});

describe.each(['own', 'stock'])('with the %s executor', executor => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await startStack({ EXECUTOR: executor, SUBGRAPH_TIMEOUT: '20000' });
    stack.shop.orders.set('o1', { id: 'o1', status: 'PAID', owner: 'ada' });
  });
  afterAll(() => stack.stop());

  const asked = () => [stack.users, stack.orders, stack.payments].flatMap(({ requests }) => requests).length;

  test.each(['http', 'websocket'])(
    'tools are told the whole schema by %s, and no subgraph is asked',
    async way => {
      const before = asked();
      let data: unknown;
      if (way === 'http') data = (await stack.ask(FULL)).body.data;
      else {
        const told1 = follow(stack.connect(), FULL);
        await told(told1, 1);
        data = told1.results[0]!.data;
      }
      const schema = buildClientSchema(data as never);
      expect(schema.getType('Paint')).toBeDefined();
      const types = (data as { __schema: { types: { name: string; isOneOf: boolean | null }[] } }).__schema
        .types;
      expect(types.find(({ name }) => name === 'Paint')).toMatchObject({
        isOneOf: false,
        inputFields: [
          { name: 'color' },
          { name: 'shade', isDeprecated: true, deprecationReason: 'There is one.' },
        ],
      });
      expect(asked()).toBe(before);
    },
  );

  test('what asks about the schema goes with fields, variables, fragments, aliases and conditions', async () => {
    const query = `query ($type: String!, $with: Boolean!, $without: Boolean = true) {
      ...About
      kind: __typename
      ... @include(if: $with) { named: __type(name: $type) { ...Type } }
      ... @skip(if: $with) { left: __type(name: $type) { ...Type } }
      __schema @skip(if: $without) { queryType { name } }
      orders { id payments { id } }
    }
    fragment About on Query { order: __type(name: "Order") { name isOneOf } count: paymentCount order: __type(name: "Order") { kind } }
    fragment Type on __Type { ...Name inputFields(includeDeprecated: $with) { name } isOneOf }
    fragment Name on __Type { name }`;
    const ask = async (variables: Record<string, unknown>) => {
      const { body } = await stack.ask(query, { variables });
      return [body, Object.keys(body.data ?? {})];
    };
    const order = { name: 'Order', isOneOf: null, kind: 'OBJECT' };
    const orders = [{ id: 'o1', payments: [] }];
    expect(await ask({ type: 'Paint', with: true })).toEqual([
      {
        data: {
          order,
          count: 0,
          kind: 'Query',
          named: { name: 'Paint', inputFields: [{ name: 'color' }, { name: 'shade' }], isOneOf: false },
          orders,
        },
      },
      ['order', 'count', 'kind', 'named', 'orders'],
    ]);
    expect(await ask({ type: 'Nothing', with: false, without: false })).toEqual([
      {
        data: {
          order,
          count: 0,
          kind: 'Query',
          left: null,
          __schema: { queryType: { name: 'Query' } },
          orders,
        },
      },
      ['order', 'count', 'kind', 'left', '__schema', 'orders'],
    ]);
    const { status, body } = await stack.ask(query, { variables: { with: true } });
    expect([status, body.data]).toEqual([400, undefined]);
  });
});

test('the planner sees nothing of what asks about the schema', () => {
  const strip = (query: string, name?: string) =>
    print(withoutIntrospection(parse(query), name)).replace(/\s+/g, ' ');
  const only = parse('{ me { id } }');
  expect([introspects(only), withoutIntrospection(only, undefined)]).toEqual([false, only]);
  expect(strip('{ __schema { types { ...T } } } fragment T on __Type { isOneOf }')).toBe('{ __typename }');
  expect(
    strip(
      'query A { a } query B { b ...F @include(if: true) } fragment F on Query { __type(name: "X") { name } }',
      'B',
    ),
  ).toBe('query B { b }');
  expect(
    strip(
      '{ ...F } fragment F on Query { ... { __schema { description } } ...G } fragment G on Query { a { __typename } }',
    ),
  ).toBe('{ ...F } fragment G on Query { a { __typename } } fragment F on Query { ...G }');
});

test('the query type tells of the schema wherever it stands', async () => {
  const typeDefs = parse('type Query { self: Query one: Int } type Mutation { act: Query }');
  const self = () => ({ one: 1 });
  const world = await createWorld({
    only: { typeDefs, resolvers: { Query: { self, one: () => 1 }, Mutation: { act: self } } },
  });
  const { data } = await world.own(
    'mutation { act { self { t: __type(name: "Int") { name isOneOf } } one } }',
  );
  await world.stop();
  expect(data).toEqual({ act: { self: { t: { name: 'Int', isOneOf: null } }, one: 1 } });
});
