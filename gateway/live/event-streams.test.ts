import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { createClient } from 'graphql-sse';
import { PASSPORT_HEADER, readPassport } from '#shared/kernel/passport.ts';
import { DEVELOPMENT_INTERNAL_SECRET } from '#shared/kernel/settings.ts';
import { follow, type Live, told } from '../test/live.ts';
import { ADA, type Stack, send, startStack, until } from '../test/stack.ts';

const ORDER = 'subscription ($id: ID!) { orderUpdated(orderId: $id) { status payments { status } } }';

let stack: Stack;
let token: string;
beforeEach(async () => {
  stack = await startStack();
  token = await stack.signToken();
  stack.shop.orders.set('o1', { id: 'o1', status: 'RESERVED', owner: 'ada' });
  stack.shop.payments.set('o1', [{ id: 'p1', status: 'PROCESSING' }]);
});
afterEach(() => stack.stop());

const connect = (bearer?: string, path = '/graphql/stream') =>
  createClient({
    url: stack.gateway.url + path,
    retryAttempts: 0,
    ...(bearer && { headers: { authorization: `Bearer ${bearer}` } }),
  });

function change(status: string) {
  stack.shop.orders.get('o1')!.status = status;
  stack.shop.changed('o1');
}

const statuses = ({ results }: Live) =>
  results.map(({ data }) => (data as { orderUpdated: { status: string } }).orderUpdated.status);

/** One operation as a stream, read to its end. */
const stream = (search: string, init: RequestInit = {}) =>
  send(stack.gateway, `/graphql/stream${search}`, init);
const post = (body: object, headers: Record<string, string> = {}) =>
  stream('', {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });

test('a live operation comes as an event stream, at both addresses, and shares its upstream with WebSockets', async () => {
  const lives = [
    follow(connect(token), ORDER, { id: 'o1' }),
    follow(connect(token, '/graphql'), ORDER, { id: 'o1' }),
    follow(stack.connect(token), ORDER, { id: 'o1' }),
  ];
  for (const live of lives) await told(live, 1);
  change('PAID');
  for (const live of lives) await told(live, 2);
  expect(stack.shop.watchers('o1')).toBe(1);
  for (const live of lives) {
    expect(statuses(live)).toEqual(['RESERVED', 'PAID']);
    live.stop();
  }
  await until('no watcher', () => stack.shop.watchers('o1') === 0);
});

test('queries and mutations come as one result and complete', async () => {
  const lives = [
    follow(connect(token), '{ me { id } orders { status } }'),
    follow(connect(token), 'mutation { rename(displayName: "Augusta") { displayName } }'),
  ];
  for (const live of lives) await until('completed', () => live.completed);
  expect(lives.map(({ results }) => results)).toEqual([
    [{ data: { me: { id: 'ada' }, orders: [{ status: 'RESERVED' }] } }],
    [{ data: { rename: { displayName: 'Augusta' } } }],
  ]);
});

