import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { z } from 'zod';
import type { MessageData } from '#schema/messages/index.ts';
import { inTransaction, newId, query, sql } from '../data/database.ts';
import { BACKENDS, createNodes, type Node } from '../test/messaging.ts';
import { createDatabases, eventually, runSql } from '../test/world.ts';
import { createSlots, HandlerOverdue } from './handler-slots.ts';
import { defineJob, enqueue, onJob } from './jobs.ts';
import { emit, messageQueue } from './outbox.ts';
import { openJobsPool, type QueueItem } from './queues.ts';
import { relayOnce } from './relay.ts';

jest.setTimeout(120_000);

type Nodes = Awaited<ReturnType<typeof createNodes>>;
const never = () => new Promise<never>(() => {});

/** Something in the background, and what a buyer waits for. */
const release = (orderId: string) => ({ orderId, reason: 'test', revokeTickets: false });
const reserve = (orderId: string): MessageData<'inventory-reserve-request'> => ({
  orderId,
  customerId: newId(),
  lines: [],
  expiresAt: new Date().toISOString(),
});
const sendReleases = (node: Node, orderIds: string[]) =>
  inTransaction(node.fork(), async em => {
    for (const id of orderIds) await emit(em, 'inventory-release-request', release(id));
  });
const sendReserve = (node: Node, orderId: string) =>
  inTransaction(node.fork(), em => emit(em, 'inventory-reserve-request', reserve(orderId)));
const ids = (count: number) => Array.from({ length: count }, newId);

/** Waits until each row of the orders' outbox was handed to the queue. */
const handedOut = (nodes: Nodes, count: number) =>
  eventually(async () => {
    const rows = await nodes.sql('orders', 'select 1 from outbox where attempts > 0');
    return rows.length === count;
  }, 60);
/** Has the relay look after every unacknowledged row, and waits until it has. */
async function lookAgain(nodes: Nodes) {
  await nodes.sql('orders', "update outbox set due_at = now() where pending <> '{}'");
  await eventually(async () => {
    const due = await nodes.sql('orders', "select 1 from outbox where pending <> '{}' and due_at <= now()");
    return due.length === 0;
  });
}

