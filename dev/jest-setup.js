// One PostgreSQL for the whole run (and one Redis, where it is installed), on free ports in temporary folders.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findFreePort, startTemporaryPostgres } from './postgres.ts';

export default async function setUp() {
  const postgres = await startTemporaryPostgres();
  process.env.GUICHET_TEST_POSTGRES = postgres.url('').replace(/\/$/, '');
  const redis = await startRedis();
  if (redis) process.env.GUICHET_TEST_REDIS = redis.url;
  else console.error('redis-server is not installed: tests on Redis are skipped.');
  globalThis.__stopTestServers = async () => {
    await redis?.stop();
    await postgres.stop();
  };
}

async function startRedis() {
  const port = await findFreePort();
  const directory = mkdtempSync(join(tmpdir(), 'guichet-redis-'));
  const child = spawn(
    'redis-server',
    [
      '--port',
      port,
      '--bind',
      '127.0.0.1',
      '--dir',
      directory,
      '--save',
      '',
      '--maxmemory-policy',
      'noeviction',
    ].map(String),
    { stdio: 'ignore' },
  );
  const started = await new Promise(resolve => {
    child.once('error', () => resolve(false));
    child.once('spawn', () => resolve(true));
  });
  if (!started) {
    rmSync(directory, { recursive: true });
    return undefined;
  }
  return {
    url: `redis://127.0.0.1:${port}`,
    stop: () =>
      new Promise(resolve => {
        child.once('exit', () => {
          rmSync(directory, { recursive: true });
          resolve();
        });
        child.kill();
      }),
  };
}
