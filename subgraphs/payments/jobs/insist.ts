import { type EntityManager, inTransaction } from '#shared/data/database.ts';
import { enqueue, type JobDefinition } from '#shared/messaging/jobs.ts';
import { ProviderUnavailable } from '../provider/provider.ts';
import type { PaymentsContext } from '../services.ts';

const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 60_000;

/**
 * Does a job's work. While the provider does not answer, the job comes back, later each time: an outage of theirs
 * may last longer than retries do, and ends in no dead letter. With `once` it does not come back: then whoever asked
 * for it asks again.
 */
export async function insist<Data extends { wait?: number | undefined; once?: boolean | undefined }>(
  ctx: PaymentsContext,
  job: Pick<JobDefinition, 'name' | 'data'>,
  data: Data,
  work: () => Promise<unknown>,
): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof ProviderUnavailable)) throw error;
    const wait = data.wait ?? FIRST_WAIT_MS;
    ctx.log.warn({ err: error, job: job.name, data }, 'the payment provider does not answer');
    if (data.once) return;
    const later = { ...data, wait: Math.min(wait * 2, LONGEST_WAIT_MS) };
    await inTransaction(ctx.em.fork() as EntityManager, em =>
      enqueue(em, job, later, { at: new Date(Date.now() + wait) }),
    );
  }
}
