import { z } from 'zod';
import type { JobDefinition } from '#shared/messaging/jobs.ts';
import { cancelStray } from '../collect/strays.ts';
import type { PaymentsServices } from '../services.ts';
import { insist } from './insist.ts';

const data = z.object({ paymentId: z.uuid(), reference: z.string(), wait: z.int().optional() });

/** Cancels what was made at the provider beside a payment. */
export const cancelStrayJob: JobDefinition<typeof data, PaymentsServices> = {
  name: 'payments/cancel-stray',
  data,
  handle: (ctx, data) =>
    insist(ctx, cancelStrayJob, data, () => cancelStray(ctx, data.paymentId, data.reference)),
};
