/**
 * BullMQ on PostgreSQL (the embedded default) or on Redis (with REDIS_URL). Everything above this file is the same
 * on both.
 */
import {
  createPostgresBackend,
  createPostgresRelayBackend,
  type Processor,
  Queue,
  Relay,
  runMigrations,
  WaitingError,
  Worker,
  type WorkerOptions,
} from 'bullmq';
import { Redis } from 'ioredis';
import { Pool } from 'pg';
import { CONNECTION_TIMEOUT_MS } from '../data/pool.ts';
import type { Log } from '../kernel/log.ts';
import type { SubgraphSettings } from '../kernel/settings.ts';

/** What is used of BullMQ's, whichever backend it stands on. */
export type LiveRelay = Pick<Relay<unknown>, 'on' | 'publish' | 'subscribe' | 'close'>;
type OpenQueue = Pick<Queue, 'name' | 'toKey' | 'addBulk' | 'close'> & TellsErrors;
type OpenWorker = Pick<
  Worker,
  'closing' | 'concurrency' | 'isPaused' | 'pause' | 'resume' | 'waitUntilReady' | 'close'
> &
  TellsErrors;
interface TellsErrors {
  on(event: 'error', listener: (error: Error) => void): unknown;
}

export interface QueueItem {
  id: string;
  name: string;
  data: unknown;
  /** Taken only while nothing else waits in the queue. */
  background?: boolean;
}

/** Takes the items of a queue. */
export interface Consumer {
  /** Takes this many at a time from here on; with 0, leaves all to other processes. */
  limit(concurrency: number): void;
  isClosing(): boolean;
}

export interface Queues {
  /** Adds items; one whose id is in the queue already is left alone. */
  add(queue: string, items: QueueItem[]): Promise<void>;
  /** Those of the ids whose item the queue has: waiting, delayed for another try, or being processed. */
  present(queue: string, ids: string[]): Promise<Set<string>>;
  /** Runs `process` for each item, `concurrency` at a time. */
  consume(queue: string, process: Processor, concurrency: number): Promise<Consumer>;
  /** Fan-out between processes, for live.ts. */
  relay: LiveRelay;
  /** Waits for running jobs, then lets go of every connection. */
  close(): Promise<void>;
}

interface Backend extends Pick<SubgraphSettings, 'redisUrl' | 'jobsDatabaseUrl' | 'queuePrefix'> {
  /** Of the process, for the names of its connections. */
  name: string;
}

/** The job of a worker that dies is run again after this long at most. */
const LOCK_DURATION_MS = 10_000;
const STALLED_CHECK_MS = 5_000;
/** Tries before a message or job becomes a dead letter: about three minutes with the waits below. */
export const ATTEMPTS = 25;
/** How long a stop waits for running jobs. */
const CLOSE_MS = 7_000;
/** Retries wait 200 ms, 400 ms, … but never longer than this: recovery after an outage must be quick. */
const LONGEST_RETRY_MS = 10_000;
/** BullMQ takes the jobs without a priority first, then those with the lowest. */
const BACKGROUND_PRIORITY = 1;

export async function openQueues(settings: Backend, log: Log): Promise<Queues> {
  const backend = settings.redisUrl ? redisBackend(settings, log) : await postgresBackend(settings, log);
  const queues = new Map<string, Promise<OpenQueue>>();
  const workers: OpenWorker[] = [];

  const open = (name: string): Promise<OpenQueue> => {
    let opening = queues.get(name);
    if (!opening) {
      opening = backend.queue(name);
      queues.set(name, opening);
      // The next one who needs it tries again.
      opening.catch(() => queues.delete(name));
    }
    return opening;
  };

  return {
    relay: backend.relay,
    async add(name, items) {
      const queue = await open(name);
      await queue.addBulk(
        items.map(item => ({
          name: item.name,
          data: item.data,
          // Finished jobs leave nothing behind: a retained one would silently block its id from being re-driven.
          opts: {
            jobId: item.id,
            attempts: ATTEMPTS,
            backoff: { type: 'custom' },
            removeOnComplete: true,
            removeOnFail: true,
            ...(item.background && { priority: BACKGROUND_PRIORITY }),
          },
        })),
      );
    },
    present: async (name, ids) => backend.present(await open(name), ids),
    async consume(name, process, concurrency) {
      const worker = backend.worker(name, refusing(process), {
        concurrency,
        lockDuration: LOCK_DURATION_MS,
        stalledInterval: STALLED_CHECK_MS,
        maxStalledCount: ATTEMPTS,
        settings: { backoffStrategy: made => Math.min(200 * 2 ** (made - 1), LONGEST_RETRY_MS) },
      });
      worker.on('error', error => log.warn({ err: error, queue: name }, 'worker'));
      workers.push(worker);
      await worker.waitUntilReady();

      // A worker that waits for a job when it is paused still takes the next one: that goes back at once.
      function refusing(process: Processor): Processor {
        return async (job, token) => {
          if (!worker.isPaused()) return process(job, token);
          await job.moveToWait(token);
          throw new WaitingError();
        };
      }
      return {
        limit(concurrency) {
          if (concurrency === 0) {
            void worker.pause(true);
            return;
          }
          worker.concurrency = concurrency;
          if (worker.isPaused()) void worker.resume();
        },
        isClosing: () => worker.closing !== undefined,
      };
    },
    async close() {
      await Promise.all(workers.map(closeWorker));
      await backend.relay.close();
      await Promise.allSettled(Array.from(queues.values(), async opening => (await opening).close()));
      await backend.close();
    },
  };
}

