import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { buildSchema, type GraphQLSchema, getIntrospectionQuery, getOperationAST, parse } from 'graphql';
import { createLog } from '#shared/kernel/log.ts';
import { loadSupergraph } from '../../execution/supergraph.ts';
import { readGatewaySettings } from '../../settings.ts';
import { startStack } from '../../test/stack.ts';
import { costOf } from './cost.ts';

const schema = buildSchema(`
  type Query { order: Order orders(first: Int = 20): Orders top(limit: Int): [Order!] node: Node }
  type Orders { nodes: [Order!]! edges: [Edge!]! totalCount: Int! }
  type Edge { cursor: String! node: Order! }
  interface Node { id: ID! }
  type Order implements Node { id: ID! tags: [String!]! lines: [Line!]! customer: User }
  type Line { name: String! }
  type User { name: String! orders(first: Int = 20): Orders! }
`);

function cost(query: string, variables = {}, against: GraphQLSchema = schema) {
  const document = parse(query);
  return costOf(against, document, getOperationAST(document)!, variables);
}

test('each field costs one, a list ten times what one of its entries costs', () => {
  expect(cost('{ order { id tags customer { name } } }')).toBe(5);
  expect(cost('{ order { lines { name } } }')).toBe(1 + 1 + 10);
});

test('what `first` asks for multiplies the entries of a connection, not what stands beside them', () => {
  expect(cost('{ orders(first: 3) { totalCount nodes { id } } }')).toBe(1 + 1 + 1 + 3);
  expect(cost('{ orders(first: 3) { edges { cursor node { id } } } }')).toBe(1 + 1 + 3 * 3);
  expect(cost('{ orders { nodes { id } } }')).toBe(1 + 1 + 20);
  expect(cost('{ top(limit: 5) { id } }')).toBe(1 + 5);
});

test('a variable counts with its value or, without one, with its default', () => {
  const query = 'query ($n: Int = 7) { orders(first: $n) { nodes { id } } }';
  expect([cost(query, { n: 50 }), cost(query)]).toEqual([52, 9]);
  expect(cost('query ($n: Int) { orders(first: $n) { nodes { id } } }')).toBe(22);
});

test('A10: cost multiplies along nested lists, in whatever fragments they hide', () => {
  const open = '{ orders(first: 10) { nodes { customer { orders(first: 10) { nodes { id } } } } } }';
  const hidden = `{ ...Q } fragment Q on Query { orders(first: 10) { nodes { ... on Node { ...O } } } }
    fragment O on Order { customer { ...U } } fragment U on User { orders(first: 10) { nodes { id } } }`;
  expect(cost(open)).toBe(1 + 1 + 10 * (1 + 1 + 1 + 10));
  expect(cost(hidden)).toBe(cost(open));
});

describe('the operations of our own API', () => {
  let api: GraphQLSchema;
  beforeAll(async () => {
    const supergraph = loadSupergraph(readGatewaySettings({}), createLog('test', 'silent'));
    await supergraph.gateway.load();
    api = supergraph.gateway.schema!;
    await supergraph.gateway.stop();
    await supergraph.close();
  });
  const { maxCost } = readGatewaySettings({});

  test('those of the playground and the README, and a purchase with all that can be asked of it, pass', async () => {
    const path = '../../playground/tabs.js';
    const { tabs } = (await import(path)) as { tabs: { query: string }[] };
    const readme = readFileSync(new URL('../../../README.md', import.meta.url), 'utf8');
    const blocks = [...readme.matchAll(/```graphql\n(.*?)```/gs)].map(([, text]) => text!);
    const deepPurchase = `subscription ($orderId: ID!) { orderUpdated(orderId: $orderId) {
      id number status customer { id email displayName } subtotal { amount currency } total { amount currency }
      lines { name quantity unitPrice { amount currency } product { id name event { id title organizer { id displayName } products { id name available price { amount currency } } } } }
      timeline { from to at reason }
      payments { id status amount { amount currency } clientSecret nextActionUrl failureMessage invoice { number } }
      invoice { number status pdfUrl lines { name quantity } creditNotes { number } }
      tickets { id code qrCode pdfUrl guestName event { title venue startsAt } product { name } scans { result scannedAt operator { displayName } } }
      notifications { id status subject channel }
    } }`;
    const operations = [...tabs.map(({ query }) => query), ...blocks, deepPurchase];
    expect(operations.length).toBeGreaterThanOrEqual(7);
    for (const operation of operations) expect(cost(operation, {}, api)).toBeLessThan(maxCost);
  });

  test('a page of a hundred orders passes, each with a page of its customer’s orders with theirs does not', () => {
    const page = (of: string) => `orders(first: 100) { nodes { id status total { amount } ${of} } }`;
    expect(cost(`{ ${page('tickets { id status }')} }`, {}, api)).toBeLessThan(maxCost);
    const nested = `{ ${page(`customer { ${page(`customer { ${page('')} }`)} }`)} }`;
    expect(cost(nested, {}, api)).toBeGreaterThan(100 * maxCost);
  });

  test('introspection is cheap', () => {
    expect(cost(getIntrospectionQuery(), {}, api)).toBeLessThan(300);
  });
});

test('an operation over the limit is answered 400 with its cost and the limit, over WebSocket, too', async () => {
  const stack = await startStack({ MAX_COST: '40' });
  try {
    const expensive = '{ orders { related { id } } }';
    const { status, body } = await stack.ask(expensive);
    expect([status, body]).toEqual([
      400,
      {
        errors: [
          {
            message: expect.stringMatching(/cost 111, and 40 is the limit/),
            extensions: { code: 'GRAPHQL_VALIDATION_FAILED', cost: 111, limit: 40 },
          },
        ],
      },
    ]);
    expect((await stack.ask('{ orders { id } }')).status).toBe(200);
    const client = stack.connect(await stack.signToken());
    const refusal = (query: string) =>
      new Promise(resolve =>
        client.subscribe({ query }, { next: resolve, error: resolve, complete: () => {} }),
      );
    const refused = [expect.objectContaining({ extensions: expect.objectContaining({ limit: 40 }) })];
    expect(await refusal(expensive)).toEqual(refused);
    expect(
      await refusal('subscription { orderUpdated(orderId: "o1") { related { related { id } } } }'),
    ).toEqual(refused);
  } finally {
    await stack.stop();
  }
});
