/**
 * The relay moves the rows of the outbox to the queues, and again while they stay unacknowledged: a queue that loses
 * items (Redis may lose its last second, or be flushed) is filled again from here.
 */
import { Client } from 'pg';
import type { Envelope } from '#schema/messages/envelope.ts';
import { type EntityManager, inTransaction, query, type RawBuilder, sql } from '../data/database.ts';
import { forgetKeys } from '../data/idempotency.ts';
import { CONNECTION_TIMEOUT_MS } from '../data/pool.ts';
import type { Log } from '../kernel/log.ts';
import { type Ack, acknowledge, ackTopic } from './acknowledgements.ts';
import type { Live } from './live.ts';
import type { MessageMetrics } from './metrics.ts';
import type { Delivery } from './outbox.ts';
import type { Queues } from './queues.ts';

interface OutboxRow {
  id: string;
  envelope: Envelope;
  pending: string[];
  live_topics: string[];
  background: boolean;
}

const BATCH = 200;
/** Seconds until an unacknowledged row is looked at again: 10, 20, 40, then every minute. */
const lookAgainAfter = sql`make_interval(secs => least(10 * 2 ^ least(attempts, 3), 60))`;
/** Without a NOTIFY (a lost connection, a delayed row) the relay looks this often. */
const POLL_MS = 1_000;
/** Done rows and inbox rows are kept this long, for looking back and against late repeats. */
const KEEP = '14 days';
const CLEANING_MS = 3_600_000;
/** Until the relay listens again after its connection has broken. */
const LISTEN_AGAIN_MS = 500;

/**
 * Hands due rows to the queues and to live listeners for the first time: those that somebody waits for, then the
 * background. Returns how many; rows others are working on are skipped.
 */
export async function relayOnce(
  em: EntityManager,
  subgraph: string,
  queues: Queues,
  live: Live,
): Promise<number> {
  return inTransaction(em, async em => {
    const rows = await query(
      em,
      // Two look-ups rather than one with two sort keys: each stops at the end of its part of the index, whatever
      // lies behind it for later.
      sql<OutboxRow>`with urgent as (${newRows(sql`not background`, sql`${BATCH}`)}),
          rest as (${newRows(sql`background`, sql`${BATCH} - (select count(*) from urgent)`)})
        select * from urgent union all select * from rest`,
    );
    if (rows.length === 0) return 0;
    await Promise.all([
      ...[...byQueue(rows)].map(([queue, rows]) => addToQueue(queues, queue, subgraph, rows)),
      ...Array.from(new Set(rows.flatMap(row => row.live_topics)), topic => live.publish(topic)),
    ]);
    await query(
      em,
      sql`update outbox set live_topics = '{}', attempts = 1, due_at = clock_timestamp() + ${lookAgainAfter}
        where id = any(${rows.map(row => row.id)}::uuid[])`,
    );
    return rows.length;
  });
}

// now() rather than clock_timestamp(): only what is constant during a statement can bound an index scan.
const newRows = (which: RawBuilder<unknown>, limit: RawBuilder<unknown>) =>
  sql`select id, envelope, pending, live_topics, background from outbox
    where attempts = 0 and (pending <> '{}' or live_topics <> '{}') and ${which} and due_at <= now()
    order by due_at limit ${limit} for update skip locked`;

/**
 * Looks after rows that were handed out and are not acknowledged: what its queue still has only waits its turn there,
 * what it has not is handed to it again.
 */
export async function redriveOnce(
  em: EntityManager,
  subgraph: string,
  queues: Queues,
): Promise<{ seen: number; redriven: number }> {
  return inTransaction(em, async em => {
    const rows = await query(
      em,
      sql<OutboxRow>`select id, envelope, pending, live_topics, background from outbox
        where attempts > 0 and pending <> '{}' and due_at <= now()
        order by due_at limit ${BATCH} for update skip locked`,
    );
    if (rows.length === 0) return { seen: 0, redriven: 0 };
    const redriven = new Set<string>();
    await Promise.all(
      [...byQueue(rows)].map(async ([queue, rows]) => {
        const present = await queues.present(
          queue,
          rows.map(row => row.id),
        );
        const lost = rows.filter(row => !present.has(row.id));
        for (const { id } of lost) redriven.add(id);
        if (lost.length > 0) await addToQueue(queues, queue, subgraph, lost);
      }),
    );
    await query(
      em,
      sql`update outbox set due_at = clock_timestamp() + ${lookAgainAfter},
            attempts = attempts + (id = any(${[...redriven]}::uuid[]))::int
        where id = any(${rows.map(row => row.id)}::uuid[])`,
    );
    return { seen: rows.length, redriven: redriven.size };
  });
}

