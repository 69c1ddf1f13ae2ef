import type { Handlers } from '#shared/messaging/inbox.ts';
import { recordFact, recordWebhook } from './analytics/analytics.ts';
import { closeOrder, requestPayment } from './collect/intents.ts';
import { refundOrder } from './refund/refunds.ts';
import type { PaymentsServices } from './services.ts';
import { sortWebhook } from './webhooks/webhook-events.ts';

export const handlers: Handlers<PaymentsServices> = {
  'payment-process-request': requestPayment,
  'payment-cancel-request': closeOrder,
  'payment-refund-request': refundOrder,
  'stripe.webhook.received': sortWebhook,
  'webhook.processed': recordWebhook,
  'payment.analytics': recordFact,
};
