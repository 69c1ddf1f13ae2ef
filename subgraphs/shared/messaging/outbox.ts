/**
 * The outbox: messages and jobs are written in the transaction of the change they tell of, and a relay moves them to
 * the queues. A row is done when every consumer has acknowledged it, not when it was queued: a queue that loses
 * items (Redis may lose its last second, or be flushed) is filled again from here.
 */
import type { Envelope } from '#schema/messages/envelope.ts';
import { type Message, type MessageData, type MessageName, messages } from '#schema/messages/index.ts';
import { type EntityManager, newId, query, sql } from '../data/database.ts';
import { currentCorrelation } from '../kernel/correlation.ts';

/** What travels in a queue: the envelope, and whom to tell when it has been handled. */
export interface Delivery {
  envelope: Envelope;
  /** The subgraph whose outbox the row is in, and the row. */
  outbox: string;
  row: string;
}

export const messageQueue = (consumer: string) => `messages-${consumer}`;

/**
 * Tells the message's consumers, once this transaction has committed.
 * @throws ZodError when the data is not what the catalogue says: a fault of ours.
 */
export async function emit<N extends MessageName>(
  em: EntityManager,
  name: N,
  data: MessageData<N>,
): Promise<void> {
  const message: Message = messages[name];
  const parsed = message.data.parse(data);
  await writeOutbox(em, message.source, name, parsed, message.consumers.map(messageQueue), {
    version: message.version,
    topics: message.liveTopics(parsed),
    background: message.isBackground(parsed),
  });
}

interface OutboxOptions {
  /** Of the data's meaning; jobs have none. */
  version?: number;
  topics?: string[];
  dueAt?: Date | undefined;
  background?: boolean | undefined;
}

/** Writes one outbox row. Use `emit` for messages and `enqueue` (jobs.ts) for jobs. */
export async function writeOutbox(
  em: EntityManager,
  source: string,
  name: string,
  data: unknown,
  queues: string[],
  { version, topics = [], dueAt, background = false }: OutboxOptions = {},
): Promise<void> {
  if (!em.isInTransaction()) throw new Error(`${name} was written to the outbox outside a transaction`);
  const id = newId();
  const envelope: Envelope = {
    specversion: '1.0',
    id,
    source,
    type: name,
    time: new Date().toISOString(),
    correlationid: currentCorrelation(),
    dataversion: version,
    data,
  };
  await query(
    em,
    sql`with written as (
          insert into outbox (id, name, envelope, pending, live_topics, background, due_at)
          values (${id}, ${name}, ${JSON.stringify(envelope)}::jsonb, ${queues}::text[], ${topics}::text[], ${background},
                  coalesce(${dueAt?.toISOString() ?? null}::timestamptz, clock_timestamp()))
        )
        select pg_notify('outbox', '')`,
  );
}
