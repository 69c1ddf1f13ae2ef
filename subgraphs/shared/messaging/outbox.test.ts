import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { MikroORM } from '@mikro-orm/postgresql';
import pino from 'pino';
import { Registry } from 'prom-client';
import { type EntityManager, newId, openDatabase, query, sql } from '../data/database.ts';
import { createLog } from '../kernel/log.ts';
import { createDatabases, eventually, runSql, TEST_REDIS } from '../test/world.ts';
import { type Ack, acknowledge, ackTopic } from './acknowledgements.ts';
import { createLive } from './live.ts';
import { createMessageMetrics } from './metrics.ts';
import { messageMigrations } from './migrations.ts';
import { openQueues } from './queues.ts';
import { startRelay } from './relay.ts';

let databases: Awaited<ReturnType<typeof createDatabases<'orders' | 'jobs'>>>;
let orm: MikroORM;

beforeAll(async () => {
  databases = await createDatabases('orders', 'jobs');
  orm = await openDatabase(databases.urls.orders, [], messageMigrations);
});
afterAll(async () => {
  await orm?.close(true);
  await databases?.drop();
});

const fork = () => orm.em.fork() as EntityManager;
const write = (ids: string[]) =>
  query(
    fork(),
    sql`insert into outbox (id, name, envelope, pending, due_at)
      select id, 'test', '{}', '{a}', now() + interval '1 hour' from unnest(${ids}::uuid[]) as id`,
  );
const pendingOf = async (ids: string[]) =>
  (
    await query<{ pending: string[] }>(fork(), sql`select pending from outbox where id = any(${ids}::uuid[])`)
  ).flatMap(({ pending }) => pending);

/** A log that keeps its messages. */
function listeningLog() {
  const messages: string[] = [];
  const log = pino({ level: 'debug' }, { write: (line: string) => void messages.push(JSON.parse(line).msg) });
  return { log, messages };
}

describe('two batches of acknowledgements of the same rows, in opposite orders', () => {
  /** Updates them at the same time, with a pause at each row that shows which of them waits for which. */
  async function acknowledgeBoth(update: (acks: Ack[]) => Promise<unknown>) {
    const ids = [newId(), newId()];
    await write(ids);
    const acks = ids.map(row => ({ row, queue: 'a' }));
    const outcomes = await Promise.allSettled([update(acks), update(acks.toReversed())]);
    return { failures: outcomes.filter(({ status }) => status === 'rejected'), ids };
  }

  beforeAll(async () => {
    // In a table of this size PostgreSQL looks each row up, in the order of the batch.
    await write(Array.from({ length: 5_000 }, newId));
    await runSql(databases.urls.orders, 'analyze outbox');
    await runSql(
      databases.urls.orders,
      `create function pause() returns trigger language plpgsql as $$ begin perform pg_sleep(0.3); return new; end $$;
       create trigger pause before update on outbox for each row execute function pause()`,
    );
  });
  afterAll(() => runSql(databases.urls.orders, 'drop trigger pause on outbox'));

  test('deadlock when each updates in the order of its batch (the control)', async () => {
    const { failures } = await acknowledgeBoth(acks =>
      query(
        fork(),
        sql`update outbox set pending = array_remove(pending, ack.queue)
          from unnest(${acks.map(a => a.row)}::uuid[], ${acks.map(a => a.queue)}::text[]) as ack(row, queue)
          where outbox.id = ack.row`,
      ),
    );
    expect(failures).toMatchObject([{ reason: { code: '40P01' } }]);
  });

  test('are both applied, one after the other', async () => {
    const { log, messages } = listeningLog();
    const { ids } = await acknowledgeBoth(acks => acknowledge(fork(), acks, log));
    expect([messages, await pendingOf(ids)]).toEqual([[], []]);
  });
});

describe.each([
  { backend: 'PostgreSQL', available: true },
  { backend: 'Redis', available: TEST_REDIS !== undefined },
])('acknowledgements over $backend', ({ backend, available }) => {
  const run = available ? test : test.skip;

  run('none is reported as lost when the relay recovers, and they go on arriving', async () => {
    const { log, messages } = listeningLog();
    const quiet = createLog('test', 'silent');
    const queues = await openQueues(
      {
        name: 'orders',
        jobsDatabaseUrl: databases.urls.jobs,
        redisUrl: backend === 'Redis' ? TEST_REDIS : undefined,
        queuePrefix: `{test-${newId()}}`,
      },
      quiet,
    );
    const live = createLive(queues.relay, quiet);
    const stop = await startRelay({
      subgraph: 'orders',
      databaseUrl: databases.urls.orders,
      fork,
      queues,
      live,
      log,
      metrics: createMessageMetrics(new Registry()),
    });
    try {
      (queues.relay as unknown as NodeJS.EventEmitter).emit('recovered');
      const ids = [newId()];
      await write(ids);
      await live.publish(
        ackTopic('orders'),
        ids.map(row => ({ row, queue: 'a' })),
      );
      await eventually(async () => (await pendingOf(ids)).length === 0);
      expect(messages).toEqual([]);
    } finally {
      await stop();
      await queues.close();
    }
  });
});
