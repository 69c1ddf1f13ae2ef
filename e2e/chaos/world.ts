/**
 * The stack of a run: in a temporary folder, on free ports, with the functions that the faults need to break and
 * restore it.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { stripVTControlCharacters } from 'node:util';
import { Redis } from 'ioredis';
import { Client } from 'pg';
import type { Environment } from '#shared/kernel/settings.ts';
import { createApiClient } from '../../dev/buyer/client.ts';
import { listEvents, signIn } from '../../dev/buyer/purchase.ts';
import { startTestRedis, type TestRedis } from '../../dev/redis.ts';
import { type Stack, startStack } from '../../dev/stack/stack.ts';
import type { ProductName } from './plans.ts';

export type Row = Record<string, unknown>;

export interface World {
  stack: Stack;
  redis: TestRedis | null;
  /** Log lines about processes that ended although the run had not ended them. */
  crashes: string[];
  /** Runs one statement on a connection of its own. @throws while the database is away. */
  sql<R extends Row = Row>(database: string, statement: string, values?: unknown[]): Promise<R[]>;
  /** Ends a process and keeps it down. Two overlapping calls keep it down until the later end. */
  takeDown(name: string, signal: NodeJS.Signals | 'stop', ms: number): Promise<void>;
  freeze(name: string, ms: number): Promise<void>;
  killRedis(ms: number): Promise<void>;
  flushRedis(): Promise<void>;
  /** Restores everything that a fault has left down or frozen. */
  heal(): Promise<void>;
  end(): Promise<void>;
}

const START_WITHIN_MS = 120_000;

/** Starts the stack. @throws Error when `backend` is `redis` and no redis-server is installed. */
export async function startWorld(backend: 'postgresql' | 'redis', env: Environment): Promise<World> {
  const directory = await mkdtemp(join(tmpdir(), 'guichet-chaos-'));
  const redis = backend === 'redis' ? await startTestRedis() : null;
  if (backend === 'redis' && !redis) throw new Error('redis-server is not installed.');
  const crashes: string[] = [];
  /** Processes that found themselves wedged and asked for a restart: this is a recovery and not a crash. */
  const restarting = new Set<string>();
  const stack = await startStack({
    directory,
    ports: 'free',
    fastPostgres: true,
    env: { LOG_LEVEL: 'warn', ...env },
    ...(redis && { redisUrl: redis.url }),
    log: line => {
      const [name = ''] = stripVTControlCharacters(line).split(/\s/);
      if (line.includes('asks for a restart')) restarting.add(name);
      else if (line.includes('It is started again') && !restarting.delete(name)) crashes.push(line);
      if (process.env.TEST_LOG_LEVEL) process.stderr.write(`${new Date().toISOString()} ${line}\n`);
    },
  });
  const down = new Map<string, number>();
  const address = (database: string) =>
    stack.databaseUrl(database) || stack.databaseUrl('users').replace(/[^/]*$/, database);
  /** Redis faults run one at a time, because Redis has one port. */
  let redisFault: Promise<void> = Promise.resolve();

  async function takeDown(name: string, signal: NodeJS.Signals | 'stop', ms: number) {
    const program = stack.processes.get(name)!;
    down.set(name, (down.get(name) ?? 0) + 1);
    // A frozen program cannot stop gracefully.
    await program.kill('SIGCONT');
    await (signal === 'stop' ? program.stop() : program.kill(signal));
    await pause(ms);
    down.set(name, down.get(name)! - 1);
    await bringUp(name);
  }

  /** A start fails while a dependency of the program is away, so it is repeated. */
  async function bringUp(name: string) {
    const giveUpAt = Date.now() + START_WITHIN_MS;
    while (down.get(name) === 0) {
      try {
        return await stack.processes.get(name)!.start();
      } catch (error) {
        if (Date.now() > giveUpAt) throw error;
        await pause(300);
      }
    }
  }

  return {
    stack,
    redis,
    crashes,
    async sql<R extends Row>(database: string, statement: string, values: unknown[] = []) {
      const client = new Client({ connectionString: address(database), application_name: 'chaos' });
      // A connection that a fault ends reports it twice: by this event, and by the statement that fails.
      client.on('error', () => undefined);
      await client.connect();
      try {
        return (await client.query(statement, values)).rows as R[];
      } finally {
        await client.end().catch(() => undefined);
      }
    },
    takeDown,
    async freeze(name, ms) {
      await stack.processes.get(name)!.kill('SIGSTOP');
      await pause(ms);
      await stack.processes.get(name)!.kill('SIGCONT');
    },
    killRedis(ms) {
      redisFault = redisFault.then(async () => {
        await redis!.kill();
        await pause(ms);
        await redis!.restart();
      });
      return redisFault;
    },
    async flushRedis() {
      const client = new Redis(redis!.url, { maxRetriesPerRequest: 1 });
      client.on('error', () => undefined);
      await client.flushall().finally(() => client.disconnect());
    },
    async heal() {
      await redisFault;
      for (const program of stack.processes.values()) await program.kill('SIGCONT');
      for (const name of ['postgresql', ...stack.processes.keys()]) {
        down.set(name, 0);
        // A program that does not start is found when the run waits for rest.
        await bringUp(name).catch(() => undefined);
      }
      await fetch(`${stack.stripeSandboxUrl}/sandbox/faults`, { method: 'DELETE' });
      await fetch(`${stack.stripeSandboxUrl}/sandbox/webhooks/resume`, { method: 'POST' });
      await fetch(`${stack.mailboxUrl}/api/faults`, { method: 'DELETE' });
    },
    async end() {
      await stack.stop();
      await redis?.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** The seeded products, and the seats of a small event that is created for the run. */
export async function openMarket({ stack }: World, capacity: number): Promise<Record<ProductName, string>> {
  const api = createApiClient(stack.gatewayUrl);
  const organizer = await signIn(api, 'organizer@guichet.test', 'organizer-guichet');
  const make = async (type: 'Event' | 'Product', input: object) => {
    const data = await organizer.get(
      `mutation ($input: Create${type}Input!) { made: create${type}(input: $input) {
        ... on ${type} { id } ... on Error { message } } }`,
      { input },
    );
    if (!data.made.id) throw new Error(data.made.message);
    return data.made.id as string;
  };
  const day = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString();
  const eventId = await make('Event', {
    title: 'A small room',
    startsAt: day(10),
    endsAt: day(10.2),
    timezone: 'Europe/Paris',
  });
  const scarce = await make('Product', {
    eventId,
    kind: 'ADMISSION',
    name: 'Seat',
    price: { amount: 1_500, currency: 'EUR' },
    taxRate: 0.055,
    capacity,
  });
  await organizer.get('mutation ($id: ID!) { publishEvent(eventId: $id) { __typename } }', { id: eventId });
  const seeded = (await listEvents(api)).find(({ title }) => title === 'Nuit des Guichets')!;
  const named = (name: string) => seeded.products.find(product => product.name === name)!.id;
  return { standard: named('Standard'), vip: named('VIP'), shirt: named('T-shirt'), scarce };
}
