/** What a caller without a passport can reach in our processes, and how it can affect them. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { connect, isIPv6, type Socket } from 'node:net';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, jest, test } from '@jest/globals';
import { WebSocket } from 'ws';
import { CORRELATION_HEADER, mintPassport, PASSPORT_HEADER } from '#shared/kernel/passport.ts';
import { DEVELOPMENT_INTERNAL_SECRET, type Environment } from '#shared/kernel/settings.ts';
import { testEnvironment } from '#shared/test/world.ts';
import { startMailbox } from '../../dev/mailbox/mailbox.ts';
import { startStripeSandbox } from '../../dev/stripe-sandbox/server.ts';
import { signWebhook } from '../../dev/stripe-sandbox/webhooks.ts';
import { startGateway } from '../../gateway/server.ts';
import { startInvoices } from '../../subgraphs/invoices/server.ts';
import { startPayments } from '../../subgraphs/payments/server.ts';
import { eventually } from '../world.ts';

/** The resources that a test has started; the last is stopped first. */
const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
});

const MEGABYTE = 1_000_000;
// Starting processes and sending megabytes to them may take long on a busy machine.
jest.setTimeout(120_000);

/** The users subgraph as a process of its own, because the memory of a jest worker is not that of a subgraph. */
async function launchUsers() {
  const { env, drop } = await testEnvironment('users', { LOG_LEVEL: 'info' });
  const child = spawn(process.execPath, [join(import.meta.dirname, '../../subgraphs/users/server.ts')], {
    env: { PATH: process.env.PATH, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  let said = '';
  child.stdout.on('data', chunk => (said += chunk));
  const port = await eventually(() => Number(/"port":(\d+).*"msg":"ready"/.exec(said)?.[1]) || null, 60);
  return {
    port,
    /** The most bytes of memory that it has used so far; 0 where the system does not report this. */
    peak() {
      const file = `/proc/${child.pid}/status`;
      if (!existsSync(file)) return 0;
      return Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(file, 'utf8'))?.[1]) * 1024;
    },
    async stop() {
      child.kill('SIGKILL');
      await exited;
      await drop();
    },
  };
}

let users: Awaited<ReturnType<typeof launchUsers>>;
beforeAll(async () => {
  users = await launchUsers();
});
afterAll(() => users?.stop());

const UPGRADE = [
  'GET /graphql HTTP/1.1',
  'host: users',
  'connection: upgrade',
  'upgrade: websocket',
  'sec-websocket-version: 13',
  'sec-websocket-key: bm8gcGFzc3BvcnQgaGVyZQ==',
  'sec-websocket-protocol: graphql-transport-ws',
  '\r\n',
].join('\r\n');
const TEXT = 0x01;
const CONTINUATION = 0x00;
const FINAL = 0x80;

/** The first bytes of a client's frame, masked with zeros. */
function frame(opcode: number, length: number): Buffer {
  const head = Buffer.alloc(14);
  head[0] = opcode;
  head[1] = 0x80 | 127;
  head.writeBigUInt64BE(BigInt(length), 2);
  return head;
}

/** Sends bytes over a WebSocket of its own and ignores the protocol. Returns the code with which it is closed. */
async function attack(port: number, parts: Iterable<Buffer>): Promise<number | undefined> {
  const socket: Socket = connect(port, '127.0.0.1');
  let received = Buffer.alloc(0);
  const closed = new Promise(resolve => socket.once('close', resolve));
  socket.on('error', () => {}); // cut off in the middle of a frame
  socket.on('data', chunk => (received = Buffer.concat([received, chunk])));
  socket.write(UPGRADE);
  const code = () => {
    const start = received.indexOf('\r\n\r\n') + 4;
    const close = received.indexOf(0x88, start);
    return start > 3 && close > 0 && received.length >= close + 4
      ? received.readUInt16BE(close + 2)
      : undefined;
  };
  for (const part of parts) {
    if (code() || socket.destroyed) break;
    if (!socket.write(part)) await Promise.race([once(socket, 'drain').catch(() => {}), closed]);
  }
  const told = await eventually(() => code() ?? (socket.destroyed ? -1 : null), 60);
  socket.destroy();
  return told;
}

const CHUNK = Buffer.alloc(65_536, ' ');
function* bytes(count: number) {
  for (let left = count; left > 0; left -= CHUNK.length)
    yield CHUNK.subarray(0, Math.min(left, CHUNK.length));
}
function* oneFrame(length: number, sent = length) {
  yield frame(FINAL | TEXT, length);
  yield* bytes(sent);
}
function* fragments(count: number, length: number) {
  for (let i = 0; i < count; i++) {
    yield frame(i === 0 ? TEXT : CONTINUATION, length);
    yield* bytes(length);
  }
}

test('A28: frames of 90 MB before the passport are closed with 1009, and the process does not grow', async () => {
  const { port, peak } = users;
  const before = peak();
  const codes = await Promise.all([
    attack(port, oneFrame(90 * MEGABYTE)),
    attack(port, oneFrame(90 * MEGABYTE)),
    attack(port, oneFrame(90 * MEGABYTE)),
    attack(port, fragments(90, MEGABYTE)),
  ]);
  expect(peak() - before).toBeLessThan(100 * MEGABYTE);
  expect(codes).toEqual([1009, 1009, 1009, 1009]);
  expect((await fetch(`http://127.0.0.1:${port}/health`)).status).toBe(200);
});

test('A28: two hundred sockets that each keep back the end of their first message hold next to nothing', async () => {
  const { port, peak } = users;
  const before = peak();
  const codes = await Promise.all(
    Array.from({ length: 200 }, () => attack(port, oneFrame(1.9 * MEGABYTE, 1.8 * MEGABYTE))),
  );
  expect(peak() - before).toBeLessThan(100 * MEGABYTE);
  // On a busy machine the time limit for the passport may end first.
  for (const code of codes) expect([1009, 4408]).toContain(code);
});

test('a socket that shows no passport in time is closed with 4408', async () => {
  const { port } = users;
  expect(await attack(port, [])).toBe(4408);
});

test('after the passport a message may be as big as a request', async () => {
  const { port } = users;
  const socket = new WebSocket(`ws://127.0.0.1:${port}/graphql`, 'graphql-transport-ws');
  undo.push(() => socket.terminate());
  const closed = once(socket, 'close');
  await once(socket, 'open');
  const receive = async () => JSON.parse(String((await once(socket, 'message'))[0]));
  const passport = await mintPassport(null, DEVELOPMENT_INTERNAL_SECRET);
  socket.send(JSON.stringify({ type: 'connection_init', payload: { passport } }));
  expect(await receive()).toMatchObject({ type: 'connection_ack' });
  const ping = (size: number) => JSON.stringify({ type: 'ping', payload: { text: 'x'.repeat(size) } });
  for (let i = 0; i < 3; i++) {
    socket.send(ping(MEGABYTE));
    expect((await receive()).type).toBe('pong');
  }
  socket.send(ping(2 * MEGABYTE));
  expect((await closed)[0]).toBe(1009);
});

async function startPublicPayments(extra: Environment = {}) {
  const environment = await testEnvironment('payments', {
    PAYMENTS_PUBLIC_PORT: '0',
    WORKERS: 'off',
    ...extra,
  });
  undo.push(environment.drop);
  const payments = await startPayments(environment.env);
  undo.push(() => payments.stop());
  return { ...environment, payments, outside: `http://127.0.0.1:${payments.publicPort}` };
}

test('from outside webhooks are taken, and nothing else of the subgraph answers', async () => {
  const { payments, outside, sql } = await startPublicPayments();
  const graphql = {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      [PASSPORT_HEADER]: await mintPassport(null, DEVELOPMENT_INTERNAL_SECRET),
    },
    body: '{"query":"{ __typename }"}',
  };
  const paths = ['/graphql', '/health', '/ready', '/metrics', '/', '//', '/webhooks', '/webhooks/other'];
  for (const path of paths) {
    for (const init of [{}, graphql]) {
      const { status } = await fetch(outside + path, init);
      expect([path, status]).toEqual([path, 404]);
    }
  }
  // The control: the internal address serves them.
  for (const path of ['/health', '/ready', '/metrics'])
    expect([path, (await fetch(payments.url + path)).status]).toEqual([path, 200]);
  expect((await fetch(`${payments.url}/graphql`, graphql)).status).toBe(200);
  const socket = new WebSocket(`${outside.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
  const [refused] = await once(socket, 'error');
  expect(refused.message).toContain('404');

  const body = JSON.stringify({
    id: 'evt_outside',
    object: 'event',
    type: 'customer.created',
    data: { object: {} },
  });
  const post = (signature: string) =>
    fetch(`${outside}/webhooks/stripe`, {
      method: 'POST',
      headers: { 'stripe-signature': signature, [CORRELATION_HEADER]: 'forged' },
      body,
    });
  expect((await post('t=1,v1=00')).status).toBe(400);
  expect((await post(signWebhook(body, 'whsec_guichet_development'))).status).toBe(200);
  const [told] = await sql("select envelope ->> 'correlationid' as id from outbox");
  expect(told!.id).toMatch(/^[0-9a-f-]{36}$/);

  await payments.stop();
  await expect(fetch(`${outside}/webhooks/stripe`)).rejects.toThrow('fetch failed');
});

test('from outside files are served to who has a signed address', async () => {
  const environment = await testEnvironment('invoices', { INVOICES_PUBLIC_PORT: '0', WORKERS: 'off' });
  undo.push(environment.drop);
  const invoices = await startInvoices(environment.env);
  undo.push(() => invoices.stop());
  const outside = `http://127.0.0.1:${invoices.publicPort}`;
  expect((await fetch(`${outside}/files/invoices/1.pdf`)).status).toBe(403);
  expect((await fetch(`${outside}/metrics`)).status).toBe(404);
});

/**
 * The addresses by which other machines reach this one. Link-local addresses are left out: they need a scope, and add
 * no case.
 */
const addresses = Object.values(networkInterfaces())
  .flatMap(list => list ?? [])
  .filter(({ internal, address }) => !internal && !address.startsWith('fe80'))
  .map(({ address }) => address);

/** True when a process listens at the address. */
async function answers(host: string, port: number): Promise<boolean> {
  const socket = connect(port, host);
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

/** Every kind of program that listens, by the port that it took. */
async function startAll(env: Environment): Promise<Record<string, number>> {
  const { payments } = await startPublicPayments(env);
  const gateway = await startGateway({ GATEWAY_PORT: '0', LOG_LEVEL: 'silent', ...env });
  undo.push(() => gateway.stop());
  const host = env.HOST ? { host: env.HOST } : {};
  const sandbox = await startStripeSandbox({
    port: 0,
    webhookUrl: payments.url,
    webhookSecret: 'none',
    ...host,
  });
  undo.push(() => sandbox.stop());
  const mailbox = await startMailbox({ smtpPort: 0, httpPort: 0, ...host });
  undo.push(() => mailbox.stop());
  return {
    subgraph: payments.port,
    'for the outside': payments.publicPort!,
    gateway: gateway.port,
    sandbox: sandbox.port,
    smtp: mailbox.smtpPort,
    mailbox: Number(new URL(mailbox.url).port),
  };
}

test('in development nothing is reachable at an address that other machines know', async () => {
  const postgres = Number(new URL(process.env.GUICHET_TEST_POSTGRES!).port);
  const ports = { ...(await startAll({})), postgres };
  for (const [name, port] of Object.entries(ports)) {
    for (const host of ['127.0.0.1', 'localhost']) {
      expect([name, host, await answers(host, port)]).toEqual([name, host, true]);
    }
    for (const host of addresses)
      expect([name, host, await answers(host, port)]).toEqual([name, host, false]);
  }
});

test('with HOST everything is', async () => {
  const ports = await startAll({ HOST: '0.0.0.0' });
  for (const [name, port] of Object.entries(ports)) {
    for (const host of addresses.filter(address => !isIPv6(address)))
      expect([name, host, await answers(host, port)]).toEqual([name, host, true]);
  }
});
