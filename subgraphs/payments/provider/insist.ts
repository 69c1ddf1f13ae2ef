import type { z } from 'zod';
import type { Context } from '#shared/context.ts';
import { type EntityManager, inTransaction } from '#shared/data/database.ts';
import { enqueue, type JobDefinition, type JobHandler, onJob } from '#shared/messaging/jobs.ts';
import type { PaymentsServices } from '../services.ts';
import { ProviderUnavailable } from './provider.ts';

const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 60_000;

type Insistent = { wait?: number | undefined; once?: boolean | undefined };

/**
 * Binds a job to what does it (see onJob). While the provider does not answer, the job comes back, later each time: an
 * outage of theirs may last longer than retries do, and ends in no dead letter. With `once` it does not come back: then
 * whoever asked for it asks again.
 */
export function insisting<D extends z.ZodType<Insistent>>(
  job: JobDefinition<D>,
  work: (ctx: Context<PaymentsServices>, data: z.output<D>) => Promise<unknown>,
): JobHandler<PaymentsServices> {
  return onJob(job, async (ctx: Context<PaymentsServices>, data) => {
    try {
      await work(ctx, data);
    } catch (error) {
      if (!(error instanceof ProviderUnavailable)) throw error;
      ctx.log.warn({ err: error, job: job.name, data }, 'the payment provider does not answer');
      if (data.once) return;
      const wait = data.wait ?? FIRST_WAIT_MS;
      const later = { ...data, wait: Math.min(wait * 2, LONGEST_WAIT_MS) };
      await inTransaction(ctx.em.fork() as EntityManager, em =>
        enqueue(em, job, later as never, { at: new Date(Date.now() + wait) }),
      );
    }
  });
}