test('a stream that the subgraph ends is completed', async () => {
  const answer = await post({ query: 'subscription { availabilityChanged(eventId: "e1") { available } }' });
  expect(answer.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
  expect(answer.headers.get('cache-control')).toBe('no-store');
  expect(answer.text).toBe(
    ':\n\nevent: next\ndata: {"data":{"availabilityChanged":[{"available":3}]}}\n\nevent: complete\ndata:\n\n',
  );
});

test('an operation over the limits or against the schema is refused within the stream, with the correlation id', async () => {
  const deep = `{ orders ${'{ related '.repeat(20)} { id } ${'}'.repeat(20)} }`;
  for (const query of ['subscription { orderUpdated(orderId: "o1") { nope } }', deep, '{', undefined]) {
    const answer = await post({ query }, { 'x-correlation-id': 'stream-1' });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('x-correlation-id')).toBe('stream-1');
    expect(answer.text).toMatch(/^:\n\nevent: next\ndata: \{"errors":\[.*\n\nevent: complete\ndata:\n\n$/);
  }
});

test('I11: a stranger’s order is refused, and what goes wrong behind is masked', async () => {
  const stranger = follow(connect(await stack.signToken({ viewer: { ...ADA, id: 'eve' } })), ORDER, {
    id: 'o1',
  });
  await until('completed', () => stranger.completed);
  expect(stranger.results[0]!.errors?.[0]?.extensions?.code).toBe('NOT_FOUND');
  const faulty = await post({ query: '{ uncoded }' }, { 'x-correlation-id': 'stream-2' });
  expect(faulty.text).toContain('stream-2');
  expect(faulty.text).not.toMatch(/secret_table/);
});

test('a token that is not valid is 401, a mutation by GET 405, another method 405', async () => {
  const invalid = await post({ query: '{ me { id } }' }, { authorization: 'Bearer nonsense' });
  expect([invalid.status, invalid.body.errors?.[0]?.extensions.code]).toEqual([401, 'UNAUTHENTICATED']);
  expect(invalid.headers.get('www-authenticate')).toContain('Bearer');
  const query = encodeURIComponent('mutation { rename(displayName: "x") { id } }');
  const headers = { 'apollo-require-preflight': '1', authorization: `Bearer ${token}` };
  const mutation = await stream(`?query=${query}`, { headers });
  expect([mutation.status, mutation.headers.get('allow')]).toEqual([405, 'POST']);
  expect(stack.users.requests).toEqual([]);
  expect((await stream('', { method: 'PUT' })).status).toBe(405);
});

test('A12: what a foreign page can send without asking first is refused', async () => {
  const query = encodeURIComponent('subscription { availabilityChanged(eventId: "e1") { available } }');
  expect((await stream(`?query=${query}`, { headers: { accept: 'text/event-stream' } })).status).toBe(400);
  const allowed = await stream(`?query=${query}`, { headers: { 'apollo-require-preflight': '1' } });
  expect(allowed.text).toContain('"available":3');
  for (const type of ['text/plain', 'application/x-www-form-urlencoded']) {
    const body = JSON.stringify({ query: '{ me { id } }' });
    expect((await stream('', { method: 'POST', headers: { 'content-type': type }, body })).status).toBe(400);
  }
});

test('malformed requests are 400, and a body over the limit 413', async () => {
  const bodies: [string, number][] = [
    ['{', 400],
    ['[]', 400],
    ['{"query":1}', 400],
    ['{"query":"{ me { id } }","variables":[]}', 400],
    [`{"query":"${'x'.repeat(100_000)}"}`, 413],
  ];
  for (const [body, status] of bodies) {
    const answer = await stream('', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    });
    expect([answer.status, answer.body.errors?.[0]?.extensions.code]).toEqual([status, 'BAD_REQUEST']);
  }
  const headers = { 'apollo-require-preflight': '1' };
  expect((await stream('?query={me{id}}&variables={', { headers })).status).toBe(400);
});

test('each viewer or address has so many streams open at a time; one more is 429, and one that ends makes room', async () => {
  const limited = await startStack({ STREAM_LIMIT: '2', TRUST_PROXY: 'true' });
  try {
    const { shop } = limited;
    shop.orders.set('o1', { id: 'o1', status: 'RESERVED', owner: 'ada' });
    shop.available.set('e2', 7);
    const OPEN = 'subscription ($id: ID!) { availabilityChanged(eventId: $id) { available } }';
    const bearer = await limited.signToken();
    const url = `${limited.gateway.url}/graphql/stream`;
    const as = (headers: Record<string, string>) => createClient({ url, retryAttempts: 0, headers });
    const ada = { authorization: `Bearer ${bearer}` };
    const refusal = (headers: Record<string, string>) =>
      send(limited.gateway, '/graphql/stream', {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify({ query: OPEN, variables: { id: 'e2' } }),
      });
    const expectRefusal = async (headers: Record<string, string>) => {
      const { status, body, headers: told } = await refusal(headers);
      expect([status, told.get('retry-after')]).toEqual([429, '5']);
      expect(body.errors).toEqual([
        {
          message: expect.stringContaining('No more than 2 event streams at a time'),
          extensions: { code: 'RATE_LIMITED', retryAfter: 5 },
        },
      ]);
    };

    const lives = [follow(as(ada), ORDER, { id: 'o1' }), follow(as(ada), OPEN, { id: 'e2' })];
    for (const live of lives) await told(live, 1);
    await expectRefusal(ada);
    await expectRefusal({ ...ada, 'x-forwarded-for': '198.51.100.9' });
    // What is no live operation needs no place, and a WebSocket has its own.
    const query = follow(as(ada), '{ me { id } }');
    await until('completed', () => query.completed);
    expect(query.results).toEqual([{ data: { me: { id: 'ada' } } }]);
    const socket = follow(limited.connect(bearer), OPEN, { id: 'e2' });
    await told(socket, 1);

    for (const address of ['198.51.100.1', '198.51.100.2']) {
      const anonymous = { 'x-forwarded-for': address };
      for (let i = 0; i < 2; i++) {
        const live = follow(as(anonymous), OPEN, { id: 'e2' });
        await told(live, 1);
        lives.push(live);
      }
      await expectRefusal(anonymous);
    }

    lives[0]!.stop();
    await until('it has ended', () => shop.watchers('o1') === 0);
    const next = follow(as(ada), OPEN, { id: 'e2' });
    await told(next, 1);
    await expectRefusal(ada);
    // One that the subgraph completes ends, too.
    next.stop();
    for (let i = 0; i < 5; i++) {
      const brief = await until('a place', async () => {
        const live = follow(as(ada), OPEN, { id: 'e1' });
        await until('ended', () => live.completed || live.errors);
        return live.completed ? live : undefined;
      });
      expect(brief.results).toEqual([{ data: { availabilityChanged: [{ available: 3 }] } }]);
    }
    for (const live of [...lives, socket]) live.stop();
  } finally {
    await limited.stop();
  }
});

test('over event streams, too, the rate limit is 429 with Retry-After', async () => {
  const limited = await startStack({ RATE_LIMIT: '1' });
  try {
    const ask = () =>
      send(limited.gateway, '/graphql/stream', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: '{"query":"{ paymentCount }"}',
      });
    expect((await ask()).status).toBe(200);
    const { status, headers, body } = await ask();
    expect([status, body.errors?.[0]?.extensions.code]).toEqual([429, 'RATE_LIMITED']);
    expect(headers.get('retry-after')).toBe(String(body.errors![0]!.extensions.retryAfter));
  } finally {
    await limited.stop();
  }
});

