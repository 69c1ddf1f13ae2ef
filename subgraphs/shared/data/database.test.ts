import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import type { MikroORM } from '@mikro-orm/postgresql';
import type { Pool } from 'pg';
import { DatabaseUnavailable, isDatabaseUnavailable } from '../kernel/database-errors.ts';
import { createDatabases, eventually, runSql } from '../test/world.ts';
import {
  type EntityManager,
  inTransaction,
  Migration,
  openDatabase,
  poolOf,
  query,
  sql,
} from './database.ts';
import { POOL_SIZE } from './pool.ts';

// Eighty connections are opened and broken one after the other.
jest.setTimeout(120_000);

let databases: Awaited<ReturnType<typeof createDatabases<'orders'>>>;
let orm: MikroORM;
let pool: Pool;

/** Leaves what the session of the migrations was told. */
class Tables extends Migration {
  override up() {
    this.addSql(
      `create table sessions as select current_setting('transaction_timeout') as transaction_timeout`,
    );
    this.addSql('create table places (id int primary key, taken boolean not null default false)');
    this.addSql('insert into places select generate_series(1, 20)');
    // Refuses when the transaction commits, not before.
    this.addSql(`create function refuse() returns trigger language plpgsql as
      $$ begin raise exception 'not at the commit'; end $$`);
    this.addSql(`create constraint trigger refuse after delete on places
      deferrable initially deferred for each row execute function refuse()`);
  }
}

beforeAll(async () => {
  databases = await createDatabases('orders');
  orm = await openDatabase(databases.urls.orders, [], { '0001-tables': Tables });
  pool = await poolOf(orm);
});
afterAll(async () => {
  await orm?.close(true);
  await databases?.drop();
});

const fork = () => orm.em.fork() as EntityManager;
const asks = (statement: string) =>
  runSql(
    databases.urls.orders,
    statement.replace('ours', `datname = current_database() and pid <> pg_backend_pid()`),
  );
const terminate = (condition: string) =>
  asks(`select pg_terminate_backend(pid) from pg_stat_activity where ours and ${condition}`);
const asleep = async () =>
  (await asks(`select pid from pg_stat_activity where ours and query like '%pg_sleep%'`)).length;

/** That every slot of the pool still serves: all of them at once, each in a transaction that waits for the others. */
async function expectAllSlots() {
  const arrived = new Set<number>();
  await Promise.all(
    Array.from({ length: POOL_SIZE }, (_, place) =>
      inTransaction(fork(), async em => {
        await query(em, sql`select ${place}::int`);
        arrived.add(place);
        await eventually(() => arrived.size === POOL_SIZE, 60);
      }),
    ),
  );
  await eventually(() => pool.totalCount - pool.idleCount === 0);
  expect(pool.totalCount).toBeLessThanOrEqual(POOL_SIZE);
}

test('connections terminated inside transactions, twenty times, leave the pool as large as it was', async () => {
  for (let round = 0; round < 20; round++) {
    const broken = Array.from({ length: 4 }, () =>
      inTransaction(fork(), em => query(em, sql`select pg_sleep(300)`)),
    );
    await eventually(async () => (await asleep()) === broken.length, 60);
    await terminate(`query like '%pg_sleep%'`);
    for (const { status, reason } of (await Promise.allSettled(broken)) as PromiseRejectedResult[]) {
      expect([status, isDatabaseUnavailable(reason)]).toEqual(['rejected', true]);
    }
    expect(await query(fork(), sql`select 1 as one`)).toEqual([{ one: 1 }]);
  }
  await expectAllSlots();
});

test('transactions that cannot begin, because their idle connection is gone, leave the pool as it was', async () => {
  const together = (count: number) =>
    Promise.allSettled(
      Array.from({ length: count }, () => inTransaction(fork(), em => query(em, sql`select pg_sleep(0.01)`))),
    );
  let failures = 0;
  for (let round = 0; round < 20; round++) {
    await together(POOL_SIZE);
    const gone = terminate('true');
    failures += (await together(40)).filter(({ status }) => status === 'rejected').length;
    await gone;
  }
  expect(failures).toBeGreaterThan(0);
  await together(POOL_SIZE);
  await expectAllSlots();
});