describe.each(BACKENDS)('workers on $backend', ({ backend, available }) => {
  const run = available ? test : test.skip;
  let nodes: Nodes;
  afterEach(async () => {
    await nodes?.end();
  });

  run('what hangs in one process is done by another, and the process takes nothing more', async () => {
    nodes = await createNodes(backend);
    const started: string[] = [];
    const done: string[] = [];
    let end = () => {};
    const hanging = new Promise<void>(resolve => {
      end = resolve;
    });
    const job = defineJob({
      name: 'tickets/test-hang',
      data: z.object({ label: z.string() }),
      concurrency: 2,
    });
    const doing = (handle: (label: string) => Promise<void>) =>
      onJob(job, (_ctx, { label }) => handle(label), { timeLimitMs: () => 1_000 });
    const hangs = doing(async label => {
      started.push(label);
      await hanging;
    });
    const works = doing(async label => {
      done.push(label);
    });
    const send = (node: Node, labels: string[]) =>
      inTransaction(node.fork(), async em => {
        for (const label of labels) await enqueue(em, job, { label });
      });

    const wedged = await nodes.start('tickets', {}, [hangs]);
    await send(wedged, ['1', '2', '3', '4']);
    await eventually(() => started.length === 2);
    const healthy = await nodes.start('tickets', {}, [works]);
    await eventually(() => new Set(done).size === 4, 30);
    expect(await wedged.count('overdue')).toBe(2);

    await send(healthy, ['5', '6', '7', '8', '9']);
    await eventually(() => new Set(done).size === 9, 30);
    expect(started).toHaveLength(2);

    // Once its handlers have ended, it works again.
    await healthy.stop();
    end();
    await send(wedged, ['10', '11', '12']);
    await eventually(() => started.length === 5, 30);
  });

  run('what hangs wherever it is handled becomes a dead letter', async () => {
    nodes = await createNodes(backend);
    const job = defineJob({ name: 'tickets/test-hang', data: z.object({}), concurrency: 8 });
    const node = await nodes.start('tickets', {}, [onJob(job, never, { timeLimitMs: () => 100 })]);
    await inTransaction(node.fork(), em => enqueue(em, job, {}));
    const [letter] = await eventually(async () => {
      const letters = await nodes.sql('tickets', 'select * from dead_letters');
      return letters.length > 0 && letters;
    }, 60);
    expect(letter).toMatchObject({ error: expect.stringContaining('overdue 5 times') });
    expect(await node.count('overdue')).toBe(5);
  });

  run('what has outlasted ten processes becomes a dead letter before it meets another', async () => {
    nodes = await createNodes(backend);
    const orders = await nodes.start('orders', {});
    await sendReleases(orders, ids(1));
    await handedOut(nodes, 1);
    await nodes.stall(messageQueue('tickets'), 10);
    let handled = 0;
    await nodes.start('tickets', {
      async 'inventory-release-request'() {
        handled += 1;
      },
    });
    const [letter] = await eventually(async () => {
      const letters = await nodes.sql('tickets', 'select * from dead_letters');
      return letters.length > 0 && letters;
    });
    expect(letter).toMatchObject({ error: expect.stringContaining('10 processes') });
    expect(handled).toBe(0);
  });

  run('what a buyer waits for overtakes what is in the queue already', async () => {
    nodes = await createNodes(backend);
    const orders = await nodes.start('orders', {});
    await sendReleases(orders, ids(300));
    await handedOut(nodes, 300);
    await sendReserve(orders, newId());
    await handedOut(nodes, 301);

    const handled: string[] = [];
    await nodes.start('tickets', {
      async 'inventory-release-request'() {
        handled.push('release');
      },
      async 'inventory-reserve-request'() {
        handled.push('reserve');
      },
    });
    await eventually(() => handled.length === 301, 60);
    // Those that run at a time may end in any order.
    expect(handled.indexOf('reserve')).toBeLessThan(16);
  });

  run(
    'rows are not handed out twice while their queue is behind, and are when it has lost them',
    async () => {
      nodes = await createNodes(backend);
      const orders = await nodes.start('orders', {});
      const orderIds = ids(30);
      await sendReleases(orders, orderIds);
      await handedOut(nodes, 30);
      await lookAgain(nodes);
      expect(await nodes.sql('orders', 'select distinct attempts from outbox')).toEqual([{ attempts: 1 }]);
      expect(await orders.count('redriven')).toBe(0);

      await nodes.lose(messageQueue('tickets'));
      await lookAgain(nodes);
      expect(await nodes.sql('orders', 'select distinct attempts from outbox')).toEqual([{ attempts: 2 }]);
      expect(await orders.count('redriven')).toBe(30);

      const handled: string[] = [];
      await nodes.start('tickets', {
        async 'inventory-release-request'(_ctx, { orderId }) {
          handled.push(orderId);
        },
      });
      await eventually(
        async () => (await nodes.sql('orders', "select 1 from outbox where pending <> '{}'")).length === 0,
      );
      expect(handled.sort()).toEqual(orderIds.sort());
    },
  );

  run('a message that waits for its next try is not handed out again', async () => {
    nodes = await createNodes(backend);
    const orders = await nodes.start('orders', {});
    let tries = 0;
    const tickets = await nodes.start('tickets', {
      async 'inventory-release-request'() {
        tries += 1;
        throw new Error('not yet');
      },
    });
    await sendReleases(orders, ids(1));
    await eventually(() => tries >= 4);
    await lookAgain(nodes);
    expect(await nodes.sql('orders', 'select attempts from outbox')).toEqual([{ attempts: 1 }]);
    expect(await tickets.count('retried')).toBeGreaterThanOrEqual(3);
  });
});

