import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { stripVTControlCharacters } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { eventually } from '#shared/test/world.ts';
import { findFreePort } from '../free-port.ts';
import { startProcess } from './processes.ts';
import { type Supervised, supervise } from './supervisor.ts';

const PATIENCE_SECONDS = 20;

let folder: string;
let port: number;
let lines: string[];
let undo: (() => unknown)[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'guichet test '));
  port = await findFreePort();
  lines = [];
  undo = [];
});
afterEach(async () => {
  for (const step of undo) await step();
  await rm(folder, { recursive: true });
});

/** A service: says what it is told through its environment, then answers 200 and stops on SIGTERM. */
const SERVICE = `
  import { createServer } from 'node:http';
  console.log(process.env.SAYS ?? 'hello');
  createServer((_, response) => response.end()).listen(Number(process.env.PORT), '127.0.0.1');
  process.once('SIGTERM', () => { console.log('stopping'); process.exit(0); });`;

/** Ready, and in need of a restart. */
const AILING = `
  import { createServer } from 'node:http';
  createServer(({ url }, response) => {
    response.statusCode = url === '/health' ? 503 : 200;
    response.end('the pool is used up');
  }).listen(Number(process.env.PORT), '127.0.0.1');
  process.once('SIGTERM', () => process.exit(0));`;

async function start(code = SERVICE, env: Record<string, string> = {}) {
  const file = join(folder, 'service.ts');
  await writeFile(file, code);
  const started = startProcess({
    name: 'service',
    file,
    env: { ...process.env, PORT: String(port), ...env },
    readyUrl: `http://127.0.0.1:${port}/ready`,
    healthUrl: `http://127.0.0.1:${port}/health`,
    healthEveryMs: 50,
    sink: line => lines.push(stripVTControlCharacters(line)),
  });
  undo.push(() => started.stop());
  return started;
}

const answers = () =>
  fetch(`http://127.0.0.1:${port}`).then(
    ({ ok }) => ok,
    () => false,
  );

test('a process is ready once it answers, and stops in good order', async () => {
  const service = await start();
  await service.ready;
  expect(await answers()).toBe(true);
  await service.stop();
  expect(await service.exited).toBe('ended with exit code 0');
  expect(lines).toEqual(['service        | hello', 'service        | stopping']);
});

test('log entries become readable lines, and anything else passes through', async () => {
  const entry = {
    level: 'warn',
    time: '2026-11-20T19:00:01.234Z',
    name: 'users',
    msg: 'slow',
    orderId: 'o-1',
    ms: 12,
  };
  const failure = {
    level: 'error',
    msg: 'failed',
    err: { type: 'TypeError', message: 'no', stack: 'TypeError: no\n  at x' },
  };
  const service = await start(`console.log(${JSON.stringify(JSON.stringify(entry))});
    console.error(${JSON.stringify(JSON.stringify(failure))}); console.log('{half an entry');`);
  await service.exited;
  expect(service.lastLines).toHaveLength(5);
  expect(service.lastLines).toEqual(
    expect.arrayContaining([
      '19:00:01.234 warn slow orderId=o-1 ms=12',
      'TypeError: no',
      '  at x',
      '{half an entry',
    ]),
  );
});

test('a process that ends before it is ready tells with its last lines', async () => {
  const service = await start(`console.error('the reason'); process.exit(3);`);
  await expect(service.ready).rejects.toThrow(
    /service ended with exit code 3 before it was ready.\s+the reason/,
  );
});

test('a file that does not exist is told as well', async () => {
  const service = startProcess({
    name: 'nothing',
    file: join(folder, 'nothing.ts'),
    env: process.env,
    readyUrl: `http://127.0.0.1:${port}`,
    sink: line => lines.push(line),
  });
  await expect(service.ready).rejects.toThrow('Cannot find module');
});

