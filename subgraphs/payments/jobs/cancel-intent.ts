import { z } from 'zod';
import type { JobDefinition } from '#shared/messaging/jobs.ts';
import { cancelAtProvider } from '../collect/intents.ts';
import type { PaymentsServices } from '../services.ts';
import { insist } from './insist.ts';

const data = z.object({ paymentId: z.uuid(), wait: z.int().optional(), once: z.boolean().optional() });

/** Makes sure that a payment cannot be captured any more, or finds out that it was. */
export const cancelIntentJob: JobDefinition<typeof data, PaymentsServices> = {
  name: 'payments/cancel-intent',
  data,
  background: true,
  handle: (ctx, data) => insist(ctx, cancelIntentJob, data, () => cancelAtProvider(ctx, data.paymentId)),
};
