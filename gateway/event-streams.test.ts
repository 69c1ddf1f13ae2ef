import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { createClient } from 'graphql-sse';
import { follow, type Live, told } from './testing/live.ts';
import { ADA, type Stack, send, startStack, until } from './testing/stack.ts';

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