/** The rows that each queue has to have. */
function byQueue(rows: OutboxRow[]): Map<string, OutboxRow[]> {
  const rowsOf = new Map<string, OutboxRow[]>();
  for (const row of rows) {
    for (const queue of row.pending) {
      const others = rowsOf.get(queue);
      if (others) others.push(row);
      else rowsOf.set(queue, [row]);
    }
  }
  return rowsOf;
}

function addToQueue(queues: Queues, queue: string, subgraph: string, rows: OutboxRow[]): Promise<void> {
  return queues.add(
    queue,
    rows.map(row => ({
      id: row.id,
      name: row.envelope.type,
      data: { envelope: row.envelope, outbox: subgraph, row: row.id } satisfies Delivery,
      background: row.background,
    })),
  );
}

interface RelayParts {
  subgraph: string;
  databaseUrl: string;
  fork: () => EntityManager;
  queues: Queues;
  live: Live;
  log: Log;
  metrics: MessageMetrics;
}

/** Starts moving rows to the queues, and taking acknowledgements, until stopped. */
export async function startRelay({ subgraph, databaseUrl, fork, queues, live, log, metrics }: RelayParts) {
  const stopping = new AbortController();
  let wake = () => {};
  let awake = false;
  const wakeUp = () => {
    awake = true;
    wake();
  };

  const stopListening = listen(databaseUrl, wakeUp, log);
  const stopAcks = await live.listen<Ack[]>(
    ackTopic(subgraph),
    acks => acks && acknowledge(fork(), acks, log),
  );

  async function run() {
    let lastCleaning = 0;
    let lastRedriving = 0;
    while (!stopping.signal.aborted) {
      awake = false;
      try {
        const moved = await relayOnce(fork(), subgraph, queues, live);
        if (moved > 0) metrics.messages.inc({ message: 'all', outcome: 'sent' }, moved);
        if (moved === BATCH || Date.now() - lastRedriving >= POLL_MS) {
          // The two take turns while there is much to move: neither keeps the other waiting.
          const { seen, redriven } = await redriveOnce(fork(), subgraph, queues);
          if (redriven > 0) metrics.messages.inc({ message: 'all', outcome: 'redriven' }, redriven);
          if (seen < BATCH) lastRedriving = Date.now();
          if (moved === BATCH || seen === BATCH) continue;
        }
        if (Date.now() - lastCleaning > CLEANING_MS) {
          lastCleaning = Date.now();
          await forgetOldRows(fork());
        }
      } catch (error) {
        log.warn({ err: error }, 'the outbox waits: its database or the queues do not answer');
        awake = false;
      }
      if (!awake && !stopping.signal.aborted) {
        await new Promise<void>(resolve => {
          const timer = setTimeout(resolve, POLL_MS);
          wake = () => {
            clearTimeout(timer);
            resolve();
          };
        });
      }
    }
  }
  const running = run();

  return async function stop() {
    stopping.abort();
    wakeUp();
    await running;
    await stopAcks();
    await stopListening();
  };
}

async function forgetOldRows(em: EntityManager): Promise<void> {
  await query(
    em,
    sql`delete from outbox where pending = '{}' and live_topics = '{}' and created_at < now() - ${KEEP}::interval`,
  );
  await query(em, sql`delete from inbox where handled_at < now() - ${KEEP}::interval`);
  await forgetKeys(em, KEEP);
}

/** Calls `onNotify` for each NOTIFY on the outbox; reconnects by itself. */
function listen(databaseUrl: string, onNotify: () => void, log: Log) {
  let client: Client | undefined;
  let stopped = false;
  let retry: NodeJS.Timeout | undefined;

  async function connect() {
    client = new Client({
      connectionString: databaseUrl,
      application_name: 'guichet-outbox',
      connectionTimeoutMillis: CONNECTION_TIMEOUT_MS,
      keepAlive: true,
    });
    client.on('notification', onNotify);
    client.on('error', error => log.warn({ err: error }, 'outbox listener'));
    client.on('end', () => {
      if (!stopped) retry = setTimeout(connect, LISTEN_AGAIN_MS);
    });
    try {
      await client.connect();
      await client.query('listen outbox');
      onNotify();
    } catch (error) {
      if (!stopped) log.warn({ err: error }, 'outbox listener');
      await client.end().catch(() => {});
    }
  }
  const connecting = connect();

  return async () => {
    stopped = true;
    clearTimeout(retry);
    await connecting;
    await client?.end().catch(() => {});
  };
}
