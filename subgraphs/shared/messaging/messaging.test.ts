import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { type EntityManager, inTransaction, newId, query, sql } from '../data/database.ts';
import { BACKENDS, startNode } from '../test/messaging.ts';
import { createDatabases, eventually, runSql, TEST_REDIS } from '../test/world.ts';
import type { MessageHandlers } from './inbox.ts';
import { defineJob, enqueue, jobQueue, onJob } from './jobs.ts';
import type { Live } from './live.ts';
import { emit, messageQueue } from './outbox.ts';
import type { Queues } from './queues.ts';

const request = (orderId: string) => ({ orderId, reason: 'test', revokeTickets: false });

describe.each(BACKENDS)('messages over $backend', ({ backend, available }) => {
  const run = available ? test : test.skip;
  const redis = backend === 'Redis';
  let databases: Awaited<ReturnType<typeof createDatabases<'orders' | 'tickets' | 'jobs'>>>;
  let orders: Awaited<ReturnType<typeof startNode>>;
  let tickets: Awaited<ReturnType<typeof startNode>>;
  let queues: Queues;
  let live: Live;
  let fork: () => EntityManager;
  let fail: (orderId: string) => boolean = () => false;
  const jobsDone: string[] = [];

  const rendering = defineJob({
    name: 'tickets/test-render',
    data: z.object({ label: z.string() }),
  });
  const render = onJob(rendering, async (_ctx, { label }) => {
    jobsDone.push(label);
  });

  /** Each handling leaves a row, in the handler's transaction. */
  const handlers: MessageHandlers = {
    async 'inventory-release-request'({ em }, { orderId }) {
      await query(em, sql`insert into effects (order_id) values (${orderId})`);
      if (fail(orderId)) throw new Error('not this time');
    },
  };
  const effects = async (orderId: string) =>
    (await runSql(databases.urls.tickets, 'select 1 from effects where order_id = $1', [orderId])).length;
  const pending = (orderId: string) =>
    runSql(
      databases.urls.orders,
      "select id, pending from outbox where envelope -> 'data' ->> 'orderId' = $1 and pending <> '{}'",
      [orderId],
    );
  const send = (orderId: string) =>
    inTransaction(fork(), em => emit(em, 'inventory-release-request', request(orderId)));

  beforeAll(async () => {
    if (!available) return;
    databases = await createDatabases('orders', 'tickets', 'jobs');
    await runSql(databases.urls.tickets, 'create table effects (order_id uuid not null)');
    const settings = {
      jobsDatabaseUrl: databases.urls.jobs,
      redisUrl: redis ? TEST_REDIS : undefined,
      queuePrefix: `{test-${newId()}}`,
    };
    orders = await startNode('orders', databases.urls.orders, settings, {});
    tickets = await startNode('tickets', databases.urls.tickets, settings, handlers, [render]);
    ({ queues, live, fork } = orders);
  });
  afterAll(async () => {
    await tickets?.stop();
    await orders?.stop();
    await databases?.drop();
  });

  run('a message arrives once, and its row is done when its consumer has handled it', async () => {
    const orderId = newId();
    await send(orderId);
    await eventually(async () => (await effects(orderId)) === 1);
    await eventually(async () => (await pending(orderId)).length === 0);
  });

  run('a message of a transaction that is rolled back is never sent', async () => {
    const [lost, kept] = [newId(), newId()];
    await inTransaction(fork(), async em => {
      await emit(em, 'inventory-release-request', request(lost));
      throw new Error('rolled back');
    }).catch(() => {});
    await send(kept);
    await eventually(async () => (await effects(kept)) === 1);
    expect(await effects(lost)).toBe(0);
  });

  run('the same message delivered fifty times at once takes effect once (I5)', async () => {
    const orderId = newId();
    await send(orderId);
    const [row] = await eventually(async () => {
      const rows = await runSql(
        databases.urls.orders,
        "select id, envelope from outbox where envelope -> 'data' ->> 'orderId' = $1",
        [orderId],
      );
      return rows.length > 0 && rows;
    });
    const data = { envelope: row!.envelope, outbox: 'orders', row: row!.id };
    const repeat = () => ({ id: newId(), name: 'inventory-release-request', data });
    await queues.add(messageQueue('tickets'), Array.from({ length: 50 }, repeat));
    await drained('tickets');
    expect(await effects(orderId)).toBe(1);

    // The control: without its place in the inbox, a repetition takes effect again.
    await runSql(databases.urls.tickets, 'delete from inbox where event_id = $1', [row!.id]);
    await queues.add(messageQueue('tickets'), [repeat()]);
    await eventually(async () => (await effects(orderId)) === 2);
  });

  run('a handler that fails leaves nothing behind and is tried again', async () => {
    const orderId = newId();
    let tries = 0;
    fail = id => id === orderId && ++tries < 3;
    await send(orderId);
    await eventually(async () => (await effects(orderId)) === 1);
    expect(tries).toBe(3);
  });

  run('F10: what cannot be read becomes a dead letter, others pass, and a replay takes effect', async () => {
    const orderId = newId();
    await send(orderId);
    await eventually(async () => (await effects(orderId)) === 1);
    const id = newId();
    const envelope = {
      specversion: '1.0',
      id,
      source: 'orders',
      type: 'inventory-release-request',
      time: new Date().toISOString(),
      data: { orderId, nonsense: true },
    };
    await queues.add(messageQueue('tickets'), [
      { id, name: 'poison', data: { envelope, outbox: 'orders', row: id } },
    ]);
    const [letter] = await eventually(async () => {
      const rows = await runSql(databases.urls.tickets, 'select * from dead_letters where id = $1', [id]);
      return rows.length > 0 && rows;
    });
    expect(letter).toMatchObject({
      name: 'inventory-release-request',
      queue: 'messages-tickets',
      attempts: 1,
    });

    const { replayDeadLetter } = await import('./dead-letters.ts');
    await runSql(
      databases.urls.tickets,
      `update dead_letters set envelope = jsonb_set(envelope, '{data}', $1::jsonb) where id = $2`,
      [JSON.stringify(request(orderId)), id],
    );
    const admin = { role: 'ADMIN', id: newId() } as never;
    await replayDeadLetter({ em: tickets.fork(), viewer: admin } as never, id);
    await eventually(async () => (await effects(orderId)) === 2);
    expect(await runSql(databases.urls.tickets, 'select 1 from dead_letters where id = $1', [id])).toEqual(
      [],
    );
  });

  run('F4: what a queue loses is handed to it again', async () => {
    const orderId = newId();
    // As after a flush: the row says it was queued, the queue knows nothing of it.
    await inTransaction(fork(), async em => {
      await emit(em, 'inventory-release-request', request(orderId));
      await query(
        em,
        sql`update outbox set attempts = 1, due_at = now() + interval '1 hour'
        where envelope -> 'data' ->> 'orderId' = ${orderId}`,
      );
    });
    await runSql(databases.urls.orders, 'update outbox set due_at = now() where attempts = 1');
    await eventually(async () => (await effects(orderId)) === 1);
  });

  run('a job runs when its transaction has committed, and not before its time', async () => {
    await inTransaction(tickets.fork(), async em => {
      await enqueue(em, rendering, { label: 'now' });
      await enqueue(em, rendering, { label: 'much later' }, { at: new Date(Date.now() + 3_600_000) });
      await enqueue(em, rendering, { label: 'a moment later' }, { at: new Date(Date.now() + 300) });
    });
    await eventually(() => jobsDone.includes('a moment later'));
    expect(jobsDone).toEqual(['now', 'a moment later']);
    expect(jobQueue(rendering)).toBe('jobs-tickets-test-render');
  });

  run('who watches a topic sees the current state, then every change, also of other processes', async () => {
    let state = 1;
    const values = live.watch(['order.watched'], async () => [state]);
    expect((await values.next()).value).toBe(1);
    const next = values.next();
    state = 2;
    await tickets.live.publish('order.watched');
    expect((await next).value).toBe(2);
    await values.return?.();
    expect((await values.next()).done).toBe(true);
  });

  run('a watcher that is ended while it waits ends at once', async () => {
    const values = live.watch(['order.quiet'], async () => ['now']);
    await values.next();
    const waiting = values.next();
    await values.return?.();
    expect((await waiting).done).toBe(true);
  });

  async function drained(subgraph: string) {
    const id = newId();
    const marker = newId();
    const envelope = {
      specversion: '1.0',
      id,
      source: 'orders',
      type: 'inventory-release-request',
      time: new Date().toISOString(),
      data: request(marker),
    };
    await queues.add(messageQueue(subgraph), [
      { id, name: 'marker', data: { envelope, outbox: 'orders', row: id } },
    ]);
    await eventually(async () => (await effects(marker)) === 1);
  }
});
