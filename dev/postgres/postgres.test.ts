import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import {
  chmod,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  realpath,
  rm,
  writeFile,
} from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { Client } from 'pg';
import { eventually } from '#shared/test/world.ts';
import { findFreePort } from '../free-port.ts';
import { removePostgresHome } from './home.ts';
import { type Postgres, startPostgres, startTemporaryPostgres } from './postgres.ts';

const PATIENCE_SECONDS = 20;

const isRoot = process.getuid?.() === 0;
let folder: string;
let started: Postgres[] = [];
let children: ChildProcess[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(await realpath(tmpdir()), 'guichet test '));
  await chmod(folder, 0o755);
});
afterEach(async () => {
  for (const child of children) child.kill('SIGKILL');
  for (const postgres of started) await postgres.stop();
  children = [];
  started = [];
  await removePostgresHome(join(folder, 'pg'));
  await rm(folder, { recursive: true });
});

async function start(options: Partial<Parameters<typeof startPostgres>[0]> = {}): Promise<Postgres> {
  const postgres = await startPostgres({ directory: join(folder, 'pg'), port: 0, fast: true, ...options });
  started.push(postgres);
  return postgres;
}

async function query(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

/** A PostgreSQL in a process of its own, for tests that kill its owner. Resolves with the first line it prints. */
async function startElsewhere(expression: string): Promise<{ child: ChildProcess; line: string }> {
  const script = `
    const { startPostgres, startTemporaryPostgres } = await import(${JSON.stringify(`${import.meta.dirname}/postgres.ts`)});
    console.log(await (${expression}));
    setInterval(() => undefined, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  const line = await new Promise<string>(resolve =>
    createInterface({ input: child.stdout! }).once('line', resolve),
  );
  return { child, line };
}
const inFolder = () =>
  `startPostgres({ directory: ${JSON.stringify(join(folder, 'pg'))}, port: 0, fast: true }).then(pg => pg.url('postgres'))`;
const lockFile = () => join(folder, 'pg', 'data', 'postmaster.pid');
const serverNumber = async () => Number.parseInt(await readFile(lockFile(), 'utf8'), 10);
test('databases are created on demand and keep their rows over a restart, in a folder with spaces', async () => {
  const first = await start({ fast: false });
  await first.ensureDatabases(['users', 'orders']);
  await query(first.url('users'), "CREATE TABLE account AS SELECT 'é'::text AS name");
  await first.stop();

  const second = await start({ fast: false });
  await second.ensureDatabases(['users', 'orders', 'jobs']);
  expect(await query(second.url('users'), 'SELECT name FROM account')).toEqual([{ name: 'é' }]);
  expect(await query(second.url('jobs'), 'SHOW fsync')).toEqual([{ fsync: 'on' }]);
});

test('a database can be cloned from a template and dropped while someone is connected', async () => {
  const postgres = await start();
  await postgres.createDatabase('template_users');
  await query(postgres.url('template_users'), 'CREATE TABLE account AS SELECT 1 AS id');
  await Promise.all(['a', 'b'].map(name => postgres.createDatabase(name, { template: 'template_users' })));
  expect(await query(postgres.url('b'), 'SELECT id FROM account')).toEqual([{ id: 1 }]);

  const client = new Client({ connectionString: postgres.url('a') });
  client.on('error', () => undefined);
  await client.connect();
  await postgres.dropDatabase('a');
  await postgres.dropDatabase('a');
  await expect(query(postgres.url('a'), 'SELECT 1')).rejects.toThrow('does not exist');
});

test('only the right password opens it, and tests do not wait for the disk', async () => {
  const postgres = await start();
  await expect(query(postgres.url('postgres').replace(':guichet@', ':wrong@'), 'SELECT 1')).rejects.toThrow(
    'password',
  );
  expect(await query(postgres.url('postgres'), 'SHOW fsync')).toEqual([{ fsync: 'off' }]);
  expect(await query(postgres.url('postgres'), 'SHOW max_connections')).toEqual([{ max_connections: '400' }]);
});

test('a taken port is named', async () => {
  const port = await findFreePort();
  const occupant = createServer().listen(port, '127.0.0.1');
  await expect(start({ port })).rejects.toThrow(`cannot listen on port ${port}: it is taken`);
  await new Promise(resolve => occupant.close(resolve));
});

test('a temporary server leaves nothing behind', async () => {
  const postgres = await startTemporaryPostgres();
  const [row] = await query(postgres.url('postgres'), 'SHOW data_directory');
  expect(existsSync(String(row?.data_directory))).toBe(true);
  await postgres.stop();
  await postgres.stop();
  expect(existsSync(join(String(row?.data_directory), '..'))).toBe(false);
});

test('a temporary server goes with its folder when its owner is killed', async () => {
  const { child, line } = await startElsewhere("startTemporaryPostgres().then(pg => pg.url('postgres'))");
  const [row] = await query(line, 'SHOW data_directory');
  child.kill('SIGKILL');
  await eventually(() => !existsSync(join(String(row?.data_directory), '..')), PATIENCE_SECONDS);
});

test('the server of a killed owner goes down and its data is found again', async () => {
  const { child, line } = await startElsewhere(inFolder());
  await query(line, 'CREATE TABLE kept AS SELECT 1 AS id');
  child.kill('SIGKILL');
  await eventually(() => !existsSync(lockFile()), PATIENCE_SECONDS);
  const postgres = await start();
  expect(await query(postgres.url('postgres'), 'SELECT id FROM kept')).toEqual([{ id: 1 }]);
});

test('a server left without its owner is stopped, and committed rows survive', async () => {
  const { child, line } = await startElsewhere(inFolder());
  await query(line, 'CREATE TABLE kept AS SELECT 1 AS id');
  const server = await serverNumber();
  process.kill(server, 'SIGSTOP'); // so that the watchdog's shutdown comes too late
  child.kill('SIGKILL');
  await eventually(() => child.signalCode !== null, PATIENCE_SECONDS);
  const lines: string[] = [];
  const restarted = start({ log: line => lines.push(line) });
  await eventually(() => lines.some(line => line.includes('an earlier run left behind')), PATIENCE_SECONDS);
  process.kill(server, 'SIGCONT');
  const postgres = await restarted;
  expect(await query(postgres.url('postgres'), 'SELECT id FROM kept')).toEqual([{ id: 1 }]);
});

test('a server whose owner lives is left alone, and the refusal names the owner', async () => {
  const { child, line } = await startElsewhere(inFolder());
  await expect(start()).rejects.toThrow(new RegExp(`already runs on .*started by process ${child.pid}`));
  expect(await query(line, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
});

test('a killed server recovers, also when another process now has its number', async () => {
  const first = await start();
  await query(first.url('postgres'), 'CREATE TABLE kept AS SELECT 1 AS id');
  process.kill(await serverNumber(), 'SIGKILL');
  await first.exited;
  await writeFile(lockFile(), (await readFile(lockFile(), 'utf8')).replace(/^\d+/, String(process.pid)));
  const second = await start();
  expect(await query(second.url('postgres'), 'SELECT id FROM kept')).toEqual([{ id: 1 }]);
});

test('an initialisation that was cut short is done again', async () => {
  await mkdir(join(folder, 'pg', 'data.new'), { recursive: true });
  await writeFile(join(folder, 'pg', 'data.new', 'half'), '');
  const postgres = await start();
  expect(await query(postgres.url('postgres'), 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
});

(isRoot ? test : test.skip)(
  'in a folder only root may enter, data lives elsewhere until removed',
  async () => {
    await chmod(folder, 0o700);
    const first = await start();
    await query(first.url('postgres'), 'CREATE TABLE kept AS SELECT 1 AS id');
    const elsewhere = await readlink(join(folder, 'pg'));
    expect(await readdir(elsewhere)).toContain('data');
    await first.stop();

    const second = await start();
    expect(await query(second.url('postgres'), 'SELECT id FROM kept')).toEqual([{ id: 1 }]);
    await second.stop();
    await removePostgresHome(join(folder, 'pg'));
    expect(existsSync(elsewhere)).toBe(false);
  },
);
