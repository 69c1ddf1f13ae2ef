/** Handles each message once, whatever number of times it is delivered; what keeps failing becomes a dead letter. */
import { type Job, UnrecoverableError } from 'bullmq';
import { ZodError } from 'zod';
import {
  envelope,
  type MessageData,
  type MessageName,
  messages,
  type SubgraphName,
} from '#schema/messages/index.ts';
import type { Context } from '../context.ts';
import { type EntityManager, query, sql } from '../data/database.ts';
import { withCorrelation } from '../kernel/correlation.ts';
import { isDatabaseUnreachable } from '../kernel/database-errors.ts';
import type { Log } from '../kernel/log.ts';
import type { Metrics } from '../kernel/metrics.ts';
import { createSlots, HandlerOverdue, type Slots, untilAborted } from './deadlines.ts';
import { type JobHandler, jobQueue } from './jobs.ts';
import type { Live } from './live.ts';
import { type Ack, ackTopic, type Delivery, messageQueue } from './outbox.ts';
import { ATTEMPTS, type Consumer, type Queues } from './queues.ts';

/** What a subgraph does on each message it consumes, in one transaction (`ctx.em`) with the inbox row. */
export type MessageHandlers<S = unknown> = {
  [N in MessageName]?: (ctx: Context<S>, data: MessageData<N>) => Promise<void>;
};

/** What a subgraph does by itself: on messages of others, and as jobs of its own. */
export interface Handlers<S = unknown> {
  messages: MessageHandlers<S>;
  jobs: JobHandler<S>[];
}

interface ConsumerParts<S> {
  subgraph: SubgraphName;
  queues: Queues;
  live: Live;
  log: Log;
  metrics: Metrics;
  /** A context of its own, signed in as nobody, for the message with this correlation id. */
  context: (correlationId: string) => Context<S>;
  handlers: Handlers<S>;
}

const MESSAGE_CONCURRENCY = 16;
const JOB_CONCURRENCY = 5;
/** A message's handler works in our own database alone and takes milliseconds; the rest is for a loaded machine. */
const MESSAGE_DEADLINE_MS = 30_000;
/** A job may ask a provider: Stripe is given 10 s three times (`payments/provider/stripe.ts`). */
const JOB_DEADLINE_MS = 60_000;
/**
 * The database ends a message's transaction that asks for nothing for so long: its process is frozen or hangs, and the
 * message's next delivery waits for what it has locked. No longer than a frozen process keeps its jobs (queues.ts).
 */
const IDLE_TRANSACTION_MS = 10_000;
/** Overdue attempts before a message is a dead letter: about as long as ATTEMPTS that fail at once. */
const MOST_OVERDUE = 5;
/** Processes that may end or freeze while they handle a message, before it is taken for the cause. */
const MOST_STALLED = 10;

/** What a process's health asks of its workers. */
export interface Consumers {
  name: 'workers';
  /** Why this process cannot go on without a restart: all handlers of a queue hang. Undefined while it can. */
  ailment(): string | undefined;
}

/** Starts the workers for this subgraph's messages and jobs. */
export async function startConsumers<S>(parts: ConsumerParts<S>): Promise<Consumers> {
  const { subgraph, handlers } = parts;
  checkHandlers(subgraph, handlers.messages);
  const acknowledge = createAcknowledger(parts);
  const { services } = parts.context('');

  const slots = await Promise.all([
    consume(parts, acknowledge, {
      queue: messageQueue(subgraph),
      concurrency: MESSAGE_CONCURRENCY,
      deadlineMs: MESSAGE_DEADLINE_MS,
      handle: (ctx, delivery) => handleMessage(parts, ctx, delivery),
    }),
    ...handlers.jobs.map(({ job, handle, deadlineMs }) =>
      consume(parts, acknowledge, {
        queue: jobQueue(job),
        concurrency: job.concurrency ?? JOB_CONCURRENCY,
        deadlineMs: deadlineMs?.(services) ?? JOB_DEADLINE_MS,
        handle: (ctx, { envelope }) => handle(ctx, envelope.data),
      }),
    ),
  ]);
  return {
    name: 'workers',
    ailment: () => slots.map(each => each.ailment()).find(reason => reason !== undefined),
  };
}

type HandlerContext<S> = Context<S> & { signal: AbortSignal };
type Acknowledge = (delivery: Delivery, queue: string) => void;

interface Consumption<S> {
  queue: string;
  concurrency: number;
  deadlineMs: number;
  handle: (ctx: HandlerContext<S>, delivery: Delivery) => Promise<void>;
}

