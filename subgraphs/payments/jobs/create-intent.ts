import { z } from 'zod';
import type { JobDefinition } from '#shared/messaging/jobs.ts';
import { createIntent } from '../collect/intents.ts';
import type { PaymentsServices } from '../services.ts';
import { insist } from './insist.ts';

const data = z.object({ paymentId: z.uuid(), wait: z.int().optional() });

/** Makes a payment known to the provider, so that the buyer can confirm it. */
export const createIntentJob: JobDefinition<typeof data, PaymentsServices> = {
  name: 'payments/create-intent',
  data,
  concurrency: 10,
  handle: (ctx, data) => insist(ctx, createIntentJob, data, () => createIntent(ctx, data.paymentId)),
};
