import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ApolloServer } from '@apollo/server';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { type Answer, type Stack, send, startStack } from '../test/stack.ts';
import { createManifest } from './documents/trusted-documents.ts';

const ORDER = 'query Order($id: ID!) { order(id: $id) { status payments { status } } }';
const COUNT = '{ paymentCount }';
const TRUSTED = 'query Trusted { paymentCount }';
const pipeline = jest.spyOn(ApolloServer.prototype, 'executeHTTPGraphQLRequest');
const folder = mkdtempSync(join(tmpdir(), 'fast-lane-'));
const manifest = join(folder, 'manifest.json');

let stack: Stack;
beforeAll(async () => {
  writeFileSync(manifest, JSON.stringify(createManifest([TRUSTED])));
  stack = await startStack({
    TRUSTED_DOCUMENTS: 'allow',
    TRUSTED_DOCUMENTS_FILE: manifest,
    MAX_COST: '200',
    LOGIN_RATE_LIMIT: '3',
  });
  stack.shop.orders.set('o1', { id: 'o1', status: 'PAID', owner: 'ada' });
  stack.shop.orders.set('o2', { id: 'o2', status: 'PAID', owner: 'ghost' });
});
afterAll(async () => {
  await stack.stop();
  rmSync(folder, { recursive: true });
});

/** The stand-ins of subgraphs are ApolloServers, too. */
const isGateway = (server: unknown) =>
  Boolean((server as { internals: { gatewayExecutor: unknown } }).internals.gatewayExecutor);

interface Request {
  query?: string;
  headers?: Record<string, string>;
  [name: string]: unknown;
}

async function post({ headers, ...body }: Request) {
  pipeline.mockClear();
  const answer = await send(stack.gateway, '/graphql', {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-correlation-id': 'same', ...headers },
    body: JSON.stringify(body),
  });
  return { answer, tookPipeline: pipeline.mock.contexts.some(isGateway) };
}

/** All that a client can tell answers apart by. */
function visible({ status, headers, text }: Answer) {
  return [status, text, [...headers].filter(([name]) => name !== 'date').sort()];
}

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const persisted = (text: string) => ({
  extensions: { persistedQuery: { version: 1, sha256Hash: sha256(text) } },
});

const FAST: [what: string, request: Request][] = [
  ['a query', { query: COUNT }],
  ['a query with variables', { query: ORDER, variables: { id: 'o1' } }],
  ['other values for the same variables', { query: ORDER, variables: { id: 'o1', extra: 1 } }],
  ['a named operation among several', { query: `${ORDER} query B { paymentCount }`, operationName: 'B' }],
  [
    'nulls for what may be left out',
    { query: COUNT, variables: null, operationName: null, extensions: null },
  ],
  [
    'a type with its charset',
    { query: COUNT, headers: { 'content-type': 'application/json; charset=utf-8' } },
  ],
  [
    'GraphQL’s own type of answer',
    { query: COUNT, headers: { accept: 'application/graphql-response+json' } },
  ],
  ['text beyond ASCII', { query: '{ order(id: "o1") { status } orders { id } } # Öß€' }],
  ['a mutation', { query: 'mutation { rename(displayName: "Zoë 🎟") { displayName } }' }],
  ['a trusted document by its id', { documentId: sha256(TRUSTED) }],
  ['introspection', { query: '{ __schema { queryType { name } } }' }],
];

test.each(FAST)(
  '%s is answered the same without the pipeline once it has been through it',
  async (_, request) => {
    const first = await post(request);
    const second = await post(request);
    expect(visible(second.answer)).toEqual(visible(first.answer));
    expect(second.answer.status).toBe(200);
    expect(second.tookPipeline).toBe(false);
  },
);

test('an automatic persisted query is answered without the pipeline once it has been stored', async () => {
  const query = 'query Persisted { paymentCount }';
  const unknown = await post(persisted(query));
  expect(unknown.answer.body.errors?.[0]?.extensions.code).toBe('PERSISTED_QUERY_NOT_FOUND');
  await post({ query, ...persisted(query) });
  const { answer, tookPipeline } = await post(persisted(query));
  expect([answer.body.data, tookPipeline]).toEqual([{ paymentCount: 0 }, false]);
});