test('A19: identity headers of the client end at the gateway', async () => {
  stack.orders.inits.length = 0;
  const forged = { 'x-guichet-passport': 'forged', 'x-user-id': 'admin', cookie: 'session=1' };
  const headers = { ...forged, authorization: `Bearer ${token}` };
  const live = follow(
    createClient({ url: `${stack.gateway.url}/graphql/stream`, retryAttempts: 0, headers }),
    ORDER,
    { id: 'o1' },
  );
  await told(live, 1);
  const [init] = stack.orders.inits;
  expect(Object.keys(init!).sort()).toEqual(['correlationId', 'passport']);
  expect(await readPassport(init!.passport as string, DEVELOPMENT_INTERNAL_SECRET)).toEqual(ADA);
  for (const { headers } of stack.payments.requests) {
    expect(await readPassport(headers[PASSPORT_HEADER] as string, DEVELOPMENT_INTERNAL_SECRET)).toEqual(ADA);
    expect(headers).not.toHaveProperty('x-user-id');
    expect(headers).not.toHaveProperty('cookie');
  }
  live.stop();
});

test('a token that expires completes the stream within 2 s', async () => {
  const expiry = Math.ceil(Date.now() / 1000) + 1;
  const short = await stack.signToken({ expiresIn: new Date(expiry * 1000) });
  const live = follow(connect(short), ORDER, { id: 'o1' });
  await told(live, 1);
  await until('completed', () => live.completed);
  expect(Date.now()).toBeGreaterThanOrEqual(expiry * 1000 - 5);
  expect(Date.now()).toBeLessThan(expiry * 1000 + 2_000);
  await until('no watcher', () => stack.shop.watchers('o1') === 0);
});

test('a client that vanishes takes its upstream with it', async () => {
  const req = request(`${stack.gateway.url}/graphql/stream`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
  });
  req.on('error', () => {});
  req.end(JSON.stringify({ query: ORDER, variables: { id: 'o1' } }));
  await until('a watcher', () => stack.shop.watchers('o1') === 1);
  req.destroy();
  await until('no watcher', () => stack.shop.watchers('o1') === 0);
});

test('a client that does not read gets the newest state when it reads again', async () => {
  const req = request(`${stack.gateway.url}/graphql/stream`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
  });
  req.end(JSON.stringify({ query: ORDER, variables: { id: 'o1' } }));
  const [response] = (await once(req, 'response')) as [IncomingMessage];
  const quick = follow(connect(token), ORDER, { id: 'o1' });
  await told(quick, 1);
  const filler = 'x'.repeat(200_000);
  for (let i = 1; i <= 100; i++) {
    change(`${i} ${filler}`);
    await told(quick, i + 1);
  }
  let text = '';
  response.on('data', data => {
    text += data;
  });
  await until('the newest', () => text.includes('"100 x'));
  expect(text.split('event: next').length).toBeLessThan(quick.results.length);
  response.on('error', () => {});
  req.destroy();
});

test('a restarted subgraph goes unnoticed', async () => {
  const live = follow(connect(token), ORDER, { id: 'o1' });
  await told(live, 1);
  await stack.orders.kill();
  stack.shop.orders.get('o1')!.status = 'PAID';
  await stack.orders.start();
  await told(live, 2);
  expect(statuses(live)).toEqual(['RESERVED', 'PAID']);
});

test('a gateway that stops ends its streams without complete, so that clients come back', async () => {
  const live = follow(connect(token), ORDER, { id: 'o1' });
  await told(live, 1);
  await stack.gateway.stop();
  await until('ended', () => live.errors);
  expect(live.completed).toBe(false);
  await until('no upstream', () => stack.orders.sockets() === 0);
});
