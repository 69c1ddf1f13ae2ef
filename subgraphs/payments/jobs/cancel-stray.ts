import { z } from 'zod';
import type { JobDefinition } from '#shared/jobs.ts';
import type { PaymentsServices } from '../services.ts';
import { cancelStray } from '../strays.ts';
import { insist } from './insist.ts';

const data = z.object({ paymentId: z.uuid(), reference: z.string(), wait: z.int().optional() });

/** Cancels what was made at the provider beside a payment. */
export const cancelStrayJob: JobDefinition<typeof data, PaymentsServices> = {
  name: 'payments/cancel-stray',
  data,
  handle: (ctx, data) =>
    insist(ctx, cancelStrayJob, data, () => cancelStray(ctx, data.paymentId, data.reference)),
};
