/** Processes of a subgraph without their API, all within the test's own process: a database, a relay, workers. */
import type { MikroORM } from '@mikro-orm/postgresql';
import { Redis } from 'ioredis';
import { Registry } from 'prom-client';
import { type EntityManager, newId, openDatabase } from '../data/database.ts';
import { createLog } from '../kernel/log.ts';
import { startConsumers } from '../messaging/consumers.ts';
import { DeadLetter } from '../messaging/dead-letters.ts';
import type { MessageHandlers } from '../messaging/inbox.ts';
import type { JobHandler } from '../messaging/jobs.ts';
import { createLive } from '../messaging/live.ts';
import { createMessageMetrics } from '../messaging/metrics.ts';
import { messageMigrations } from '../messaging/migrations.ts';
import { openQueues } from '../messaging/queues.ts';
import { startRelay } from '../messaging/relay.ts';
import { createDatabases, runSql, TEST_REDIS } from './world.ts';

const log = createLog('test', process.env.TEST_LOG_LEVEL ?? 'silent');

export const BACKENDS = [
  { backend: 'PostgreSQL', available: true },
  { backend: 'Redis', available: TEST_REDIS !== undefined },
] as const;

export interface QueueSettings {
  jobsDatabaseUrl: string;
  redisUrl: string | undefined;
  queuePrefix: string;
}

export type Node = Awaited<ReturnType<typeof startNode>>;

/** Messages of the catalogue that have no handler here do nothing. */
export async function startNode(
  name: 'orders' | 'tickets',
  databaseUrl: string,
  backend: QueueSettings,
  handlers: MessageHandlers,
  jobs: JobHandler<unknown>[] = [],
) {
  const orm: MikroORM = await openDatabase(databaseUrl, [DeadLetter], messageMigrations);
  const fork = () => orm.em.fork() as EntityManager;
  const queues = await openQueues({ name, ...backend }, log);
  const live = createLive(queues.relay, log);
  const metrics = createMessageMetrics(new Registry());
  const context = (correlationId: string) => ({
    em: fork(),
    viewer: null,
    correlationId,
    log,
    live,
    services: undefined,
    cache: new Map(),
  });
  const messages = new Proxy(handlers, { get: (target, key) => target[key as never] ?? (async () => {}) });
  await startConsumers({ subgraph: name, queues, live, log, metrics, context, handlers: { messages, jobs } });
  const stopRelay = await startRelay({ subgraph: name, databaseUrl, fork, queues, live, log, metrics });
  let stopped: Promise<void> | undefined;
  async function stop() {
    await stopRelay();
    await queues.close();
    await orm.close(true);
  }
  return {
    fork,
    queues,
    live,
    /** How many messages and jobs met with this outcome so far. */
    async count(outcome: string): Promise<number> {
      const { values } = await metrics.messages.get();
      return values
        .filter(({ labels }) => labels.outcome === outcome)
        .reduce((sum, { value }) => sum + value, 0);
    },
    stop: () => (stopped ??= stop()),
  };
}

/** Databases and queues for nodes of orders and tickets, and what has to be done to them from outside. */
export async function createNodes(backend: 'PostgreSQL' | 'Redis') {
  const databases = await createDatabases('orders', 'tickets', 'jobs');
  const { urls } = databases;
  const settings: QueueSettings = {
    jobsDatabaseUrl: urls.jobs,
    redisUrl: backend === 'Redis' ? TEST_REDIS : undefined,
    queuePrefix: `{test-${newId()}}`,
  };
  const started: Node[] = [];

  /** Sets a counter of BullMQ's, by its name in PostgreSQL or in Redis, on each item of a queue. */
  async function count(queue: string, { column, field }: { column: string; field: string }, times: number) {
    if (backend === 'PostgreSQL') {
      await runSql(urls.jobs, `update bullmq.job set ${column} = $1 where queue = $2`, [times, queue]);
      return;
    }
    const redis = new Redis(TEST_REDIS!);
    for (const { id } of await runSql(urls.orders, 'select id from outbox')) {
      await redis.hset(`${settings.queuePrefix}:${queue}:${id}`, field, times);
    }
    redis.disconnect();
  }

  return {
    settings,
    async start(name: 'orders' | 'tickets', handlers: MessageHandlers, jobs?: JobHandler<unknown>[]) {
      const node = await startNode(name, urls[name], settings, handlers, jobs);
      started.push(node);
      return node;
    },
    sql: (name: 'orders' | 'tickets', statement: string, values?: unknown[]) =>
      runSql(urls[name], statement, values),
    /** The queue forgets what it has, as after a flush. */
    async lose(queue: string) {
      if (backend === 'PostgreSQL') {
        await runSql(urls.jobs, 'delete from bullmq.job where queue = $1', [queue]);
        return;
      }
      const redis = new Redis(TEST_REDIS!);
      const keys = await redis.keys(`${settings.queuePrefix}:${queue}:*`);
      await redis.del(...keys);
      redis.disconnect();
    },
    /** As if so many processes had ended or frozen while they handled what is in the queue. */
    stall: (queue: string, times: number) => count(queue, { column: 'stalled_count', field: 'stc' }, times),
    /** As if what is in the queue had been tried so many times. */
    try: (queue: string, times: number) => count(queue, { column: 'attempts_made', field: 'atm' }, times),
    async end() {
      await Promise.all(started.map(node => node.stop()));
      await databases.drop();
    },
  };
}
