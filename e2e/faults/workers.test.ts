import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { Client } from 'pg';
import { newId } from '#shared/data/database.ts';
import { eventually, openMessenger, TEST_REDIS, testEnvironment } from '#shared/test/world.ts';
import { findFreePort } from '../../dev/free-port.ts';
import { type Process, startProcess } from '../../dev/stack/processes.ts';

jest.setTimeout(240_000);

const ROOT = new URL('../..', import.meta.url).pathname;

/**
 * Replicas of the tickets' workers (`WORKERS=only`, as in docker-compose.yml), and orders that request stock from them.
 */
async function startWorld(redis: boolean) {
  const environment = await testEnvironment('tickets', {
    WORKERS: 'only',
    ...(redis && { REDIS_URL: TEST_REDIS, QUEUE_PREFIX: `{test-${newId()}}` }),
  });
  const messenger = await openMessenger('tickets', environment.env);
  const replicas: Process[] = [];
  return {
    ...environment,
    async startReplica() {
      const port = await findFreePort();
      const replica = startProcess({
        name: `tickets-worker-${replicas.length + 1}`,
        file: `${ROOT}subgraphs/tickets/server.ts`,
        nodeArgs: ['--import', `${ROOT}e2e/faults/wedge.ts`],
        env: { ...process.env, ...environment.env, TICKETS_PORT: String(port) },
        readyUrl: `http://127.0.0.1:${port}/ready`,
        sink: line => {
          if (process.env.TEST_LOG_LEVEL) process.stderr.write(`${line}\n`);
        },
      });
      replicas.push(replica);
      await replica.ready;
      return { ...replica, metrics: async () => (await fetch(`http://127.0.0.1:${port}/metrics`)).text() };
    },
    /** Orders for a product that is not on sale: each is answered once, and holds nothing. */
    async order(count: number): Promise<string[]> {
      const orderIds = Array.from({ length: count }, newId);
      for (const orderId of orderIds) {
        await messenger.deliver('inventory-reserve-request', {
          orderId,
          customerId: newId(),
          lines: [
            {
              productId: newId(),
              eventId: newId(),
              kind: 'ADMISSION',
              name: 'Nowhere',
              quantity: 1,
              unitPrice: 1_000,
              taxRate: 0.055,
              guestNames: [''],
            },
          ],
          expiresAt: new Date(Date.now() + 900_000).toISOString(),
        });
      }
      return orderIds;
    },
    /** The number of answers that each of the orders has received. */
    async answers(orderIds: string[]): Promise<number[]> {
      const results = await environment.emitted('inventory-reserve-result');
      return orderIds.map(id => results.filter(({ orderId }) => orderId === id).length);
    },
    async end() {
      // A frozen process does not react to SIGTERM.
      for (const replica of replicas) replica.kill('SIGCONT');
      await Promise.all(replicas.map(replica => replica.stop()));
      await messenger.close();
      await environment.drop();
    },
  };
}
type World = Awaited<ReturnType<typeof startWorld>>;

const once = (count: number) => Array.from({ length: count }, () => 1);
const answered = (world: World, orderIds: string[], seconds: number) =>
  eventually(async () => (await world.answers(orderIds)).every(count => count > 0), seconds);

describe.each([
  { backend: 'PostgreSQL', available: true },
  { backend: 'Redis', available: TEST_REDIS !== undefined },
])('a replica beside a healthy one, queues on $backend', ({ backend, available }) => {
  const run = available ? test : test.skip;
  let world: World | undefined;
  let locker: Client | undefined;
  afterEach(async () => {
    await locker?.end();
    locker = undefined;
    await world?.end();
    world = undefined;
  });

  run('that is wedged gives up what it has taken, and says so in its metrics', async () => {
    world = await startWorld(backend === 'Redis');
    const wedged = await world.startReplica();
    wedged.kill('SIGUSR2');
    const first = await world.order(20);
    // The worker has taken some messages, and hangs in the middle of their transactions.
    await eventually(async () => {
      const open = await world!.sql(
        `select 1 from pg_stat_activity where datname = current_database() and state = 'idle in transaction'`,
      );
      return open.length > 0;
    });
    await world.startReplica();
    await answered(world, first, 120);
    expect(await world.answers(first)).toEqual(once(20));
    expect(await wedged.metrics()).toMatch(
      /guichet_messages_total\{message="inventory-reserve-request",outcome="overdue",.*\} [1-9]/,
    );

    const second = await world.order(20);
    await answered(world, second, 60);
    expect(await world.answers(second)).toEqual(once(20));
  });

  run('that is frozen loses what it has taken, and does nothing twice when it goes on', async () => {
    world = await startWorld(backend === 'Redis');
    const frozen = await world.startReplica();
    // This blocks its handlers in the middle of their transactions.
    locker = new Client({ connectionString: world.databaseUrl });
    await locker.connect();
    await locker.query('begin; lock table holds in access exclusive mode');
    const first = await world.order(20);
    await eventually(async () => {
      const waiting = await world!.sql(
        `select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
      );
      return waiting.length >= 5;
    });
    frozen.kill('SIGSTOP');
    await locker.query('rollback');
    await world.startReplica();
    // This must happen before PostgreSQL ends any transaction (after a minute).
    await answered(world, first, 50);
    expect(await world.answers(first)).toEqual(once(20));

    frozen.kill('SIGCONT');
    const second = await world.order(40);
    await answered(world, second, 60);
    expect(await frozen.metrics()).toContain('guichet_messages_total');
    expect(await world.answers([...first, ...second])).toEqual(once(60));
  });
});
