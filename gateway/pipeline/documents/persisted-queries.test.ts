import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createLog } from '#shared/kernel/log.ts';
import { startTestRedis, type TestRedis } from '../../../dev/redis.ts';
import { connectRedis } from '../../redis.ts';
import { type Stack, send, startStack, until } from '../../test/stack.ts';
import { createPersistedQueries } from './persisted-queries.ts';

const QUERY = '{ paymentCount }';
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const extensions = (query: string) => ({ persistedQuery: { version: 1, sha256Hash: sha256(query) } });
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
const codes = ({ body }: Awaited<ReturnType<typeof post>>) =>
  body.errors?.map(error => error.extensions.code);

test('a query is asked for by its hash, over POST, GET and WebSocket, once it has been told', async () => {
  const stack = await startStack({ SUBGRAPH_TIMEOUT: '5000' });
  try {
    expect(codes(await post(stack, { extensions: extensions(QUERY) }))).toEqual([
      'PERSISTED_QUERY_NOT_FOUND',
    ]);
    const hashOnly = { extensions: JSON.stringify(extensions(QUERY)) };
    expect(codes(await get(stack, hashOnly))).toEqual(['PERSISTED_QUERY_NOT_FOUND']);
    const told = await post(stack, { query: QUERY, extensions: extensions(QUERY) });
    expect(told.body).toEqual({ data: { paymentCount: 0 } });
    expect((await post(stack, { extensions: extensions(QUERY) })).body).toEqual(told.body);
    expect((await get(stack, hashOnly)).body).toEqual(told.body);
    const overSocket = await new Promise(resolve =>
      stack
        .connect()
        .subscribe(
          { query: '', extensions: extensions(QUERY) },
          { next: resolve, error: resolve, complete: () => {} },
        ),
    );
    expect(overSocket).toEqual(told.body);
  } finally {
    await stack.stop();
  }
});

test('a hash that is not the text’s is refused, and so is the whole protocol when it is turned off', async () => {
  const stack = await startStack();
  const wrong = await post(stack, { query: '{ orders { id } }', extensions: extensions(QUERY) });
  expect([wrong.status, wrong.body.data]).toEqual([400, undefined]);
  await stack.stop();
  const without = await startStack({ PERSISTED_QUERIES: '0' });
  expect(codes(await post(without, { extensions: extensions(QUERY) }))).toEqual([
    'PERSISTED_QUERY_NOT_SUPPORTED',
  ]);
  await without.stop();
});

test('only so many are kept, the ones used last, and none that is very long', async () => {
  const kept = createPersistedQueries(2, undefined, '');
  await kept.set('a', '{ a }');
  await kept.set('b', '{ b }');
  await kept.get('a');
  await kept.set('c', '{ c }');
  await kept.set('long', 'x'.repeat(40_000));
  expect(await Promise.all(['a', 'b', 'c', 'long'].map(key => kept.get(key)))).toEqual([
    '{ a }',
    undefined,
    '{ c }',
    undefined,
  ]);
});

describe('with Redis', () => {
  let redis: TestRedis | null;
  beforeAll(async () => {
    redis = await startTestRedis();
  });
  afterAll(() => redis?.stop());

  test('what one gateway is told, another knows; only so many are kept there, too; and nobody fails without it', async () => {
    if (!redis) return;
    const connection = connectRedis(redis.url, createLog('test', 'silent'))!;
    await until('connected', () => connection.status === 'ready');
    const open = () => createPersistedQueries(2, connection, '{test}');
    const one = open();
    for (const key of ['a', 'b', 'c']) await one.set(key, `{ ${key} }`);
    const other = open();
    expect(await Promise.all(['a', 'b', 'c'].map(key => other.get(key)))).toEqual([
      undefined,
      '{ b }',
      '{ c }',
    ]);
    expect((await connection.keys('*')).length).toBe(3);
    await redis.kill();
    const late = open();
    await late.set('d', '{ d }');
    expect([await late.get('c'), await late.get('d')]).toEqual([undefined, '{ d }']);
    connection.disconnect();
  });
});
