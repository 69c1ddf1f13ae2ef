import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { Client } from 'pg';
import { eventually } from '#shared/test/world.ts';
import { findFreePort } from '../free-port.ts';
import { removePostgresHome } from '../postgres/home.ts';
import { removeStackData } from './command.ts';
import { choosePorts, needsPostgres, type Ports, type Service, stackEnvironment } from './services.ts';
import { type Stack, type StackOptions, startStack } from './stack.ts';

const PATIENCE_SECONDS = 20;

let folder: string;
let directory: string;
let lines: string[];
let undo: (() => unknown)[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'guichet test '));
  directory = join(folder, '.guichet');
  lines = [];
  undo = [];
});
afterEach(async () => {
  for (const step of undo) await step();
  await removePostgresHome(join(directory, 'postgres'));
  await rm(folder, { recursive: true });
});

/** Stand-ins for services: each answers on its port and says when it stops. */
function fakeServices(ports: Ports, code: Record<string, string> = {}): Service[] {
  const service = (name: string, stage: number, needs: Service['needs']): Service => {
    const file = join(folder, `${name}.ts`);
    writeFileSync(
      file,
      code[name] ??
        `import { createServer } from 'node:http';
       createServer((_, response) => response.end()).listen(Number(process.env.${ports[name]!.variable}), '127.0.0.1');
       process.once('SIGTERM', () => { console.log('stopping'); process.exit(0); });`,
    );
    return {
      name,
      file,
      stage,
      needs,
      nodeArgs: [],
      folders: [],
      readyUrl: `http://127.0.0.1:${ports[name]!.port}/ready`,
    };
  };
  return [
    service('gateway', 1, 'nothing'),
    service('orders', 2, 'postgresql'),
    service('mailbox', 3, 'nothing'),
  ];
}

async function start(options: Partial<StackOptions> = {}, code: Record<string, string> = {}): Promise<Stack> {
  const ports = await choosePorts('free', {});
  const env = Object.fromEntries(Object.values(ports).map(({ variable, port }) => [variable, String(port)]));
  const stack = await startStack({
    directory,
    ports: 'default',
    fastPostgres: true,
    log: line => lines.push(stripVTControlCharacters(line)),
    services: (_, chosen) => fakeServices(chosen, code),
    ...options,
    env: { ...env, ...options.env },
  });
  undo.push(() => stack.stop());
  return stack;
}

const answers = (url: string) =>
  fetch(url).then(
    ({ ok }) => ok,
    () => false,
  );

test('everything starts, knows the others, and stops in the right order', async () => {
  const stack = await start();
  expect(await answers(stack.gatewayUrl)).toBe(true);
  expect(stack.env).toMatchObject({
    ORDERS_URL: stack.urls.orders!.replace('localhost', '127.0.0.1'),
    GATEWAY_URL: stack.urls.gateway,
    SMTP_URL: expect.stringMatching(/^smtp:\/\/127\.0\.0\.1:\d+$/),
  });
  const client = new Client({ connectionString: stack.databaseUrl('jobs') });
  await client.connect();
  await client.end();
  await stack.stop();
  expect(lines.filter(line => line.includes('stopping')).map(line => line.split(' ')[0])).toEqual([
    'gateway',
    'orders',
    'mailbox',
  ]);
  expect(existsSync(join(directory, 'stack.lock'))).toBe(false);
});

test('every taken port is named with its purpose, and nothing is started', async () => {
  const occupied = [await findFreePort(), await findFreePort()] as const;
  for (const port of occupied) {
    const occupant = createServer().listen(port, '127.0.0.1');
    undo.push(() => new Promise(resolve => occupant.close(resolve)));
  }
  const env = { GATEWAY_PORT: String(occupied[0]), POSTGRES_PORT: String(occupied[1]) };
  await expect(start({ env })).rejects.toThrow(
    `2 ports are taken:\n  - ${occupied[0]}, for the gateway (GATEWAY_PORT moves it)\n  - ${occupied[1]}, for PostgreSQL (POSTGRES_PORT moves it)`,
  );
  expect(existsSync(join(directory, 'postgres'))).toBe(false);
  expect(lines).toEqual([]);
});

test('a second stack on the same folder is refused, and so is removing its data', async () => {
  await start();
  await expect(start()).rejects.toThrow(`already runs on ${directory} (process ${process.pid})`);
  await expect(removeStackData(directory)).rejects.toThrow('already runs');
});

test('data can be removed after a stop', async () => {
  const stack = await start();
  await stack.stop();
  await removeStackData(directory);
  expect(existsSync(directory)).toBe(false);
});

test('a service that cannot start stops everything and gives its reason', async () => {
  const port = await findFreePort();
  const orders = "console.error('no such table'); process.exit(1);";
  await expect(start({ env: { GATEWAY_PORT: String(port) } }, { orders })).rejects.toThrow(
    /orders ended with exit code 1 before it was ready\.\s+no such table/,
  );
  expect(await answers(`http://127.0.0.1:${port}`)).toBe(false);
  expect(existsSync(join(directory, 'stack.lock'))).toBe(false);
});

test('a start can be given up', async () => {
  const giveUp = new AbortController();
  const starting = start({ signal: giveUp.signal });
  await eventually(() => existsSync(join(directory, 'postgres')), PATIENCE_SECONDS);
  giveUp.abort(new Error('given up'));
  await expect(starting).rejects.toThrow('given up');
  expect(existsSync(join(directory, 'stack.lock'))).toBe(false);
});