/** Waits for the jobs that run, but not for ever: what is cut off here is run again elsewhere. */
async function closeWorker(worker: OpenWorker): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const patience = new Promise<void>(resolve => {
    timer = setTimeout(resolve, CLOSE_MS);
  });
  await Promise.race([worker.close(), patience]);
  clearTimeout(timer);
}

type WorkerSettings = Omit<WorkerOptions, 'connection'>;

interface OpenBackend {
  /** A queue that is ready, or will be without our help. */
  queue(name: string): Promise<OpenQueue>;
  present(queue: OpenQueue, ids: string[]): Promise<Set<string>>;
  worker(name: string, process: Processor, options: WorkerSettings): OpenWorker;
  relay: LiveRelay;
  close(): Promise<void>;
}

/**
 * The connections of one process to the jobs database. One that breaks is logged and replaced, wherever it is.
 *
 * pg's pool stops listening to a client that it has handed out, and BullMQ does not begin: without a listener of ours
 * an error that comes between two of its statements would end the process.
 */
export function openJobsPool(connectionString: string, name: string, log: Log): Pool {
  const pool = new Pool({
    connectionString,
    // Each worker and the relay keep one connection to LISTEN on.
    max: 16,
    application_name: `guichet-${name}`,
    // BullMQ tries again what fails; without a limit it would wait for ever for a connection that never comes.
    connectionTimeoutMillis: CONNECTION_TIMEOUT_MS,
    keepAlive: true,
    // BullMQ leaves the search path of a pool it was given alone, and names its functions without their schema.
    options: '-c search_path=bullmq',
  });
  const warn = (error: Error) => log.warn({ err: error }, 'jobs database');
  pool.on('error', warn);
  pool.on('connect', client => client.on('error', warn));
  // Every queue and worker listens for its failures.
  pool.setMaxListeners(0);
  return pool;
}

async function postgresBackend({ jobsDatabaseUrl, name }: Backend, log: Log): Promise<OpenBackend> {
  const pool = openJobsPool(jobsDatabaseUrl, name, log);
  const client = await pool.connect();
  try {
    await runMigrations(client);
  } finally {
    client.release();
  }
  const relay = new Relay({ connection: pool, name, backend: createPostgresRelayBackend });
  relay.on('error', error => log.warn({ err: error }, 'live relay'));
  // One that cannot be made ready never will be: a start that fails is made again by whoever supervises it.
  await relay.waitUntilReady();
  return {
    // BullMQ keeps for good that a queue could not be made ready: such a one is not used. While the database does
    // not answer none is made, as each listens to the pool from then on.
    async queue(name) {
      await pool.query('select 1');
      const queue = new Queue(name, { connection: pool }, createPostgresBackend);
      queue.on('error', error => log.warn({ err: error, queue: name }, 'queue'));
      await queue.waitUntilReady();
      return queue;
    },
    // BullMQ itself looks jobs up one by one alone.
    async present(queue, ids) {
      const { rows } = await pool.query<{ id: string }>(
        'select id from job where queue = $1 and id = any($2::text[])',
        [queue.name, ids],
      );
      return new Set(rows.map(({ id }) => id));
    },
    worker: (queue, process, options) =>
      new Worker(queue, process, { ...options, connection: pool }, createPostgresBackend),
    relay: relay,
    close: () => pool.end(),
  };
}

function redisBackend({ redisUrl, queuePrefix, name }: Backend, log: Log): OpenBackend {
  const connect = (purpose: string) => {
    const redis = new Redis(redisUrl!, {
      maxRetriesPerRequest: null,
      connectionName: `guichet-${name}-${purpose}`,
      retryStrategy: tries => Math.min(100 * tries, 2_000),
    });
    redis.on('error', error => log.warn({ err: error, purpose }, 'redis'));
    return redis;
  };
  const shared = connect('queues');
  const forWorkers = connect('workers');
  const prefix = queuePrefix;
  const forLive = connect('live');
  const relay = new Relay({ connection: forLive, prefix, name });
  relay.on('error', error => log.warn({ err: error }, 'live relay'));
  const connections = [shared, forWorkers, forLive];
  return {
    async queue(name) {
      const queue = new Queue(name, { connection: shared, prefix });
      queue.on('error', error => log.warn({ err: error, queue: name }, 'queue'));
      return queue;
    },
    async present(queue, ids) {
      const found = await Promise.all(ids.map(id => shared.exists(queue.toKey(id))));
      return new Set(ids.filter((_, index) => found[index] === 1));
    },
    worker: (queue, process, options) =>
      new Worker(queue, process, { ...options, connection: forWorkers, prefix }),
    relay: relay,
    async close() {
      for (const connection of connections) connection.disconnect();
    },
  };
}
