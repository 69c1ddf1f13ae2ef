import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { z } from 'zod';
import { findMessage, messages } from '#schema/messages/index.ts';
import { messagesFrom } from '#schema/messages/message.ts';
import { inTransaction, newId } from '../data/database.ts';
import { BACKENDS, createNodes, type Node } from '../test/messaging.ts';
import { eventually } from '../test/world.ts';
import { defineJob, enqueue } from './jobs.ts';
import { emit, messageQueue } from './outbox.ts';
import { ATTEMPTS } from './queues.ts';

jest.setTimeout(120_000);

const NAME = 'inventory-release-request';
const release = (orderId: string) => ({ orderId, reason: 'test', revokeTickets: false });

/** Puts a message into the queue of the tickets, as a release that writes this version does. */
async function deliver(node: Node, orderId: string, dataversion: unknown) {
  const id = newId();
  const envelope = {
    specversion: '1.0',
    id,
    source: 'orders',
    type: NAME,
    time: new Date().toISOString(),
    dataversion,
    data: release(orderId),
  };
  await node.queues.add(messageQueue('tickets'), [
    { id, name: NAME, data: { envelope, outbox: 'orders', row: id } },
  ]);
}

describe.each(BACKENDS)('versions of messages over $backend', ({ backend, available }) => {
  const run = available ? test : test.skip;
  let nodes: Awaited<ReturnType<typeof createNodes>>;
  let handled: string[];
  const handlers = {
    async [NAME](_ctx: unknown, { orderId }: { orderId: string }) {
      handled.push(orderId);
    },
  };
  afterEach(async () => {
    jest.restoreAllMocks();
    await nodes?.end();
  });

  run('a message without a version, from before they had one, is one of version 1', async () => {
    nodes = await createNodes(backend);
    handled = [];
    const tickets = await nodes.start('tickets', handlers);
    const orderId = newId();
    await deliver(tickets, orderId, undefined);
    await eventually(() => handled.includes(orderId));
  });

  run('a message of a version that a release does not know waits for one that does', async () => {
    nodes = await createNodes(backend);
    handled = [];
    const tickets = await nodes.start('tickets', handlers);
    const orderId = newId();
    await deliver(tickets, orderId, 2);
    await eventually(async () => (await tickets.count('retried')) >= 2);
    expect(handled).toEqual([]);
    expect(await nodes.sql('tickets', 'select 1 from inbox')).toEqual([]);
    // The newer release has come.
    jest.replaceProperty(messages[NAME], 'version', 2);
    await eventually(() => handled.includes(orderId), 30);
    expect(await nodes.sql('tickets', 'select 1 from dead_letters')).toEqual([]);
  });

  run('a message of a version that nobody knows becomes a dead letter', async () => {
    nodes = await createNodes(backend);
    handled = [];
    const orders = await nodes.start('orders', {});
    await inTransaction(orders.fork(), em => emit(em, NAME, release(newId())));
    await eventually(
      async () => (await nodes.sql('orders', 'select 1 from outbox where attempts > 0')).length,
    );
    await nodes.try(messageQueue('tickets'), ATTEMPTS - 1);
    jest.replaceProperty(messages[NAME], 'version', 2);
    await nodes.start('tickets', handlers);
    const [letter] = await eventually(async () => {
      const letters = await nodes.sql('tickets', 'select * from dead_letters');
      return letters.length > 0 && letters;
    });
    expect(letter).toMatchObject({
      attempts: ATTEMPTS,
      error: `Error: ${NAME} of version 1 is not known to this release`,
    });
    expect(handled).toEqual([]);
  });
});

test('a message carries the version of its data, and a job carries none', async () => {
  const nodes = await createNodes('PostgreSQL');
  const job = defineJob({ name: 'orders/test-nothing', data: z.object({}) });
  const orders = await nodes.start('orders', {});
  await inTransaction(orders.fork(), async em => {
    await emit(em, NAME, release(newId()));
    await enqueue(em, job, {});
  });
  expect(
    await nodes.sql('orders', "select name, envelope -> 'dataversion' as version from outbox order by id"),
  ).toEqual([
    { name: NAME, version: 1 },
    { name: job.name, version: null },
  ]);
  await nodes.end();
});

test('data of a former version that is still under way becomes data of this one', () => {
  const current = z.object({ orderId: z.string(), units: z.int() });
  const message = messagesFrom('orders')({
    consumers: ['tickets'],
    data: current,
    version: 2,
    formerVersions: {
      1: z.object({ orderId: z.string() }).transform(former => ({ ...former, units: 1 })),
    },
  });
  expect(message.schemaOf(1)?.parse({ orderId: 'a' })).toEqual({ orderId: 'a', units: 1 });
  expect(message.schemaOf(2)?.parse({ orderId: 'a', units: 3 })).toEqual({ orderId: 'a', units: 3 });
  expect(() => message.schemaOf(2)!.parse({ orderId: 'a' })).toThrow();
  expect(message.schemaOf(3)).toBeUndefined();
});

test('every message has one owner, and names of other things are none', () => {
  const owners = Object.values(messages).map(({ source }) => source);
  expect(new Set(owners)).toEqual(
    new Set(['users', 'orders', 'invoices', 'payments', 'tickets', 'notifications']),
  );
  expect(findMessage('toString')).toBeUndefined();
});