test('a connection to the jobs database that breaks between two statements does not end the process', async () => {
  const { urls, drop } = await createDatabases('jobs');
  const warn = jest.fn();
  const pool = openJobsPool(urls.jobs, 'test', { warn } as never);
  const client = await pool.connect();
  const { rows } = await client.query('select pg_backend_pid() as pid');
  await runSql(urls.jobs, 'select pg_terminate_backend($1)', [rows[0].pid]);
  await eventually(() => warn.mock.calls.length > 0);
  client.release(true);
  expect((await pool.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
  await pool.end();
  await drop();
});

describe('on any queue', () => {
  let nodes: Nodes;
  afterEach(async () => {
    await nodes?.end();
  });

  test('an overdue message is rolled back and taken again, and its handler can change nothing more', async () => {
    nodes = await createNodes('PostgreSQL');
    await nodes.sql('tickets', 'create table effects (text text not null)');
    let tries = 0;
    let late: unknown;
    const orders = await nodes.start('orders', {});
    const tickets = await nodes.start('tickets', {
      async 'inventory-release-request'({ em }) {
        tries += 1;
        const first = tries === 1;
        await query(em, sql`insert into effects (text) values (${first ? 'first' : 'second'})`);
        try {
          while (first) await query(em, sql`insert into effects select 'more' from pg_sleep(0.2)`);
        } catch (error) {
          late = error;
        }
      },
    });
    await sendReleases(orders, ids(1));
    const effects = () => nodes.sql('tickets', 'select text from effects');
    // Sooner than PostgreSQL would end the transaction by itself (after a minute).
    await eventually(async () => (await effects()).length > 0, 50);
    expect(await tickets.count('overdue')).toBe(1);
    expect(await eventually(() => late)).toBeInstanceOf(Error);
    expect(await effects()).toEqual([{ text: 'second' }]);
  });

  test('the outbox gives the queues first what a buyer waits for', async () => {
    nodes = await createNodes('PostgreSQL');
    const orders = await nodes.start('orders', {});
    const fork = orders.fork;
    await inTransaction(fork(), async em => {
      for (const id of ids(250)) await emit(em, 'inventory-release-request', release(id));
      await emit(em, 'inventory-reserve-request', reserve(newId()));
      // As by a relay that has only these rows before it: nothing is committed.
      const added: QueueItem[] = [];
      const queues = {
        add: async (_queue: string, items: QueueItem[]) => {
          added.push(...items);
        },
      };
      await query(em, sql`update outbox set due_at = now()`);
      expect(await relayOnce(em, 'orders', queues as never, orders.live)).toBe(200);
      expect(added.filter(({ name }) => name === 'inventory-reserve-request')).toHaveLength(1);
      throw new Error('rolled back');
    }).catch(error => expect(error.message).toBe('rolled back'));
  });
});

describe('slots', () => {
  afterEach(() => {
    jest.useRealTimers();
  });

  test('a queue all of whose handlers have hung for two minutes makes the process unhealthy until they end', async () => {
    jest.useFakeTimers();
    const usable: number[] = [];
    let answers = false;
    const slots = createSlots({
      queue: 'messages-test',
      total: 2,
      apply: count => usable.push(count),
      probe: async () => answers,
    });
    let end = () => {};
    const hanging = new Promise<void>(resolve => {
      end = resolve;
    });
    const runs = [1, 2].map(() => slots.run(1_000, () => hanging).catch(error => error));
    await jest.advanceTimersByTimeAsync(1_000);
    for (const run of runs) expect(await run).toBeInstanceOf(HandlerOverdue);
    expect(usable.at(-1)).toBe(0);
    expect(slots.ailment()).toBeUndefined();
    await jest.advanceTimersByTimeAsync(120_000);
    expect(slots.ailment()).toContain('all 2 handlers of messages-test have hung');

    end();
    jest.useRealTimers();
    await eventually(() => slots.ailment() === undefined);
    expect(usable.at(-1)).toBe(0);
    // One at a time once the database answers, until one has been handled.
    answers = true;
    await eventually(() => usable.at(-1) === 1);
    await slots.run(1_000, async () => {});
    expect(usable.at(-1)).toBe(2);
  });
});