test('a crashed service and a crashed PostgreSQL come back', async () => {
  const stack = await start();
  const orders = stack.processes.get('orders')!;
  process.kill(orders.pid!, 'SIGKILL');
  await eventually(() => lines.some(line => line.includes('orders runs again')), PATIENCE_SECONDS);
  expect(await answers(stack.urls.orders!)).toBe(true);

  process.kill(stack.processes.get('postgresql')!.pid!, 'SIGKILL');
  await eventually(() => lines.some(line => line.includes('postgresql runs again')), PATIENCE_SECONDS);
  const client = new Client({ connectionString: stack.databaseUrl('orders') });
  await client.connect();
  await client.end();

  await stack.processes.get('gateway')!.kill();
  expect(await answers(stack.gatewayUrl)).toBe(false);
  await stack.processes.get('gateway')!.start();
  expect(await answers(stack.gatewayUrl)).toBe(true);
});

test('settings that are given win, and PostgreSQL is needed only where none is given', async () => {
  const ports = await choosePorts('default', { GATEWAY_PORT: '14000' });
  const given = {
    SMTP_URL: 'smtp://mail.example',
    ORDERS_DATABASE_URL: 'postgres://elsewhere/orders',
    SEED: '',
  };
  expect(stackEnvironment(given, ports, '/data')).toMatchObject({
    GATEWAY_PORT: '14000',
    GATEWAY_URL: 'http://localhost:14000',
    USERS_URL: 'http://127.0.0.1:4001',
    SMTP_URL: 'smtp://mail.example',
    ORDERS_DATABASE_URL: 'postgres://elsewhere/orders',
    USERS_DATABASE_URL: 'postgres://guichet:guichet@127.0.0.1:5434/users',
    STRIPE_API_URL: 'http://127.0.0.1:4010',
    SEED: 'true',
  });
  expect(stackEnvironment({ STRIPE_SECRET_KEY: 'sk_test_1' }, ports, '/data').STRIPE_API_URL).toBeUndefined();
  expect(needsPostgres(given)).toBe(true);
  const names = ['USERS', 'ORDERS', 'INVOICES', 'PAYMENTS', 'TICKETS', 'NOTIFICATIONS'];
  const all = Object.fromEntries(names.map(name => [`${name}_DATABASE_URL`, 'postgres://elsewhere/x']));
  expect(needsPostgres(all)).toBe(true);
  expect(needsPostgres({ ...all, REDIS_URL: 'redis://elsewhere' })).toBe(false);
});

describe('npm start', () => {
  async function runProgram(...args: string[]) {
    const ports = await choosePorts('free', {});
    const env = Object.fromEntries(
      Object.values(ports).map(({ variable, port }) => [variable, String(port)]),
    );
    const child: ChildProcess = spawn(
      process.execPath,
      [
        join(import.meta.dirname, 'stack.ts'),
        '--only',
        'postgresql,mailbox',
        '--directory',
        directory,
        ...args,
      ],
      { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] },
    );
    undo.push(() => child.kill('SIGKILL'));
    let output = '';
    for (const stream of [child.stdout!, child.stderr!]) stream.on('data', chunk => (output += chunk));
    const exited = new Promise<number | null>(resolve => child.once('close', resolve));
    const ready = eventually(
      () => output.includes('Guichet is ready') || child.exitCode !== null,
      PATIENCE_SECONDS,
    ).then(() => {
      if (child.exitCode !== null) throw new Error(output);
    });
    return {
      child,
      exited,
      ready,
      output: () => output,
      mailbox: `http://127.0.0.1:${ports.mailbox!.port}/health`,
    };
  }

  test('tells where everything is, and Ctrl-C stops all of it', async () => {
    const program = await runProgram('--quiet');
    await program.ready;
    expect(program.output()).toMatch(
      /Mailbox +http:\/\/localhost:\d+\n[\s\S]*admin@guichet\.test +admin-guichet/,
    );
    expect(await answers(program.mailbox)).toBe(true);
    program.child.kill('SIGINT');
    program.child.kill('SIGINT'); // npm passes on what the terminal has sent already
    expect(await program.exited).toBe(0);
    expect(await answers(program.mailbox)).toBe(false);
    expect(existsSync(join(directory, 'postgres', 'data', 'postmaster.pid'))).toBe(false);
  });

  test('leaves nothing running when it is killed, and starts again on the same data', async () => {
    const first = await runProgram();
    await first.ready;
    const lock = JSON.parse(await readFile(join(directory, 'stack.lock'), 'utf8'));
    expect(lock.pid).toBe(first.child.pid);
    first.child.kill('SIGKILL');
    await eventually(async () => {
      return (
        !(await answers(first.mailbox)) && !existsSync(join(directory, 'postgres', 'data', 'postmaster.pid'))
      );
    }, PATIENCE_SECONDS);
    const second = await runProgram();
    await second.ready;
    second.child.kill('SIGTERM');
    expect(await second.exited).toBe(0);
  });

  test('refuses what it does not understand and explains itself', async () => {
    const program = await runProgram('--frsh');
    program.ready.catch(() => undefined);
    expect(await program.exited).toBe(1);
    expect(program.output()).toMatch(/Unknown option '--frsh'[\s\S]*--fresh +remove all data first/);
  });
});
