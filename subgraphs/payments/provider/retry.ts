import type { z } from 'zod';
import { inTransaction } from '#shared/data/database.ts';
import { fork } from '#shared/data/entities.ts';
import { enqueue, type JobDefinition, type JobHandler, onJob } from '#shared/messaging/jobs.ts';
import type { PaymentsContext, PaymentsServices } from '../services.ts';
import { ProviderUnavailable } from './provider-errors.ts';

const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 60_000;

type Retryable = { wait?: number | undefined; once?: boolean | undefined };

/**
 * Binds a job to what does it (see onJob). While the provider does not answer, the job is enqueued again, each time later:
 * an outage of theirs may last longer than a queue's retries do, and must end in no dead letter. With `once` it is not:
 * then whoever asked for it asks again.
 */
export function onProviderJob<T extends Retryable>(
  job: JobDefinition<z.ZodType<T, T>>,
  work: (ctx: PaymentsContext, data: T) => Promise<unknown>,
): JobHandler<PaymentsServices> {
  return onJob(job, async (ctx: PaymentsContext, data) => {
    try {
      await work(ctx, data);
    } catch (error) {
      if (!(error instanceof ProviderUnavailable)) throw error;
      ctx.log.warn({ err: error, job: job.name, data }, 'the payment provider does not answer');
      if (data.once) return;
      const wait = data.wait ?? FIRST_WAIT_MS;
      const later = { ...data, wait: Math.min(wait * 2, LONGEST_WAIT_MS) };
      await inTransaction(fork(ctx.em), em => enqueue(em, job, later, { at: new Date(Date.now() + wait) }));
    }
  });
}
