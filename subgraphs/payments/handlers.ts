import type { Handlers } from '#shared/inbox.ts';
import { recordFact, recordWebhook } from './analytics.ts';
import { closeOrder, requestPayment } from './intents.ts';
import { refundOrder } from './refunds.ts';
import type { PaymentsServices } from './services.ts';
import { sortWebhook } from './webhook-events.ts';

export const handlers: Handlers<PaymentsServices> = {
  'payment-process-request': requestPayment,
  'payment-cancel-request': closeOrder,
  'payment-refund-request': refundOrder,
  'stripe.webhook.received': sortWebhook,
  'webhook.processed': recordWebhook,
  'payment.analytics': recordFact,
};
