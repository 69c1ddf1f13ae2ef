/** Takes messages and jobs out of the queues: retries, time limits, dead letters, acknowledgements. */
import { type Job, UnrecoverableError } from 'bullmq';
import { ZodError } from 'zod';
import type { SubgraphName } from '#schema/subgraphs.ts';
import type { Context } from '../context.ts';
import { query, sql } from '../data/database.ts';
import { withCorrelation } from '../kernel/correlation.ts';
import { isDatabaseUnreachable } from '../kernel/database-errors.ts';
import type { Log } from '../kernel/log.ts';
import { type Acknowledge, createAcknowledger } from './acknowledgements.ts';
import { recordDeadLetter } from './dead-letters.ts';
import { createSlots, HandlerOverdue, type Slots } from './handler-slots.ts';
import {
  checkHandlers,
  type HandlerContext,
  type Handlers,
  handleMessage,
  MESSAGE_TIME_LIMIT_MS,
} from './inbox.ts';
import { jobQueue } from './jobs.ts';
import type { Live } from './live.ts';
import type { MessageMetrics } from './metrics.ts';
import { type Delivery, messageQueue } from './outbox.ts';
import { ATTEMPTS, type Consumer, type Queues } from './queues.ts';

interface ConsumerParts<S> {
  subgraph: SubgraphName;
  queues: Queues;
  live: Live;
  log: Log;
  metrics: MessageMetrics;
  /** A context of its own, signed in as nobody, for the message with this correlation id. */
  context: (correlationId: string) => Context<S>;
  handlers: Handlers<S>;
}

const MESSAGE_CONCURRENCY = 16;
const JOB_CONCURRENCY = 5;
/** A job may ask a provider: Stripe is given 10 s three times (payments/provider/stripe.ts). */
const JOB_TIME_LIMIT_MS = 60_000;
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
  const { subgraph, handlers, metrics } = parts;
  checkHandlers(subgraph, handlers.messages);
  const acknowledge = createAcknowledger(parts.live, parts.log);
  const { services } = parts.context('');

  const slots = await Promise.all([
    consume(parts, acknowledge, {
      queue: messageQueue(subgraph),
      concurrency: MESSAGE_CONCURRENCY,
      timeLimitMs: MESSAGE_TIME_LIMIT_MS,
      handle: (ctx, delivery) => handleMessage(handlers.messages, metrics, ctx, delivery),
    }),
    ...handlers.jobs.map(({ job, handle, timeLimitMs }) =>
      consume(parts, acknowledge, {
        queue: jobQueue(job),
        concurrency: job.concurrency ?? JOB_CONCURRENCY,
        timeLimitMs: timeLimitMs?.(services) ?? JOB_TIME_LIMIT_MS,
        handle: (ctx, { envelope }) => handle(ctx, envelope.data),
      }),
    ),
  ]);
  return {
    name: 'workers',
    ailment: () => slots.map(each => each.ailment()).find(reason => reason !== undefined),
  };
}

interface Consumption<S> {
  queue: string;
  concurrency: number;
  timeLimitMs: number;
  handle: (ctx: HandlerContext<S>, delivery: Delivery) => Promise<void>;
}

/** Consumes a queue; a delivery that is overdue fails, to be tried again by whichever process takes it. */
async function consume<S>(
  parts: ConsumerParts<S>,
  acknowledge: Acknowledge,
  consumption: Consumption<S>,
): Promise<Slots> {
  const { queues, log, metrics, context } = parts;
  const { queue, concurrency, timeLimitMs } = consumption;
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
        await slots.run(timeLimitMs, signal => deliver(parts, acknowledge, consumption, job, signal));
      } catch (error) {
        if (error instanceof HandlerOverdue) {
          const { type, correlationid } = job.data.envelope;
          log.error({ message: type, correlationId: correlationid, timeLimitMs }, 'a handler is overdue');
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
      refuseHarmful(job);
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
      await recordDeadLetter(context(correlationid).em, queue, delivery, error, job.attemptsMade + 1);
      metrics.messages.inc({ message: type, outcome: 'dead' });
    }
    acknowledge(delivery, queue);
  });
}

/** Refuses what would probably hang or end one more process. */
function refuseHarmful({ stacktrace, stalledCounter }: Job): void {
  const overdue = (stacktrace ?? []).filter(trace => trace?.startsWith(HandlerOverdue.prototype.name)).length;
  if (overdue >= MOST_OVERDUE) throw new UnrecoverableError(`Its handler was overdue ${overdue} times.`);
  if (stalledCounter >= MOST_STALLED) {
    throw new UnrecoverableError(`${stalledCounter} processes ended or froze while they handled it.`);
  }
}
