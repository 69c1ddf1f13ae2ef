import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { WebSocket } from 'ws';
import { type Stack, send, startStack, until } from '../test/stack.ts';

let stack: Stack;
beforeAll(async () => {
  stack = await startStack({ CORS_ORIGINS: 'https://shop.example' });
  stack.shop.orders.set('o1', { id: 'o1', status: 'RESERVED', owner: 'ada' });
});
afterAll(() => stack.stop());

/** A socket spoken to in raw protocol messages. */
async function open(options: { origin?: string; url?: string } = {}) {
  const socket = new WebSocket(options.url ?? stack.gateway.wsUrl, 'graphql-transport-ws', {
    ...(options.origin && { origin: options.origin }),
  });
  const messages: { type: string; id?: string }[] = [];
  const closed = new Promise<{ code: number; at: number }>(resolve =>
    socket.on('close', code => resolve({ code, at: Date.now() })),
  );
  socket.on('message', data => messages.push(JSON.parse(String(data))));
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
  return {
    socket,
    messages,
    closed,
    say: (message: object) => socket.send(JSON.stringify(message)),
    heard: (type: string) => until(type, () => messages.find(message => message.type === type)),
  };
}

const live = { query: 'subscription { orderUpdated(orderId: "o1") { status } }' };

test('A22: no connection_init within 3 s closes 4408', async () => {
  const { closed } = await open();
  expect((await closed).code).toBe(4408);
});

test('A22: two connection_init close 4429', async () => {
  const { say, closed } = await open();
  say({ type: 'connection_init' });
  say({ type: 'connection_init' });
  expect((await closed).code).toBe(4429);
});

test('A22: a subscription before the acknowledgement closes 4401', async () => {
  const { say, closed } = await open();
  say({ type: 'subscribe', id: '1', payload: live });
  expect((await closed).code).toBe(4401);
});

test('A22: a second subscription of the same id closes 4409', async () => {
  const { say, closed, heard } = await open();
  say({ type: 'connection_init', payload: { authorization: `Bearer ${await stack.signToken()}` } });
  await heard('connection_ack');
  say({ type: 'subscribe', id: '1', payload: live });
  say({ type: 'subscribe', id: '1', payload: live });
  expect((await closed).code).toBe(4409);
  await until('no watcher', () => stack.shop.watchers('o1') === 0);
});

test('A22: a foreign Origin is answered 403, our own and the listed ones are let in', async () => {
  await expect(open({ origin: 'https://evil.example' })).rejects.toThrow('403');
  await expect(open({ origin: 'null' })).rejects.toThrow('403');
  for (const origin of ['https://shop.example', stack.gateway.url]) {
    const { socket, closed } = await open({ origin });
    socket.close();
    await closed;
  }
});

test('A22: a message over 64 kB closes the socket', async () => {
  const { say, closed } = await open();
  say({ type: 'connection_init', payload: { filler: 'x'.repeat(64_000) } });
  expect((await closed).code).toBe(1009);
});

test('a WebSocket at another address is answered 404', async () => {
  await expect(open({ url: stack.gateway.wsUrl.replace('/graphql', '/other') })).rejects.toThrow('404');
});

test('a token that is not valid closes 4403, whatever the case of the key', async () => {
  for (const key of ['authorization', 'Authorization', 'AUTHORIZATION']) {
    const { say, closed } = await open();
    say({ type: 'connection_init', payload: { [key]: 'Bearer nonsense' } });
    expect((await closed).code).toBe(4403);
  }
});

test('a token that expires closes 4403 within 2 s and ends its subscriptions', async () => {
  const expiry = Math.ceil(Date.now() / 1000) + 1;
  const { say, closed, heard } = await open();
  say({
    type: 'connection_init',
    payload: { Authorization: `Bearer ${await stack.signToken({ expiresIn: new Date(expiry * 1000) })}` },
  });
  await heard('connection_ack');
  say({ type: 'subscribe', id: '1', payload: live });
  await heard('next');
  const { code, at } = await closed;
  expect(code).toBe(4403);
  expect(at).toBeGreaterThanOrEqual(expiry * 1000 - 5);
  expect(at).toBeLessThan(expiry * 1000 + 2_000);
  await until('no watcher', () => stack.shop.watchers('o1') === 0);
});

test('a socket carries 200 operations at a time; one more is refused with a reason, and the others go on', async () => {
  const { say, heard, messages, socket } = await open();
  say({ type: 'connection_init', payload: { authorization: `Bearer ${await stack.signToken()}` } });
  await heard('connection_ack');
  for (let id = 1; id <= 201; id++) say({ type: 'subscribe', id: String(id), payload: live });
  expect(await heard('error')).toMatchObject({
    id: '201',
    payload: [{ message: expect.stringContaining('200'), extensions: { code: 'BAD_USER_INPUT' } }],
  });
  await until('all others', () => messages.filter(({ type }) => type === 'next').length === 200);
  say({ type: 'complete', id: '1' });
  say({ type: 'subscribe', id: '202', payload: live });
  await until('one in its place', () => messages.some(({ id, type }) => id === '202' && type === 'next'));
  socket.terminate();
  await until('no watcher', () => stack.shop.watchers('o1') === 0);
});

test('a client that does not read costs bounded memory, and gets the newest state when it reads again', async () => {
  const order = { id: 'slow', status: 'NEW', owner: 'ada' };
  stack.shop.orders.set(order.id, order);
  const payload = { query: 'subscription { orderUpdated(orderId: "slow") { status } }' };
  const token = await stack.signToken();
  const slow = await open();
  const quick = await open();
  for (const { say, heard } of [slow, quick]) {
    say({ type: 'connection_init', payload: { authorization: `Bearer ${token}` } });
    await heard('connection_ack');
    say({ type: 'subscribe', id: '1', payload });
    await heard('next');
  }
  slow.socket.pause();
  const filler = 'x'.repeat(200_000);
  for (let i = 1; i <= 100; i++) {
    order.status = `${i} ${filler}`;
    stack.shop.changed(order.id);
    await until('quick is told', () => quick.messages.length === i + 2);
  }
  slow.socket.resume();
  const last = await until('the newest', () =>
    slow.messages.find(message => JSON.stringify(message).includes('"100 x')),
  );
  expect(last).toEqual(quick.messages.at(-1));
  expect(slow.messages.length).toBeLessThan(quick.messages.length);
  const metrics = await send(stack.gateway, '/metrics');
  expect(metrics.text).toMatch(/guichet_live_skipped_total\S* [1-9]/);
  for (const { socket } of [slow, quick]) socket.terminate();
});

test('the gateway closes its sockets with 1001 when it stops, and keeps nothing open behind them', async () => {
  const other = await startStack();
  other.shop.orders.set('o1', { id: 'o1', status: 'RESERVED', owner: 'ada' });
  const { say, closed, heard } = await open({ url: other.gateway.wsUrl });
  say({ type: 'connection_init', payload: { authorization: `Bearer ${await other.signToken()}` } });
  await heard('connection_ack');
  say({ type: 'subscribe', id: '1', payload: live });
  await heard('next');
  await other.gateway.stop();
  expect((await closed).code).toBe(1001);
  await until('no upstream', () => other.orders.sockets() === 0);
  await expect(send(other.gateway, '/health')).rejects.toThrow();
  await other.stop();
});
