import type { Handlers } from '#shared/inbox.ts';
import { enqueue } from '#shared/jobs.ts';
import { recordFact, recordWebhook } from './analytics.ts';
import { closeOrder, requestPayment } from './intents.ts';
import { applyWebhookJob } from './jobs/apply-webhook.ts';
import { refundOrder } from './refunds.ts';
import type { PaymentsServices } from './services.ts';

export const handlers: Handlers<PaymentsServices> = {
  'payment-process-request': requestPayment,
  'payment-cancel-request': closeOrder,
  'payment-refund-request': refundOrder,
  'stripe.webhook.received': ({ em }, { webhookId }) => enqueue(em, applyWebhookJob, { webhookId }),
  'webhook.processed': recordWebhook,
  'payment.analytics': recordFact,
};
