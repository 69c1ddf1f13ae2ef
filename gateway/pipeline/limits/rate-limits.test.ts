import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { createLog } from '#shared/kernel/log.ts';
import { startTestRedis, type TestRedis } from '../../../dev/redis.ts';
import { addressOf } from '../../http/client-address.ts';
import { connectRedis } from '../../redis.ts';
import { readGatewaySettings } from '../../settings.ts';
import { ADA, type Stack, startStack, until } from '../../test/stack.ts';

const stacks: Stack[] = [];
async function start(env: Record<string, string>) {
  const stack = await startStack({ SUBGRAPH_TIMEOUT: '5000', ...env });
  stacks.push(stack);
  return stack;
}
afterEach(async () => {
  for (const stack of stacks.splice(0)) await stack.stop();
});

const QUERY = '{ paymentCount }';
const RATE_LIMITED = { code: 'RATE_LIMITED', retryAfter: expect.any(Number) };
const from = (address: string) => ({ headers: { 'x-forwarded-for': address } });

async function allowed(stack: Stack, times: number, options = {}) {
  for (let i = 0; i < times; i++) expect((await stack.ask(QUERY, options)).status).toBe(200);
}
async function expectRefusal(stack: Stack, options = {}, query = QUERY) {
  const { status, headers, body } = await stack.ask(query, options);
  expect([status, body.errors?.[0]?.extensions, body.data]).toEqual([429, RATE_LIMITED, undefined]);
  const retryAfter = Number(headers.get('retry-after'));
  expect(retryAfter).toBe(body.errors![0]!.extensions.retryAfter);
  expect(retryAfter).toBeGreaterThan(0);
  expect(retryAfter).toBeLessThanOrEqual(60);
}

test('in development nobody is limited, in production everybody is', () => {
  expect(readGatewaySettings({})).toMatchObject({ rateLimit: 0, loginRateLimit: 0 });
  const production = { NODE_ENV: 'production', IDENTITY: 'none' };
  expect(readGatewaySettings(production)).toMatchObject({ rateLimit: 1_200, loginRateLimit: 30 });
});

test('each viewer has a share of its own, and who is not signed in that of the address', async () => {
  const stack = await start({ RATE_LIMIT: '5' });
  const token = await stack.signToken();
  await allowed(stack, 5, { token });
  await expectRefusal(stack, { token });
  await allowed(stack, 5, { token: await stack.signToken({ viewer: { ...ADA, id: 'bob' } }) });
  await allowed(stack, 5);
  await expectRefusal(stack);
  // What is refused before it is parsed counts as well.
  await expectRefusal(stack, {}, '{ nonsense');
});

test('operations over WebSocket are counted, too', async () => {
  const stack = await start({ RATE_LIMIT: '5' });
  const client = stack.connect();
  const ask = () =>
    new Promise(resolve =>
      client.subscribe({ query: QUERY }, { next: resolve, error: resolve, complete: () => {} }),
    );
  for (let i = 0; i < 5; i++) expect(await ask()).toEqual({ data: { paymentCount: 0 } });
  expect(await ask()).toEqual([expect.objectContaining({ extensions: RATE_LIMITED })]);
});

test('X-Forwarded-For counts only behind a trusted proxy, and then what the proxy itself has added', async () => {
  const direct = await start({ RATE_LIMIT: '3' });
  await allowed(direct, 3, from('198.51.100.1'));
  await expectRefusal(direct, from('198.51.100.2'));

  const behind = await start({ RATE_LIMIT: '3', TRUST_PROXY: 'true' });
  await allowed(behind, 3, from('198.51.100.1'));
  await expectRefusal(behind, from('198.51.100.1'));
  await expectRefusal(behind, from('203.0.113.77, 198.51.100.1'));
  await allowed(behind, 3, from('198.51.100.2'));
});

test('all addresses of one IPv6 network count as one', () => {
  const req = (remoteAddress: string) => ({ headers: {}, socket: { remoteAddress } }) as IncomingMessage;
  const address = (given: string) => addressOf(req(given), false);
  expect(address('2001:db8:1:2:3:4:5:6')).toBe('2001:db8:1:2::/64');
  expect(address('2001:db8:1:2::1')).toBe(address('2001:0db8:0001:0002:ffff::'));
  expect(address('2001:db8::1')).toBe('2001:db8:0:0::/64');
  expect(address('::ffff:192.0.2.1')).toBe('192.0.2.1');
});

test('A18: attempts to sign in are counted one by one, in whatever fragments and under whatever aliases they hide', async () => {
  const stack = await start({ LOGIN_RATE_LIMIT: '10' });
  const login = (alias: string) => `${alias}: login(email: "a")`;
  const hidden = (count: number) =>
    `mutation { ...M ... on Mutation { ${login('first')} } } fragment M on Mutation { ${Array.from({ length: count - 1 }, (_, i) => login(`a${i}`)).join(' ')} }`;
  expect((await stack.ask(hidden(6))).status).toBe(200);
  await expectRefusal(stack, {}, hidden(6));
  await expectRefusal(stack, {}, `mutation { ${login('one')} }`);
  await expectRefusal(stack, {}, 'mutation { register(email: "a") }');
  // Everything else goes on.
  await allowed(stack, 20);
  expect((await stack.ask('mutation { rename(displayName: "x") { id } }')).status).toBe(200);
});

describe('with Redis', () => {
  let redis: TestRedis | null;
  beforeAll(async () => {
    redis = await startTestRedis();
  });
  afterAll(() => redis?.stop());

  test('gateways share the limits; while Redis is away each has its own', async () => {
    if (!redis) return;
    const env = { RATE_LIMIT: '4', REDIS_URL: redis.url };
    const [one, other] = [await start(env), await start(env)];
    const probe = connectRedis(redis.url, createLog('test', 'silent'))!;
    await until(
      'both are connected',
      async () =>
        probe.status === 'ready' &&
        String(await probe.client('LIST')).split('name=guichet-gateway').length > 3,
    );
    probe.disconnect();
    await allowed(one, 2);
    await allowed(other, 2);
    await expectRefusal(one);
    await redis.kill();
    const token = await one.signToken();
    await allowed(one, 4, { token });
    await expectRefusal(one, { token });
  });

  test('a Redis that does not answer holds nobody up', async () => {
    const silent = createServer();
    silent.on('connection', () => {});
    await new Promise<void>(resolve => silent.listen(0, '127.0.0.1', resolve));
    const { port } = silent.address() as AddressInfo;
    const stack = await start({ RATE_LIMIT: '2', REDIS_URL: `redis://127.0.0.1:${port}` });
    const began = performance.now();
    await allowed(stack, 2);
    await expectRefusal(stack);
    expect(performance.now() - began).toBeLessThan(3_000);
    silent.closeAllConnections();
    silent.close();
  });
});
