import { createServer } from 'node:http';
import { connect, createServer as createTcpServer, isIPv6 } from 'node:net';
import { networkInterfaces } from 'node:os';
import { afterEach, expect, test } from '@jest/globals';
import { eventually } from '../test/world.ts';
import { type Listening, LOOPBACK, listen } from './listen.ts';

const addresses = Object.values(networkInterfaces()).flatMap(list => list ?? []);
const hasIpv6 = addresses.some(({ address }) => address === '::1');
/** What other machines reach this one by. Link-local addresses need a scope, and are no other case. */
const outside = addresses
  .filter(({ internal, address }) => !internal && !address.startsWith('fe80'))
  .map(({ address }) => address);

const running: Listening[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map(server => server.close()));
});

async function start(host: string | undefined, port = 0) {
  const server = createServer((_req, res) => res.end('here'));
  const listening = await listen(server, port, host);
  running.push(listening);
  return { server, listening };
}

const ask = (host: string, port: number) =>
  fetch(`http://${isIPv6(host) ? `[${host}]` : host}:${port}/`, { headers: { connection: 'close' } }).then(
    answer => answer.text(),
    error => String(error.cause?.code),
  );

test('on localhost, 127.0.0.1, ::1 and the name answer, and no address that others reach', async () => {
  const { listening } = await start(LOOPBACK);
  for (const host of ['127.0.0.1', 'localhost', ...(hasIpv6 ? ['::1'] : [])])
    expect([host, await ask(host, listening.port)]).toEqual([host, 'here']);
  for (const host of outside) expect([host, await ask(host, listening.port)]).toEqual([host, 'ECONNREFUSED']);
});

test('without a host every address answers, with one that address alone', async () => {
  const everywhere = await start(undefined);
  const alone = await start('127.0.0.1');
  for (const host of outside) {
    expect([host, await ask(host, everywhere.listening.port)]).toEqual([host, 'here']);
    expect([host, await ask(host, alone.listening.port)]).toEqual([host, 'ECONNREFUSED']);
  }
  expect(await ask('127.0.0.1', alone.listening.port)).toBe('here');
});

test('a port that is taken on either loopback address is refused, and nothing is left listening', async () => {
  if (!hasIpv6) return;
  const occupant = createTcpServer();
  const port = await new Promise<number>(resolve =>
    occupant.listen(0, '::1', () => resolve((occupant.address() as { port: number }).port)),
  );
  try {
    await expect(start(LOOPBACK, port)).rejects.toThrow('EADDRINUSE');
    expect(await ask('127.0.0.1', port)).toBe('ECONNREFUSED');
  } finally {
    await new Promise(resolve => occupant.close(resolve));
  }
});

test.each(hasIpv6 ? ['127.0.0.1', '::1'] : ['127.0.0.1'])(
  'closing waits for the request that runs over %s, and takes no more',
  async host => {
    const { server, listening } = await start(LOOPBACK);
    server.removeAllListeners('request');
    const arrived = Promise.withResolvers<() => void>();
    server.on('request', (_req, res) => arrived.resolve(() => res.end('late')));
    const socket = connect(listening.port, host);
    let said = '';
    socket.on('data', chunk => (said += chunk));
    socket.write('GET / HTTP/1.1\r\nhost: here\r\nconnection: close\r\n\r\n');
    const answer = await arrived.promise;
    let closed = false;
    const closing = listening.close().then(() => (closed = true));
    expect(await ask(host, listening.port)).toBe('ECONNREFUSED');
    expect(closed).toBe(false);
    answer();
    await closing;
    await eventually(() => said.endsWith('late'));
  },
);
