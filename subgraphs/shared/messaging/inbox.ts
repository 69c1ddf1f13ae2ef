/** Handles each message once, whatever number of times it is delivered. */
import { UnrecoverableError } from 'bullmq';
import { envelope } from '#schema/messages/envelope.ts';
import { findMessage, type MessageData, type MessageName, messages } from '#schema/messages/index.ts';
import type { SubgraphName } from '#schema/subgraphs.ts';
import type { Context } from '../context.ts';
import { type EntityManager, query, sql } from '../data/database.ts';
import { untilAborted } from './handler-slots.ts';
import type { JobHandler } from './jobs.ts';
import type { MessageMetrics } from './metrics.ts';
import type { Delivery } from './outbox.ts';

/** What a subgraph does on each message it consumes, in one transaction (`ctx.em`) with the inbox row. */
export type MessageHandlers<S = unknown> = {
  [N in MessageName]?: (ctx: Context<S>, data: MessageData<N>) => Promise<void>;
};

type MessageHandler<S> = (ctx: Context<S>, data: unknown) => Promise<void>;
export type HandlerContext<S> = Context<S> & { signal: AbortSignal };

/** What a subgraph does by itself: on messages of others, and as jobs of its own. */
export interface Handlers<S = unknown> {
  messages: MessageHandlers<S>;
  jobs: JobHandler<S>[];
}

/** A message's handler works in our own database alone and takes milliseconds; the rest is for a loaded machine. */
export const MESSAGE_TIME_LIMIT_MS = 30_000;
/**
 * The database ends a message's transaction that asks for nothing for so long: its process is frozen or hangs, and the
 * message's next delivery waits for what it has locked. No longer than a frozen process keeps its jobs (queues.ts).
 */
const IDLE_TRANSACTION_MS = 10_000;

/** The catalogue and the handlers must agree: a message without a handler would end in the dead letters. */
export function checkHandlers(subgraph: SubgraphName, handlers: MessageHandlers<never>): void {
  const names = Object.keys(messages) as MessageName[];
  const missing = names.filter(name => messages[name].consumers.includes(subgraph) && !handlers[name]);
  if (missing.length > 0) throw new Error(`${subgraph} does not handle ${missing.join(', ')}`);
}

/**
 * Handles a message in one transaction with its inbox row, unless that is there already.
 * @throws what the handler throws; ZodError or UnrecoverableError for what no repetition can mend.
 */
export async function handleMessage<S>(
  handlers: MessageHandlers<S>,
  metrics: MessageMetrics,
  ctx: HandlerContext<S>,
  delivery: Delivery,
) {
  const event = envelope.parse(delivery.envelope);
  const name = event.type as MessageName;
  const message = findMessage(name);
  const handler = handlers[name] as MessageHandler<S> | undefined;
  if (!message || !handler) throw new UnrecoverableError(`No handler for ${name}`);
  const schema = message.schemaOf(event.dataversion);
  // A process of a newer release may know it: tried again until one takes it, or until the tries are used up.
  if (!schema) throw new Error(`${name} of version ${event.dataversion} is not known to this release`);
  const data = schema.parse(event.data);
  await ctx.em.transactional(async em => {
    if (await isRepeated(em, event.id)) {
      metrics.messages.inc({ message: name, outcome: 'repeated' });
      return;
    }
    ctx.signal.throwIfAborted();
    // Rolled back when overdue, whatever the handler is at: its locks are free again, and it can change nothing more.
    await untilAborted(handler({ ...ctx, em: em as EntityManager }, data), ctx.signal);
  });
  metrics.messageDelay.observe({ message: name }, (Date.now() - Date.parse(event.time)) / 1_000);
}

/**
 * Takes the message's place in the inbox; a concurrent delivery of the same message waits here for our commit. The
 * same statement bounds, in this transaction, how long each of its statements and each pause between them may take:
 * beyond that the server itself ends it, also when this process does nothing more.
 */
async function isRepeated(em: EntityManager, eventId: string): Promise<boolean> {
  const taken = await query(
    em,
    sql`insert into inbox (event_id) select ${eventId}::uuid
      where set_config('statement_timeout', ${`${MESSAGE_TIME_LIMIT_MS}`}, true) is not null
        and set_config('idle_in_transaction_session_timeout', ${`${IDLE_TRANSACTION_MS}`}, true) is not null
      on conflict do nothing returning event_id`,
  );
  return taken.length === 0;
}
