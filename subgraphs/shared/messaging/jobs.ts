/** Slow work: a job is its schema and its handler in one file, and is enqueued in the caller's transaction. */
import type { z } from 'zod';
import type { Context } from '../context.ts';
import type { EntityManager } from '../data/database.ts';
import { writeOutbox } from './outbox.ts';

export interface JobDefinition<D extends z.ZodType = z.ZodType, S = unknown> {
  /** `<subgraph>/<verb-noun>`, e.g. `tickets/render-ticket`. */
  name: string;
  data: D;
  /** How many run at a time in one process; 5 unless told. */
  concurrency?: number;
  /** True when nobody waits for it: what somebody waits for is handed to the queues first. */
  background?: boolean;
  /** Milliseconds after which it counts as hanging and is run again, perhaps elsewhere; 60,000 unless told. */
  deadlineMs?: number | ((services: S) => number);
  /**
   * Does the work. May run more than once (a crash, a lost acknowledgement): it has to find out what is done
   * already. Runs outside a transaction and opens its own.
   */
  handle(ctx: Context<S>, data: z.output<D>): Promise<void>;
}

/** Types a job; see JobDefinition. */
export function defineJob<D extends z.ZodType, S = unknown>(job: JobDefinition<D, S>): JobDefinition<D, S> {
  return job;
}

export const jobQueue = (job: Pick<JobDefinition, 'name'>) => `jobs-${job.name.replace('/', '-')}`;

/** Has the job run once this transaction has committed, not before `at` when that is given. */
export async function enqueue<D extends z.ZodType>(
  em: EntityManager,
  job: Pick<JobDefinition<D, never>, 'name' | 'data' | 'background'>,
  data: z.input<D>,
  { at }: { at?: Date | undefined } = {},
): Promise<void> {
  const [subgraph] = job.name.split('/');
  await writeOutbox(em, subgraph!, job.name, job.data.parse(data), [jobQueue(job)], {
    dueAt: at,
    background: job.background,
  });
}
