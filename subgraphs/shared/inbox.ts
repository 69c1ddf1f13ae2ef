/** Handles each message once, whatever number of times it is delivered; what keeps failing becomes a dead letter. */
import { type Job, UnrecoverableError } from 'bullmq';
import { ZodError, type z } from 'zod';
import type { Context } from './context.ts';
import { withCorrelation } from './correlation.ts';
import { type EntityManager, query, sql } from './database.ts';
import { type JobDefinition, jobQueue } from './jobs.ts';
import type { Live } from './live.ts';
import type { Log } from './log.ts';
import { envelope, type MessageData, type MessageName, messages, type SubgraphName } from './messages.ts';
import type { Metrics } from './metrics.ts';
import { type Ack, ackTopic, type Delivery, messageQueue } from './outbox.ts';
import { ATTEMPTS, type Queues } from './queues.ts';

/** What a subgraph does on each message it consumes, in one transaction (`ctx.em`) with the inbox row. */
export type Handlers<S = unknown> = {
  [N in MessageName]?: (ctx: Context<S>, data: MessageData<N>) => Promise<void>;
};

interface ConsumerParts<S> {
  subgraph: SubgraphName;
  queues: Queues;
  live: Live;
  log: Log;
  metrics: Metrics;
  /** A context of its own, signed in as nobody, for the message with this correlation id. */
  context: (correlationId: string) => Context<S>;
  handlers: Handlers<S>;
  jobs: JobDefinition<z.ZodType, S>[];
}

const MESSAGE_CONCURRENCY = 16;
const JOB_CONCURRENCY = 5;

/** Starts the workers for this subgraph's messages and jobs. */
export async function startConsumers<S>(parts: ConsumerParts<S>): Promise<void> {
  const { subgraph, queues, handlers, jobs } = parts;
  checkHandlers(subgraph, handlers);
  const acknowledge = createAcknowledger(parts);

  await Promise.all([
    queues.consume(
      messageQueue(subgraph),
      delivering(parts, messageQueue(subgraph), acknowledge, (ctx, delivery) =>
        handleMessage(parts, ctx, delivery),
      ),
      MESSAGE_CONCURRENCY,
    ),
    ...jobs.map(job =>
      queues.consume(
        jobQueue(job),
        delivering(parts, jobQueue(job), acknowledge, (ctx, { envelope }) =>
          job.handle(ctx, job.data.parse(envelope.data)),
        ),
        job.concurrency ?? JOB_CONCURRENCY,
      ),
    ),
  ]);
}

/** The catalogue and the handlers must agree: a message without a handler would end in the dead letters. */
function checkHandlers(subgraph: SubgraphName, handlers: Handlers<never>): void {
  const names = Object.keys(messages) as MessageName[];
  const missing = names.filter(
    name => (messages[name].consumers as readonly string[]).includes(subgraph) && !handlers[name],
  );
  if (missing.length > 0) throw new Error(`${subgraph} does not handle ${missing.join(', ')}`);
}

async function handleMessage<S>(
  { metrics, handlers }: ConsumerParts<S>,
  ctx: Context<S>,
  delivery: Delivery,
) {
  const event = envelope.parse(delivery.envelope);
  const name = event.type as MessageName;
  const handler = handlers[name] as ((ctx: Context<S>, data: unknown) => Promise<void>) | undefined;
  if (!handler) throw new UnrecoverableError(`No handler for ${name}`);
  const data = messages[name].data.parse(event.data);
  await ctx.em.transactional(async em => {
    if (await isRepeated(em, event.id)) {
      metrics.messages.inc({ message: name, outcome: 'repeated' });
      return;
    }
    await handler({ ...ctx, em: em as EntityManager }, data);
  });
  metrics.messageDelay.observe({ message: name }, (Date.now() - Date.parse(event.time)) / 1_000);
}

/** Takes the message's place in the inbox; a concurrent delivery of the same message waits here for our commit. */
async function isRepeated(em: EntityManager, eventId: string): Promise<boolean> {
  const taken = await query(
    em,
    sql`insert into inbox (event_id) values (${eventId}) on conflict do nothing returning event_id`,
  );
  return taken.length === 0;
}

/** What surrounds every delivery: correlation, retries, dead letters, acknowledgement. */
function delivering<S>(
  { context, log, metrics }: ConsumerParts<S>,
  queue: string,
  acknowledge: (delivery: Delivery, queue: string) => void,
  handle: (ctx: Context<S>, delivery: Delivery) => Promise<void>,
) {
  return async (job: Job<Delivery>) => {
    const delivery = job.data;
    const { type, correlationid = '' } = delivery.envelope;
    await withCorrelation(correlationid, async () => {
      const ctx = context(correlationid);
      try {
        await handle(ctx, delivery);
        metrics.messages.inc({ message: type, outcome: 'handled' });
      } catch (error) {
        const final =
          error instanceof UnrecoverableError ||
          error instanceof ZodError ||
          job.attemptsMade + 1 >= ATTEMPTS;
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
  };
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
