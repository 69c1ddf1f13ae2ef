import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { composeServices } from '@apollo/composition';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { parse } from 'graphql';
import { createClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import type { Environment } from '#shared/kernel/settings.ts';
import { type Gateway, startGateway } from '../server.ts';
import { readGatewaySettings } from '../settings.ts';
import { send, until } from './stack.ts';
import { type StandIn, startStandIn } from './subgraph.ts';

const link = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.7", import: ["@key"])';
const catalog = {
  foreign: true,
  typeDefs: parse(`${link}
    interface Item { twin: Item }
    type Book implements Item @key(fields: "id") { id: ID! title: String! twin: Book }
    type Query { books: [Book!]! item: Item }
    type Subscription { bookAdded: Book! }`),
  resolvers: {
    Item: { __resolveType: () => 'Book' },
    Book: {
      twin: ({ id }: { id: string }) =>
        id === 'b1' ? { id: 'b12', title: 'Micromégas' } : { id: 'b1', title: 'Candide' },
    },
    Query: {
      books: () => [{ id: 'b1', title: 'Candide' }],
      item: () => ({ id: 'b1', title: 'Candide' }),
    },
    Subscription: {
      bookAdded: {
        async *subscribe() {
          yield { bookAdded: { id: 'b2', title: 'Zadig' } };
        },
      },
    },
  },
};
// Called as one of our own is, but it is not ours.
const users = {
  foreign: true,
  typeDefs: parse(`${link}
    type Book @key(fields: "id") { id: ID! readers: Int! }
    type Query { readers: Int! }`),
  resolvers: {
    Query: { readers: () => 3 },
    Book: { __resolveReference: ({ id }: { id: string }) => ({ id, readers: id.length }) },
  },
};

const folder = mkdtempSync(join(tmpdir(), 'foreign-'));
const path = join(folder, 'supergraph.graphql');
let standIns: { catalog: StandIn; users: StandIn };
const gateways: Gateway[] = [];

async function start(env: Environment = {}) {
  const gateway = await startGateway({
    NODE_ENV: 'production',
    GATEWAY_PORT: '0',
    LOG_LEVEL: 'silent',
    SUPERGRAPH: path,
    IDENTITY: 'none',
    SUBGRAPH_URLS: JSON.stringify({ users: `${standIns.users.url}/api/v2?tenant=7` }),
    ...env,
  });
  gateways.push(gateway);
  return gateway;
}
const ask = (gateway: Gateway, query: string, headers: Record<string, string> = {}) =>
  send(gateway, '/graphql', {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ query }),
  });

beforeAll(async () => {
  standIns = { catalog: await startStandIn(catalog), users: await startStandIn(users) };
  const { supergraphSdl } = composeServices([
    { name: 'catalog', typeDefs: catalog.typeDefs, url: `${standIns.catalog.url}/graphql` },
    { name: 'users', typeDefs: users.typeDefs, url: 'http://127.0.0.1:1/graphql' },
  ]);
  writeFileSync(path, supergraphSdl!);
});
afterEach(async () => {
  for (const gateway of gateways.splice(0)) await gateway.stop();
  for (const standIn of Object.values(standIns))
    Object.assign(standIn, { fault: 'none', requests: [], inits: [] });
});
afterAll(async () => {
  for (const standIn of Object.values(standIns)) await standIn.kill();
  rmSync(folder, { recursive: true });
});

test('any supergraph is served, by the addresses in it and those given, with no secret and no keys to check', async () => {
  const gateway = await start();
  const { body } = await ask(gateway, '{ books { title readers } readers }');
  expect(body).toEqual({ data: { books: [{ title: 'Candide', readers: 2 }], readers: 3 } });
});

test.each(['own', 'stock'])(
  'a field is selected on an interface and on a type that narrows it, around the circle: %s executor',
  async executor => {
    const gateway = await start({ EXECUTOR: executor });
    const { body } = await ask(
      gateway,
      `{ item {
        twin { ... on Book { id } twin { __typename ... on Item { twin { __typename } } } }
        ... on Book { title twin { title readers twin { readers } } }
      } }`,
    );
    expect(body).toEqual({
      data: {
        item: {
          title: 'Candide',
          twin: {
            id: 'b12',
            title: 'Micromégas',
            readers: 3,
            twin: { __typename: 'Book', readers: 2, twin: { __typename: 'Book' } },
          },
        },
      },
    });
  },
);

test('`authorization` goes on as it is, and nothing else that tells of the client', async () => {
  const gateway = await start();
  await ask(gateway, '{ books { title } }', { authorization: 'Basic abc', cookie: 'a=1', 'x-user-id': '1' });
  await ask(gateway, '{ books { title } }');
  const [signedIn, anonymous] = standIns.catalog.requests.map(({ headers }) => headers);
  expect(signedIn).toMatchObject({ authorization: 'Basic abc', 'x-correlation-id': expect.any(String) });
  expect(Object.keys(signedIn!).sort()).toEqual(
    [
      'accept',
      'authorization',
      'connection',
      'content-length',
      'content-type',
      'host',
      'x-correlation-id',
      'x-guichet-deadline',
    ].sort(),
  );
  expect(anonymous).not.toHaveProperty('authorization');
});

test('subscriptions go to the same address over WebSocket and bring `authorization` in connection_init', async () => {
  const gateway = await start();
  const client = createClient({
    url: gateway.wsUrl,
    webSocketImpl: WebSocket,
    connectionParams: { authorization: 'Bearer theirs' },
  });
  const results: unknown[] = [];
  await new Promise<void>((resolve, reject) =>
    client.subscribe(
      { query: 'subscription { bookAdded { title readers } }' },
      { next: result => results.push(result), error: reject, complete: resolve },
    ),
  );
  await client.dispose();
  expect(results).toEqual([{ data: { bookAdded: { title: 'Zadig', readers: 2 } } }]);
  expect(standIns.catalog.inits).toEqual([expect.objectContaining({ authorization: 'Bearer theirs' })]);
  expect(standIns.catalog.inits[0]).not.toHaveProperty('passport');
});

test('/ready asks the APIs themselves, since a foreign subgraph need not know /ready', async () => {
  const gateway = await start();
  expect((await send(gateway, '/ready')).body).toEqual({
    ready: true,
    subgraphs: { catalog: 'ready', users: 'ready' },
  });
  standIns.users.fault = 'html 502';
  await until('not ready', async () => (await send(gateway, '/ready')).status === 503);
});

test('an operation may cost anything unless a limit is set', () => {
  expect(readGatewaySettings({ IDENTITY: 'none' }).maxCost).toBe(0);
  expect(readGatewaySettings({ IDENTITY: 'none', MAX_COST: '7' }).maxCost).toBe(7);
});

test('wrong settings are named together', () => {
  const read = () =>
    readGatewaySettings({
      IDENTITY: 'somebody',
      SUBGRAPH_URLS: '{"a": "no address"}',
      TRUSTED_DOCUMENTS: 'only',
      RATE_LIMIT: '-1',
    });
  expect(read).toThrow(
    /4 setting\(s\).*IDENTITY.*SUBGRAPH_URLS.*RATE_LIMIT.*TRUSTED_DOCUMENTS_FILE is missing/s,
  );
  expect(() => readGatewaySettings({ SUBGRAPH_URLS: '{' })).toThrow(/SUBGRAPH_URLS: is not JSON/);
});
