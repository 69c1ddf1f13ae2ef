import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { generateKeyPair } from 'jose';
import { readPassport } from '#shared/kernel/passport.ts';
import { DEVELOPMENT_INTERNAL_SECRET } from '#shared/kernel/settings.ts';
import { ADA, type Stack, shiftClock, startStack } from '../test/stack.ts';

let stack: Stack;
beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack.stop());

const base64url = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
const now = () => Math.floor(Date.now() / 1000);
const claims = () => ({ ...ADA, sub: 'ada', iss: 'guichet', aud: 'guichet', exp: now() + 600 });

async function refused(token: string) {
  const { status, body, headers } = await stack.ask('{ me { id } }', { token });
  return {
    status,
    code: body.errors?.[0]?.extensions.code,
    data: body.data,
    id: headers.get('x-correlation-id'),
  };
}
const UNAUTHENTICATED = { status: 401, code: 'UNAUTHENTICATED', data: undefined, id: expect.any(String) };

test('a valid token makes a viewer, no token an anonymous one', async () => {
  const token = await stack.signToken();
  expect((await stack.ask('{ me { id displayName } }', { token })).body.data.me).toEqual({
    id: 'ada',
    displayName: 'Ada',
  });
  const anonymous = await stack.ask('{ me { id } }');
  expect([anonymous.status, anonymous.body]).toEqual([200, { data: { me: null } }]);
});

test('A16: a token without a signature is refused', async () => {
  for (const alg of ['none', 'None', 'NONE']) {
    const token = `${base64url({ alg, kid: 'key-1' })}.${base64url(claims())}.`;
    expect(await refused(token)).toEqual(UNAUTHENTICATED);
  }
});

test('A16: a token signed by HS256 with the public key as secret is refused', async () => {
  const unsigned = `${base64url({ alg: 'HS256', kid: 'key-1' })}.${base64url(claims())}`;
  for (const secret of [JSON.stringify(stack.jwk), Buffer.from(stack.jwk.x!, 'base64url'), stack.jwk.x!]) {
    const signature = createHmac('sha256', secret).update(unsigned).digest('base64url');
    expect(await refused(`${unsigned}.${signature}`)).toEqual(UNAUTHENTICATED);
  }
});

test('A16: a wrong issuer, a wrong audience, an expired token and an unknown role are refused', async () => {
  for (const options of [
    { claims: { iss: 'someone-else' } },
    { claims: { aud: 'guichet-subgraphs' } },
    { expiresIn: new Date(Date.now() - 1_000) },
    { claims: { role: 'ROOT' } },
  ]) {
    expect(await refused(await stack.signToken(options))).toEqual(UNAUTHENTICATED);
  }
});

test('A16: an unknown or path-like kid is refused, and a flood of them asks for the keys once in 5 s at most', async () => {
  const { privateKey: key } = await generateKeyPair('EdDSA');
  for (const kid of ['key-2', '../../dev/null', '/etc/passwd', 'http://evil.example/jwks.json', "' or 1=1"]) {
    expect(await refused(await stack.signToken({ header: { kid }, key }))).toEqual(UNAUTHENTICATED);
  }
  expect(await refused(await stack.signToken({ key }))).toEqual(UNAUTHENTICATED);
  const before = stack.keyDownloads();
  const forged = await stack.signToken({ header: { kid: 'key-3' }, key });
  await Promise.all(Array.from({ length: 50 }, () => refused(forged)));
  expect(stack.keyDownloads()).toBeLessThanOrEqual(before + 1);
});

test('what is no token at all is refused', async () => {
  for (const token of ['x', 'a.b.c', 'é', `x${'y'.repeat(9_000)}`]) {
    expect(await refused(encodeURIComponent(token))).toEqual(UNAUTHENTICATED);
  }
  const basic = await stack.ask('{ me { id } }', { headers: { authorization: 'Basic YWRhOmFkYQ==' } });
  expect(basic.status).toBe(401);
});

test('a token that was good once is refused when it has expired', async () => {
  const token = await stack.signToken({ expiresIn: new Date((now() + 2) * 1_000) });
  expect((await stack.ask('{ me { id } }', { token })).status).toBe(200);
  const restore = shiftClock(3_000);
  try {
    expect(await refused(token)).toEqual(UNAUTHENTICATED);
  } finally {
    restore();
  }
});

test('while the keys cannot be had, a token is neither good nor bad: UNAVAILABLE', async () => {
  const other = await startStack();
  try {
    const token = await other.signToken();
    await other.users.kill();
    const answer = await other.ask('{ paymentCount }', { token });
    expect([answer.status, answer.body.errors?.[0]?.extensions.code]).toEqual([503, 'UNAVAILABLE']);
    expect(answer.text).not.toMatch(/127\.0\.0\.1|fetch|ECONN/);
    expect((await other.ask('{ paymentCount }')).status).toBe(200);
    await other.users.start();
    expect((await other.ask('{ paymentCount }', { token })).status).toBe(200);
    // Known tokens need no keys any more.
    await other.users.kill();
    expect((await other.ask('{ paymentCount }', { token })).status).toBe(200);
    await other.users.start();
  } finally {
    await other.stop();
  }
});

test('the passport is minted again before it is half spent', async () => {
  const token = await stack.signToken();
  stack.users.requests.length = 0;
  const seen = () => stack.users.requests.map(({ headers }) => headers['x-guichet-passport']);
  await stack.ask('{ me { id } }', { token });
  await stack.ask('{ me { id } }', { token });
  const restore = shiftClock(31_000);
  await stack.ask('{ me { id } }', { token });
  restore();
  const [first, second, third] = seen();
  expect(second).toBe(first);
  expect(third).not.toBe(first);
});

test('A19: a passport that a client puts into connection_init ends at the gateway', async () => {
  stack.shop.orders.set('o1', { id: 'o1', status: 'PAID', owner: 'ada' });
  stack.orders.inits.length = 0;
  const client = stack.connect(await stack.signToken(), { passport: 'forged', 'x-user-id': 'admin' });
  const stop = await new Promise<() => void>(resolve => {
    const unsubscribe = client.subscribe(
      { query: 'subscription { orderUpdated(orderId: "o1") { status } }' },
      { next: () => resolve(unsubscribe), error: () => {}, complete: () => {} },
    );
  });
  stop();
  const [init] = stack.orders.inits;
  expect(Object.keys(init!).sort()).toEqual(['correlationId', 'passport']);
  expect(await readPassport(init!.passport as string, DEVELOPMENT_INTERNAL_SECRET)).toEqual(ADA);
});
