/**
 * What tests stand on: databases of their own on the run's PostgreSQL, clients that bring a passport, and
 * `startSubgraphWorld`, which each subgraph's own `test/world.ts` builds its `startWorld` on.
 */
import { randomBytes } from 'node:crypto';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createClient } from 'graphql-ws';
import { Client, Pool } from 'pg';
import { v7 } from 'uuid';
import { WebSocket } from 'ws';
import { type MessageData, type MessageName, messages } from '#schema/messages/index.ts';
import { createLog } from '../kernel/log.ts';
import {
  CORRELATION_HEADER,
  mintPassport,
  PASSPORT_HEADER,
  type Role,
  type Viewer,
} from '../kernel/passport.ts';
import { DEVELOPMENT_INTERNAL_SECRET, type Environment } from '../kernel/settings.ts';
import { type Delivery, messageQueue } from '../messaging/outbox.ts';
import { openQueues } from '../messaging/queues.ts';
import type { RunningSubgraph } from '../subgraph.ts';

/** Started once per run by dev/jest/setup.js. */
const POSTGRES = process.env.GUICHET_TEST_POSTGRES!;
/** Undefined where no Redis server is installed: what needs it is then reported as skipped. */
export const TEST_REDIS = process.env.GUICHET_TEST_REDIS;

/** Runs one statement on a connection of its own; its rows. */
export async function runSql(
  url: string,
  statement: string,
  values: unknown[] = [],
): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(statement, values)).rows;
  } finally {
    await client.end();
  }
}

/** Empty databases with names of their own: their URLs by the names asked for, and what drops them. */
export async function createDatabases<N extends string>(...names: N[]) {
  const suffix = randomBytes(6).toString('hex');
  for (const name of names) await runSql(`${POSTGRES}/postgres`, `create database ${name}_${suffix}`);
  return {
    urls: Object.fromEntries(names.map(name => [name, `${POSTGRES}/${name}_${suffix}`])) as Record<N, string>,
    async drop() {
      for (const name of names)
        await runSql(`${POSTGRES}/postgres`, `drop database if exists ${name}_${suffix} with (force)`);
    },
  };
}

/** Environment of one subgraph in a test: a free port, a database and queues of its own, silent logs. */
export async function testEnvironment(name: string, extra: Environment = {}) {
  const { urls, drop } = await createDatabases(name, 'jobs');
  const env: Environment = {
    [`${name.toUpperCase()}_PORT`]: '0',
    [`${name.toUpperCase()}_DATABASE_URL`]: urls[name],
    JOBS_DATABASE_URL: urls.jobs,
    LOG_LEVEL: process.env.TEST_LOG_LEVEL ?? 'silent',
    ...extra,
  };
  const databaseUrl = urls[name]!;
  const sql = (statement: string, values?: unknown[]) => runSql(databaseUrl, statement, values);
  return {
    env,
    databaseUrl,
    drop,
    /** Looks into (or tampers with) the subgraph's own database. */
    sql,
    /** The data of each message of this name that the subgraph has emitted so far, oldest first. */
    emitted: <N extends MessageName>(message: N) => listEmitted(sql, message),
  };
}

/** What the tests of every subgraph have in common; each subgraph's world adds what is its own. */
export interface SubgraphWorld {
  /** The running subgraph, for tests that stop it early. */
  subgraph: RunningSubgraph;
  /** Its base address, without `/graphql`. */
  url: string;
  /** What it was started with: a replica starts with the same. */
  environment: Environment;
  databaseUrl: string;
  /** Plays the other subgraphs: delivers their messages. */
  messenger: Messenger;
  /** Looks into (or tampers with) the subgraph's own database. */
  sql(statement: string, values?: unknown[]): Promise<Record<string, unknown>[]>;
  /** The data of each message of this name that the subgraph has emitted so far, oldest first. */
  emitted<N extends MessageName>(message: N): Promise<MessageData<N>[]>;
  /** Asks the subgraph as the gateway would, on behalf of a viewer (null: signed out). */
  ask(viewer: Viewer | null, query: string, variables?: Record<string, unknown>): Promise<GraphQLAnswer>;
  /** Subscribes to the subgraph as the gateway would. */
  subscribe(
    viewer: Viewer | null,
    query: string,
    variables?: Record<string, unknown>,
  ): ReturnType<typeof subscribe>;
  /** Stops the subgraph and drops its databases. */
  stop(): Promise<void>;
}

