import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { MikroORM } from '@mikro-orm/postgresql';
import type { Pool } from 'pg';
import { type Postgres, startPostgres } from '../../../dev/postgres/postgres.ts';
import { openDatabase, poolOf } from '../data/database.ts';
import { POOL_SIZE } from '../data/pool.ts';
import { eventually } from '../test/world.ts';
import { findAilments, watchDatabase } from './health.ts';

let directory: string;
let postgres: Postgres;
let orm: MikroORM;
let pool: Pool;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'guichet-health-'));
  postgres = await startPostgres({ directory, port: 0, fast: true });
  orm = await openDatabase(postgres.url('postgres'), [], {});
  pool = await poolOf(orm);
});
afterEach(async () => {
  await orm?.close(true);
  await postgres?.stop();
  await rm(directory, { recursive: true, force: true });
});

const watch = () => watchDatabase(pool, postgres.url('postgres'), { wedgedAfterMs: 100 });
const takeAll = () => Promise.all(Array.from({ length: POOL_SIZE }, () => pool.connect()));

test('a process whose pool is used up for good needs a restart, and says so', async () => {
  const database = watch();
  expect([await database.ready(), await findAilments([database])]).toEqual([true, {}]);
  const taken = await takeAll();
  expect(await database.ready()).toBe(false);
  const ailments = await eventually(async () => {
    const found = await findAilments([database]);
    return found.database ? found : null;
  }, 60);
  expect(ailments).toEqual({ database: expect.stringContaining('no connection came back to the pool') });

  for (const client of taken) client.release();
  await eventually(() => database.ready(), 60);
  expect(await findAilments([database])).toEqual({});
}, 120_000);

test('a process whose connections come back late is busy and needs no restart', async () => {
  const database = watchDatabase(pool, postgres.url('postgres'), { wedgedAfterMs: 60_000 });
  const taken = await takeAll();
  expect([await database.ready(), await findAilments([database])]).toEqual([false, {}]);
  for (const client of taken) client.release();
});

test('F6: PostgreSQL stopped makes a process not ready and leaves it healthy; it is ready again by itself', async () => {
  const database = watchDatabase(pool, postgres.url('postgres'), { wedgedAfterMs: 0 });
  expect(await database.ready()).toBe(true);
  const { port } = postgres;
  postgres.kill('SIGQUIT');
  await postgres.exited;
  await eventually(async () => !(await database.ready()));
  expect([await database.ready(), await findAilments([database])]).toEqual([false, {}]);

  postgres = await startPostgres({ directory, port, fast: true });
  await eventually(() => database.ready(), 60);
  expect(await findAilments([database])).toEqual({});
}, 120_000);

test('however many ask, one probe is under way', async () => {
  const database = watch();
  const taken = await takeAll();
  const asked = Array.from({ length: 50 }, () => database.ready());
  await eventually(() => pool.waitingCount > 0);
  expect(pool.waitingCount).toBe(1);
  expect(await Promise.all(asked)).toEqual(asked.map(() => false));
  expect(await database.ready()).toBe(false);
  expect(pool.waitingCount).toBe(1);
  for (const client of taken) client.release();
  await eventually(() => database.ready(), 60);
}, 120_000);

test('every check complains under its own name, also one that cannot be made', async () => {
  const ailments = await findAilments([
    { name: 'well', ailment: () => undefined },
    { name: 'workers', ailment: async () => 'one has not moved for 5 minutes' },
    {
      name: 'broken',
      ailment: () => {
        throw new Error('no');
      },
    },
  ]);
  expect(ailments).toEqual({
    workers: 'one has not moved for 5 minutes',
    broken: 'the check failed: Error: no',
  });
});