test('a process dies with its parent, even with one that is killed', async () => {
  await writeFile(join(folder, 'service.ts'), SERVICE);
  const options = {
    name: 'service',
    file: join(folder, 'service.ts'),
    readyUrl: `http://127.0.0.1:${port}/`,
  };
  const script = `
    const { startProcess } = await import(${JSON.stringify(`${import.meta.dirname}/processes.ts`)});
    const env = { ...process.env, PORT: '${port}' };
    const started = startProcess({ ...${JSON.stringify(options)}, env, sink: () => undefined });
    await started.ready;
    console.log('ready');`;
  const parent = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  undo.push(() => parent.kill('SIGKILL'));
  await new Promise(resolve => createInterface({ input: parent.stdout }).once('line', resolve));
  expect(await answers()).toBe(true);
  parent.kill('SIGKILL');
  await eventually(async () => !(await answers()), PATIENCE_SECONDS);
});

describe('the supervisor', () => {
  let said: string[];
  let supervised: Supervised;
  beforeEach(() => {
    said = [];
    supervised = supervise(
      'service',
      () => start(),
      text => said.push(text),
    );
    undo.push(() => supervised.stop());
  });

  test('starts a crashed process again and says so with its last lines', async () => {
    await supervised.start();
    const first = supervised.pid!;
    process.kill(first, 'SIGKILL');
    await eventually(() => said.length === 2, PATIENCE_SECONDS);
    expect(said[0]).toMatch(/service was ended by SIGKILL. It is started again in 250 ms.*\s+hello/);
    expect(supervised.pid).not.toBe(first);
    expect(await answers()).toBe(true);
  });

  test('restarts a process that asks for it, by 503 at its health address', async () => {
    const ailing = supervise(
      'ailing',
      // The first one is ready, and unhealthy.
      () => start(said.length === 0 ? AILING : SERVICE),
      text => said.push(text),
    );
    undo.push(() => ailing.stop());
    await ailing.start();
    const first = ailing.pid;
    await eventually(() => said.at(-1) === 'ailing runs again.', PATIENCE_SECONDS);
    expect(said[0]).toMatch(/ailing ended with exit code 0. It is started again in 250 ms/);
    expect(lines.join()).toContain('It asks for a restart and is stopped: 503 the pool is used up');
    expect(ailing.pid).not.toBe(first);
  });

  test('leaves a process down that a test killed, until it is started', async () => {
    await supervised.start();
    await supervised.kill();
    expect(supervised.pid).toBeUndefined();
    expect(await answers()).toBe(false);
    await supervised.start();
    expect(await answers()).toBe(true);
    expect(said).toEqual([]);
  });

  test('restarts in good order, and two starts make one process', async () => {
    await Promise.all([supervised.start(), supervised.start()]);
    const first = supervised.pid;
    await supervised.restart();
    expect(supervised.pid).not.toBe(first);
    expect(lines.map(line => line.split('| ')[1])).toEqual(['hello', 'stopping', 'hello']);
  });

  test('keeps trying, ever more slowly, while the process cannot come up', async () => {
    await supervised.start();
    const occupied = `console.log('in the way'); process.exit(1);`;
    const broken = supervise(
      'broken',
      async () => start(said.length < 3 && said.length > 0 ? occupied : SERVICE),
      text => said.push(text),
    );
    await supervised.stop();
    undo.push(() => broken.stop());
    await broken.start();
    process.kill(broken.pid!, 'SIGKILL');
    await eventually(() => said.at(-1) === 'broken runs again.', PATIENCE_SECONDS);
    expect(said.map(text => /in \d+ ms/.exec(text)?.[0])).toEqual([
      'in 250 ms',
      'in 500 ms',
      'in 1000 ms',
      undefined,
    ]);
    expect(said[1]).toContain('in the way');
  });

  test('reports a first start that fails and does not repeat it', async () => {
    const broken = supervise(
      'broken',
      () => start('process.exit(1)'),
      text => said.push(text),
    );
    await expect(broken.start()).rejects.toThrow('before it was ready');
    expect(broken.pid).toBeUndefined();
    expect(said).toEqual([]);
  });
});