/** Starts one subgraph on a free port, with databases of its own, and plays the others. */
export async function startSubgraphWorld(
  name: string,
  start: (env: Environment) => Promise<RunningSubgraph>,
  extra: Environment = {},
): Promise<SubgraphWorld> {
  const { env, databaseUrl, drop } = await testEnvironment(name, extra);
  const subgraph = await start(env);
  const messenger = await openMessenger(name, env);
  // Tests look often: connections that stay open cost less than one for each look.
  const pool = new Pool({ connectionString: databaseUrl });
  // A test may terminate every connection to the database; the pool then opens another.
  pool.on('error', () => undefined);
  const sql: SubgraphWorld['sql'] = async (statement, values = []) =>
    (await pool.query(statement, values)).rows;
  return {
    subgraph,
    url: subgraph.url,
    environment: env,
    databaseUrl,
    messenger,
    sql,
    emitted: message => listEmitted(sql, message),
    ask: (viewer, query, variables) => ask(subgraph.url, viewer, query, variables),
    subscribe: (viewer, query, variables) => subscribe(subgraph.url, viewer, query, variables),
    async stop() {
      await messenger.close();
      await subgraph.stop();
      await pool.end();
      await drop();
    },
  };
}

async function listEmitted<N extends MessageName>(
  sql: SubgraphWorld['sql'],
  message: N,
): Promise<MessageData<N>[]> {
  const rows = await sql(`select envelope -> 'data' as data from outbox where name = $1 order by id`, [
    message,
  ]);
  return rows.map(row => row.data as MessageData<N>);
}

/** An HTTP server on a free port, which plays a neighbour of the tested subgraph. */
export async function startHttpServer(listener: RequestListener) {
  const server = createServer(listener);
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async stop() {
      const closed = new Promise(resolve => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

export type Messenger = Awaited<ReturnType<typeof openMessenger>>;

/**
 * Plays the other subgraphs: delivers their messages to a subgraph's queue, as their relay would. The same `id` is
 * the same message, delivered once more.
 */
export async function openMessenger(subgraph: string, env: Environment) {
  const queues = await openQueues(
    {
      name: 'test',
      redisUrl: env.REDIS_URL,
      jobsDatabaseUrl: env.JOBS_DATABASE_URL ?? '',
      queuePrefix: env.QUEUE_PREFIX ?? '{guichet}',
    },
    createLog('test', 'silent'),
  );
  return {
    async deliver<N extends MessageName>(name: N, data: MessageData<N>, id = v7()): Promise<void> {
      const envelope = {
        specversion: '1.0' as const,
        id,
        source: messages[name].source,
        type: name,
        time: new Date().toISOString(),
        correlationid: `test-${id}`,
        data,
      };
      const delivery: Delivery = { envelope, outbox: 'test', row: id };
      await queues.add(messageQueue(subgraph), [{ id: v7(), name, data: delivery }]);
    },
    close: () => queues.close(),
  };
}

/** A viewer with this role, unknown to any database. */
export function viewerWith(role: Role, viewer: Partial<Viewer> = {}): Viewer {
  const id = viewer.id ?? v7();
  return {
    id,
    role,
    permissions: [],
    email: `${id}@guichet.test`,
    displayName: `${role} ${id.slice(-4)}`,
    locale: 'fr',
    ...viewer,
  };
}

export interface GraphQLAnswer {
  // biome-ignore lint/suspicious/noExplicitAny: tests read answers of every shape
  data: any;
  errors?: { message: string; path?: (string | number)[]; extensions: { code: string } }[];
}

/** Asks a subgraph as the gateway would, on behalf of a viewer (null: signed out). */
export async function ask(
  url: string,
  viewer: Viewer | null,
  query: string,
  variables: Record<string, unknown> = {},
): Promise<GraphQLAnswer> {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      [PASSPORT_HEADER]: await mintPassport(viewer, DEVELOPMENT_INTERNAL_SECRET),
      [CORRELATION_HEADER]: `test-${v7()}`,
    },
    body: JSON.stringify({ query, variables }),
  });
  return (await response.json()) as GraphQLAnswer;
}

/** Subscribes to a subgraph as the gateway would. Iterate for the results; `close` ends it. */
export function subscribe(
  url: string,
  viewer: Viewer | null,
  query: string,
  variables: Record<string, unknown> = {},
) {
  const client = createClient({
    url: `${url.replace('http', 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    retryAttempts: 0,
    connectionParams: async () => ({ passport: await mintPassport(viewer, DEVELOPMENT_INTERNAL_SECRET) }),
  });
  const results = client.iterate({ query, variables }) as AsyncIterableIterator<GraphQLAnswer>;
  return {
    results,
    async next(): Promise<GraphQLAnswer> {
      return (await results.next()).value;
    },
    close: async () => {
      await results.return?.();
      await client.dispose();
    },
  };
}

/**
 * Waits until `probe` gives something other than null, undefined, false or 0, asking every 20 ms.
 * @throws the probe's last error, or a time-out after `seconds`.
 */
export async function eventually<T>(
  probe: () => Promise<T | null | undefined | false> | T | null | undefined | false,
  seconds = 15,
): Promise<T> {
  const deadline = Date.now() + seconds * 1_000;
  let failure: unknown = new Error(`Nothing came within ${seconds} s: ${probe}`);
  while (Date.now() < deadline) {
    try {
      const value = await probe();
      if (value !== null && value !== undefined && value !== false && value !== 0) return value;
    } catch (error) {
      failure = error;
    }
    await new Promise(resolve => setTimeout(resolve, 20));
  }
  throw failure;
}
