import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, expect, jest, test } from '@jest/globals';
import { createLog } from '#shared/kernel/log.ts';
import { createMetrics } from '#shared/kernel/metrics.ts';
import { loadSupergraph } from '../../execution/supergraph.ts';
import { readGatewaySettings } from '../../settings.ts';
import { type Stack, send, startStack } from '../../test/stack.ts';
import { createErrorMask } from '../error-mask.ts';
import { createLimits } from '../limits/limits.ts';
import { createPipeline } from '../pipeline.ts';
import { createManifest, readTrustedDocuments } from './trusted-documents.ts';

const COUNT = 'query Count { paymentCount }\n';
const LIVE = 'subscription Live { orderUpdated(orderId: "o1") { status payments { status } } }';
const STALE = '{ removedLongAgo }';
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

const folder = mkdtempSync(join(tmpdir(), 'documents-'));
const file = join(folder, 'manifest.json');
const stacks: Stack[] = [];
async function start(mode: string) {
  writeFileSync(file, JSON.stringify(createManifest([COUNT, LIVE, STALE])));
  const stack = await startStack({
    TRUSTED_DOCUMENTS: mode,
    TRUSTED_DOCUMENTS_FILE: file,
    SUBGRAPH_TIMEOUT: '5000',
  });
  stack.shop.orders.set('o1', { id: 'o1', status: 'RESERVED', owner: 'ada' });
  stacks.push(stack);
  return stack;
}
afterEach(async () => {
  for (const stack of stacks.splice(0)) await stack.stop();
});
afterAll(() => rmSync(folder, { recursive: true }));