/** Consumes a queue; a delivery that is overdue fails, to be tried again by whichever process takes it. */
async function consume<S>(
  parts: ConsumerParts<S>,
  acknowledge: Acknowledge,
  consumption: Consumption<S>,
): Promise<Slots> {
  const { queues, log, metrics, context } = parts;
  const { queue, concurrency, deadlineMs } = consumption;
  let consumer: Consumer | undefined;
  const slots = createSlots({
    queue,
    total: concurrency,
    apply(usable, overdue) {
      consumer?.limit(usable);
      metrics.overdueHandlers.set({ queue }, overdue);
    },
    probe: () =>
      query(context('').em, sql`select 1`).then(
        () => true,
        () => consumer?.isClosing() ?? false,
      ),
  });
  consumer = await queues.consume(
    queue,
    async (job: Job<Delivery>) => {
      try {
        await slots.run(deadlineMs, signal => deliver(parts, acknowledge, consumption, job, signal));
      } catch (error) {
        if (error instanceof HandlerOverdue) {
          const { type, correlationid } = job.data.envelope;
          log.error({ message: type, correlationId: correlationid, deadlineMs }, 'a handler is overdue');
          metrics.messages.inc({ message: type, outcome: 'overdue' });
        } else if (isDatabaseUnreachable(error)) {
          slots.doubt();
        }
        throw error;
      }
    },
    concurrency,
  );
  return slots;
}

/** The catalogue and the handlers must agree: a message without a handler would end in the dead letters. */
function checkHandlers(subgraph: SubgraphName, handlers: MessageHandlers<never>): void {
  const names = Object.keys(messages) as MessageName[];
  const missing = names.filter(
    name => (messages[name].consumers as readonly string[]).includes(subgraph) && !handlers[name],
  );
  if (missing.length > 0) throw new Error(`${subgraph} does not handle ${missing.join(', ')}`);
}

async function handleMessage<S>(
  { metrics, handlers }: ConsumerParts<S>,
  ctx: HandlerContext<S>,
  delivery: Delivery,
) {
  const event = envelope.parse(delivery.envelope);
  const name = event.type as MessageName;
  const handler = handlers.messages[name] as ((ctx: Context<S>, data: unknown) => Promise<void>) | undefined;
  if (!handler) throw new UnrecoverableError(`No handler for ${name}`);
  const data = messages[name].data.parse(event.data);
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
      where set_config('statement_timeout', ${`${MESSAGE_DEADLINE_MS}`}, true) is not null
        and set_config('idle_in_transaction_session_timeout', ${`${IDLE_TRANSACTION_MS}`}, true) is not null
      on conflict do nothing returning event_id`,
  );
  return taken.length === 0;
}

/** What surrounds every delivery: correlation, retries, dead letters, acknowledgement. */
async function deliver<S>(
  { context, log, metrics }: ConsumerParts<S>,
  acknowledge: Acknowledge,
  { queue, handle }: Consumption<S>,
  job: Job<Delivery>,
  signal: AbortSignal,
): Promise<void> {
  const delivery = job.data;
  const { type, correlationid = '' } = delivery.envelope;
  await withCorrelation(correlationid, async () => {
    try {
      refuseHopeless(job);
      await handle({ ...context(correlationid), signal }, delivery);
      metrics.messages.inc({ message: type, outcome: 'handled' });
    } catch (error) {
      // Too late to decide anything: the delivery has failed already.
      if (signal.aborted) throw error;
      const final =
        error instanceof UnrecoverableError || error instanceof ZodError || job.attemptsMade + 1 >= ATTEMPTS;
      log.warn(
        { err: error, message: type, attempt: job.attemptsMade + 1, final, correlationId: correlationid },
        'failed',
      );
      if (!final) {
        metrics.messages.inc({ message: type, outcome: 'retried' });
        throw error;
      }
      await buryDeadLetter(context(correlationid).em, queue, delivery, error, job.attemptsMade + 1);
      metrics.messages.inc({ message: type, outcome: 'dead' });
    }
    acknowledge(delivery, queue);
  });
}

/** Before it hangs or ends one more process. */
function refuseHopeless({ stacktrace, stalledCounter }: Job): void {
  const overdue = (stacktrace ?? []).filter(trace => trace?.startsWith(HandlerOverdue.prototype.name)).length;
  if (overdue >= MOST_OVERDUE) throw new UnrecoverableError(`Its handler was overdue ${overdue} times.`);
  if (stalledCounter >= MOST_STALLED)
    throw new UnrecoverableError(`${stalledCounter} processes ended or froze while they handled it.`);
}

async function buryDeadLetter(
  em: EntityManager,
  queue: string,
  delivery: Delivery,
  error: unknown,
  attempts: number,
) {
  await query(
    em,
    sql`insert into dead_letters (id, queue, name, envelope, error, attempts)
      values (${delivery.envelope.id}, ${queue}, ${delivery.envelope.type},
              ${JSON.stringify(delivery.envelope)}::jsonb, ${String(error)}, ${attempts})
      on conflict (id) do update set error = excluded.error, attempts = excluded.attempts, failed_at = clock_timestamp()`,
  );
}

/** Tells the outbox a message came from that it was handled; acknowledgements of one moment travel together. */
function createAcknowledger<S>({ live, log }: ConsumerParts<S>) {
  const waiting = new Map<string, Ack[]>();
  return (delivery: Delivery, queue: string) => {
    const acks = waiting.get(delivery.outbox);
    const ack = { row: delivery.row, queue };
    if (acks) {
      acks.push(ack);
      return;
    }
    waiting.set(delivery.outbox, [ack]);
    setImmediate(() => {
      const batch = waiting.get(delivery.outbox)!;
      waiting.delete(delivery.outbox);
      live
        .publish(ackTopic(delivery.outbox), batch)
        .catch(error => log.debug({ err: error }, 'acknowledgement lost'));
    });
  };
}