const SLOW: [what: string, request: Request][] = [
  ['an error of a subgraph', { query: ORDER, variables: { id: 'nobody' } }],
  ['a masked error', { query: '{ uncoded paymentCount }' }],
  ['a null that the schema forbids', { query: '{ order(id: "o2") { customer { displayName } } }' }],
  ['a value that does not fit its variable', { query: ORDER, variables: { id: [] } }],
  ['a variable that is missing', { query: ORDER }],
  ['variables that are no object', { query: ORDER, variables: 'o1' }],
  ['an operation name that is no text', { query: COUNT, operationName: 7 }],
  ['an operation that the document lacks', { query: COUNT, operationName: 'Nobody' }],
  ['an empty operation name', { query: COUNT, operationName: '' }],
  ['a token that is not valid', { query: COUNT, headers: { authorization: 'Bearer forged' } }],
  ['a type that a form could send', { query: COUNT, headers: { 'content-type': 'text/plain' } }],
  ['a type of answer that is not offered', { query: COUNT, headers: { accept: 'image/png' } }],
  ['a document id nobody knows', { documentId: '0'.repeat(64) }],
  ['an operation that is too dear', { query: `{ orders { ${'related { '.repeat(4)}id${' }'.repeat(4)} } }` }],
];

test.each(SLOW)('%s is told the same each time, by the pipeline', async (_, request) => {
  // Operation and type of request are known before.
  await post({ query: COUNT });
  await post({ query: ORDER, variables: { id: 'o1' } });
  const first = await post(request);
  const second = await post(request);
  const ids = (given: string) => given.replaceAll(/"correlationId":"[^"]*"/g, '');
  expect(visible(second.answer).map(one => (typeof one === 'string' ? ids(one) : one))).toEqual(
    visible(first.answer).map(one => (typeof one === 'string' ? ids(one) : one)),
  );
  expect(second.answer.body.errors).toHaveLength(1);
  expect(second.tookPipeline).toBe(true);
});

test('what a known operation costs is reckoned with the variables that it comes with', async () => {
  const request = { query: 'query ($n: Int) { orders(first: $n) { id } }' };
  await post({ ...request, variables: { n: 1 } });
  const cheap = await post({ ...request, variables: { n: 2 } });
  expect([cheap.answer.status, cheap.tookPipeline]).toEqual([200, false]);
  const expensive = await post({ ...request, variables: { n: 1_000 } });
  expect([expensive.answer.status, expensive.tookPipeline]).toEqual([400, true]);
  expect(expensive.answer.body.errors?.[0]?.extensions).toMatchObject({ cost: 1_001, limit: 200 });
});

test('what turns out to have errors is not executed a second time for that', async () => {
  const request = { query: 'query Sent { uncoded }' };
  await post(request);
  stack.orders.requests.length = 0;
  const { answer, tookPipeline } = await post(request);
  expect([answer.body.errors?.[0]?.extensions.code, tookPipeline]).toEqual(['INTERNAL_SERVER_ERROR', true]);
  expect(stack.orders.requests).toHaveLength(1);
});

test('attempts to sign in are counted each time', async () => {
  const login = () => post({ query: 'mutation { login(email: "a@b.c") }' });
  for (let i = 0; i < 3; i++) expect((await login()).answer.status).toBe(200);
  expect((await login()).answer.status).toBe(429);
});

test('an operation is counted once, whether it has errors or not, and refused the same', async () => {
  const limited = await startStack({ RATE_LIMIT: '6' });
  const statuses: number[] = [];
  for (let i = 0; i < 4; i++) {
    for (const query of [COUNT, '{ uncoded }']) statuses.push((await limited.ask(query)).status);
  }
  await limited.stop();
  expect(statuses).toEqual([200, 200, 200, 200, 200, 200, 429, 429]);
});

test('the lane is closed while @apollo/gateway’s executor is switched on', async () => {
  const stock = await startStack({ EXECUTOR: 'stock' });
  await stock.ask(COUNT);
  pipeline.mockClear();
  expect((await stock.ask(COUNT)).body.data).toEqual({ paymentCount: 0 });
  await stock.stop();
  expect(pipeline.mock.contexts.filter(isGateway)).toHaveLength(1);
});