const post = (stack: Stack, body: object) =>
  send(stack.gateway, '/graphql', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
const get = (stack: Stack, params: Record<string, string>) =>
  send(stack.gateway, `/graphql?${new URLSearchParams(params)}`, {
    headers: { 'apollo-require-preflight': '1' },
  });
const outcome = ({ status, body }: Awaited<ReturnType<typeof post>>) => [
  status,
  body.data ?? body.errors?.[0]?.extensions.code,
];
const byHash = (hash: string) => ({ extensions: { persistedQuery: { version: 1, sha256Hash: hash } } });
const counted = [200, { paymentCount: 0 }];
const refused = [400, 'DOCUMENT_NOT_TRUSTED'];

test('a trusted document is asked for by its id or its hash, over POST and GET', async () => {
  for (const mode of ['allow', 'only']) {
    const stack = await start(mode);
    const hash = sha256(COUNT);
    expect(outcome(await post(stack, { documentId: hash }))).toEqual(counted);
    expect(outcome(await post(stack, { documentId: `sha256:${hash}`, operationName: 'Count' }))).toEqual(
      counted,
    );
    expect(outcome(await post(stack, byHash(hash)))).toEqual(counted);
    expect(outcome(await get(stack, { documentId: hash }))).toEqual(counted);
    expect(outcome(await get(stack, { extensions: JSON.stringify(byHash(hash).extensions) }))).toEqual(
      counted,
    );
    expect(outcome(await post(stack, { query: COUNT }))).toEqual(counted);
  }
});

test('with `only` everything else is refused with 400, and no persisted query can be smuggled in', async () => {
  const stack = await start('only');
  const other = '{ orders { id } }';
  expect(outcome(await stack.ask(other))).toEqual(refused);
  expect(outcome(await post(stack, { query: other, ...byHash(sha256(other)) }))).toEqual(refused);
  expect(outcome(await post(stack, byHash(sha256(other))))).toEqual(refused);
  expect(outcome(await post(stack, { documentId: 'nonsense' }))).toEqual(refused);
  expect(outcome(await get(stack, { query: other }))).toEqual(refused);
  expect(outcome(await post(stack, { documentId: sha256(COUNT), query: other }))).toEqual(refused);
  const { body } = await stack.ask(other);
  expect(body.errors?.[0]?.message).toBe('Only operations that were published beforehand are answered here.');
});

test('with `only` the same holds over WebSocket', async () => {
  const stack = await start('only');
  const client = stack.connect(await stack.signToken());
  const ask = (query: string, more = {}) =>
    new Promise(resolve =>
      client.subscribe({ query, ...more }, { next: resolve, error: resolve, complete: () => {} }),
    );
  expect(await ask(LIVE)).toEqual({ data: { orderUpdated: { status: 'RESERVED', payments: [] } } });
  expect(await ask('', byHash(sha256(LIVE)))).toMatchObject({
    data: { orderUpdated: { status: 'RESERVED' } },
  });
  expect(await ask('subscription { orderUpdated(orderId: "o1") { id } }')).toEqual([
    expect.objectContaining({ extensions: { code: 'DOCUMENT_NOT_TRUSTED' } }),
  ]);
});

test('with `allow` any other operation is answered as ever, and only an unknown id is a fault', async () => {
  const stack = await start('allow');
  expect(outcome(await stack.ask('{ orders { id } }'))).toEqual([200, { orders: [{ id: 'o1' }] }]);
  expect(outcome(await post(stack, byHash(sha256('{ unknown }'))))[1]).toBe('PERSISTED_QUERY_NOT_FOUND');
  expect(outcome(await post(stack, { documentId: sha256('{ unknown }') }))).toEqual([
    400,
    'DOCUMENT_NOT_FOUND',
  ]);
});

test('a document that no longer fits the schema is refused as any other would be, and stops nothing', async () => {
  const stack = await start('only');
  expect(outcome(await post(stack, { documentId: sha256(STALE) }))).toEqual([
    400,
    'GRAPHQL_VALIDATION_FAILED',
  ]);
});

test('trusted documents are parsed, checked and planned at the start, and asked of nobody', async () => {
  const settings = readGatewaySettings({});
  const log = createLog('test', 'silent');
  const warn = jest.spyOn(log, 'warn');
  const supergraph = loadSupergraph(settings, log);
  const planned = jest.spyOn(supergraph, 'prepare');
  const documents = new Map([
    ['1', 'query One { events { nodes { id } } } query Two { me { id } }'],
    ['2', '{ removedLongAgo }'],
    ['3', 'subscription Three($id: ID!) { orderUpdated(orderId: $id) { status payments { status } } }'],
  ]);
  const trusted = { documents, find: () => undefined };
  const mask = createErrorMask(log, { hideSchema: false });
  const metrics = createMetrics('test');
  const limits = createLimits(settings, { redis: undefined, tagged: supergraph.tagged, metrics });
  const parts = { log, mask, metrics, redis: undefined, trusted, limits };
  const pipeline = createPipeline(supergraph, settings, parts);
  await pipeline.start();
  const names = planned.mock.calls.map(([{ operationName }]) => operationName);
  expect([...new Set(names)]).toEqual(['One', 'Two', undefined, 'Three']);
  expect(warn.mock.calls.map(([told]) => told)).toEqual([
    { hash: '2', errors: [expect.stringContaining('removedLongAgo')] },
  ]);
  await pipeline.stop();
  await supergraph.close();
});

test('a manifest whose hashes are not those of its documents stops the start with a message', () => {
  const read = (content: string) => {
    writeFileSync(file, content);
    return () => readTrustedDocuments({ trustedDocuments: 'only', trustedDocumentsFile: file });
  };
  expect(read(JSON.stringify({ abc: COUNT }))).toThrow(/TRUSTED_DOCUMENTS_FILE: abc is not the SHA-256/);
  expect(read('{')).toThrow(/TRUSTED_DOCUMENTS_FILE/);
  expect(read(JSON.stringify(createManifest(['{ a ']))).bind(undefined)).toThrow(/Syntax Error/);
  expect(read(JSON.stringify(createManifest([COUNT])))().documents.get(sha256(COUNT))).toBe(COUNT);
});

test('the program writes the manifest of operation files: each under the SHA-256 of its file', () => {
  const [one, two] = [join(folder, 'count.graphql'), join(folder, 'live.graphql')];
  writeFileSync(one, COUNT);
  writeFileSync(two, LIVE);
  const program = fileURLToPath(new URL('./trusted-documents.ts', import.meta.url));
  const written = execFileSync(process.execPath, [program, one, two], { env: {}, encoding: 'utf8' });
  expect(JSON.parse(written)).toEqual({ [sha256(COUNT)]: COUNT, [sha256(LIVE)]: LIVE });
});
