/** Slow work: a subgraph's `jobs.ts` is the catalogue of its jobs, `handlers.ts` binds each to what does it. */
import type { z } from 'zod';
import type { Context } from '../context.ts';
import type { EntityManager } from '../data/database.ts';
import { writeOutbox } from './outbox.ts';

/** What is known of a job before it is done: all that whoever enqueues it needs. */
export interface JobDefinition<D extends z.ZodType = z.ZodType> {
  /** `<subgraph>/<verb-noun>`, e.g. `tickets/render-ticket`. */
  name: string;
  data: D;
  /** How many run at a time in one process; 5 unless told. */
  concurrency?: number;
  /** True when nobody waits for it: what somebody waits for is handed to the queues first. */
  background?: boolean;
}

/** Types a job; see JobDefinition. */
export const defineJob = <D extends z.ZodType>(job: JobDefinition<D>): JobDefinition<D> => job;

export interface JobOptions<S> {
  /** Milliseconds after which it counts as hanging and is run again, perhaps elsewhere; 60,000 unless told. */
  timeLimitMs?: (services: S) => number;
}

/** A job and what does it. */
export interface JobHandler<S> extends JobOptions<S> {
  job: JobDefinition;
  handle(ctx: Context<S>, data: unknown): Promise<void>;
}

/**
 * Binds a job to the function that does it.
 *
 * The function may run more than once (a crash, a lost acknowledgement): it finds out what is done already. It runs
 * outside a transaction and opens its own.
 */
export const onJob = <D extends z.ZodType, S>(
  job: JobDefinition<D>,
  handle: (ctx: Context<S>, data: z.output<D>) => Promise<unknown>,
  options: JobOptions<S> = {},
): JobHandler<S> => ({
  job,
  async handle(ctx, data) {
    await handle(ctx, job.data.parse(data));
  },
  ...options,
});

export const jobQueue = (job: Pick<JobDefinition, 'name'>) => `jobs-${job.name.replace('/', '-')}`;

/** Has the job run once this transaction has committed, not before `at` when that is given. */
export async function enqueue<D extends z.ZodType>(
  em: EntityManager,
  job: JobDefinition<D>,
  data: z.input<D>,
  { at }: { at?: Date | undefined } = {},
): Promise<void> {
  const [subgraph] = job.name.split('/');
  await writeOutbox(em, subgraph!, job.name, job.data.parse(data), [jobQueue(job)], {
    dueAt: at,
    background: job.background,
  });
}