test('transactions that cannot commit are rolled back and leave the pool as it was', async () => {
  for (let place = 1; place <= 20; place++) {
    const refused = inTransaction(fork(), em => query(em, sql`delete from places where id = ${place}`));
    await expect(refused).rejects.toThrow('not at the commit');
  }
  expect(await query(fork(), sql`select count(*)::int as count from places`)).toEqual([{ count: 20 }]);
  await expectAllSlots();
});

test('a nested transaction that fails is rolled back alone, on the connection that goes on', async () => {
  await inTransaction(fork(), async em => {
    const [before] = await query<{ pid: number }>(em, sql`select pg_backend_pid() as pid`);
    await query(em, sql`update places set taken = true where id = 1`);
    await em
      .transactional(inner => query(inner as EntityManager, sql`update places set taken = null where id = 2`))
      .catch(() => {});
    expect(await query(em, sql`select pg_backend_pid() as pid`)).toEqual([before]);
  });
  expect(await query(fork(), sql`select id from places where taken`)).toEqual([{ id: 1 }]);
});

test('whoever waits too long for a connection is told that the database is unavailable', async () => {
  const taken = await Promise.all(Array.from({ length: POOL_SIZE }, () => pool.connect()));
  try {
    const waiting = query(fork(), sql`select 1`);
    await expect(waiting).rejects.toThrow(DatabaseUnavailable);
  } finally {
    for (const client of taken) client.release();
  }
  await expectAllSlots();
}, 60_000);

test('a connection that is given back twice goes to one asker alone', async () => {
  const client = await pool.connect();
  client.release();
  client.release();
  const again = await Promise.all([pool.connect(), pool.connect()]);
  const pids = await Promise.all(
    again.map(async each => (await each.query('select pg_backend_pid() as pid')).rows[0].pid),
  );
  for (const each of again) each.release();
  expect(new Set(pids).size).toBe(2);
});

test('PostgreSQL ends a transaction that takes longer than a minute, except a migration', async () => {
  expect(await query(fork(), sql`show transaction_timeout`)).toEqual([{ transaction_timeout: '1min' }]);
  expect(await query(fork(), sql`select * from sessions`)).toEqual([{ transaction_timeout: '0' }]);
});

test('a process that hangs in a transaction loses its locks and cannot commit any more', async () => {
  const hung = inTransaction(fork(), async em => {
    // A limit that already runs is replaced by none, and then by another.
    await query(em, sql`set local transaction_timeout = 0`);
    await query(em, sql`set local transaction_timeout = '300ms'`);
    await query(em, sql`update places set taken = true where id = 3`);
    await runSql(databases.urls.orders, 'update places set taken = false where id = 3');
  });
  expect(isDatabaseUnavailable(await hung.catch(error => error))).toBe(true);
  expect(await query(fork(), sql`select taken from places where id = 3`)).toEqual([{ taken: false }]);
  await expectAllSlots();
});

test('times come from the database as MikroORM wants them: as text', async () => {
  expect(await query(fork(), sql`select timestamptz '2026-11-20 19:00:00+00' as at`)).toEqual([
    { at: expect.stringMatching(/^2026-11-\d\d \d\d:00:00/) },
  ]);
});

test('a connection that is being made when the database is closed keeps nobody waiting', async () => {
  const closing = await openDatabase(databases.urls.orders, [], { '0001-tables': Tables });
  const em = () => closing.em.fork() as EntityManager;
  // More than the connections there are: the rest are made for them.
  const asking = Promise.allSettled(Array.from({ length: POOL_SIZE }, () => query(em(), sql`select 1`)));
  await new Promise(setImmediate);
  await closing.close(true);
  const outcomes = (await asking).map(({ status }) => status);
  expect(outcomes).toContain('rejected');
});
