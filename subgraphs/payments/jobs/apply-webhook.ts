import { z } from 'zod';
import type { JobDefinition } from '#shared/messaging/jobs.ts';
import type { PaymentsServices } from '../services.ts';
import { applyWebhook } from '../webhooks/webhook-events.ts';
import { insist } from './insist.ts';

const data = z.object({ webhookId: z.string(), wait: z.int().optional() });

/** Handles a stored webhook. */
export const applyWebhookJob: JobDefinition<typeof data, PaymentsServices> = {
  name: 'payments/apply-webhook',
  data,
  concurrency: 10,
  handle: (ctx, data) => insist(ctx, applyWebhookJob, data, () => applyWebhook(ctx, data.webhookId)),
};
