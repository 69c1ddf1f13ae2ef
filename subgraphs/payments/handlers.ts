import type { Handlers } from '#shared/messaging/inbox.ts';
import { onJob } from '#shared/messaging/jobs.ts';
import { recordFact, recordWebhook } from './analytics/analytics.ts';
import { settleCheckout } from './checkout/checkout-sessions.ts';
import { reconcilePayment } from './collect/attempts.ts';
import { cancelAtProvider, closeOrder, createIntent, requestPayment } from './collect/intents.ts';
import { cancelStray } from './collect/strays.ts';
import {
  applyWebhookJob,
  cancelIntentJob,
  cancelStrayJob,
  createIntentJob,
  executeRefundJob,
  openCheckoutJob,
  reconcilePaymentJob,
} from './jobs.ts';
import { insisting } from './provider/insist.ts';
import { executeRefund } from './refund/refund-ledger.ts';
import { refundOrder } from './refund/refunds.ts';
import type { PaymentsServices } from './services.ts';
import { applyWebhook, sortWebhook } from './webhooks/apply.ts';

export const handlers: Handlers<PaymentsServices> = {
  messages: {
    'payment-process-request': requestPayment,
    'payment-cancel-request': closeOrder,
    'payment-refund-request': refundOrder,
    'stripe.webhook.received': sortWebhook,
    'webhook.processed': recordWebhook,
    'payment.analytics': recordFact,
  },
  jobs: [
    insisting(createIntentJob, (ctx, { paymentId }) => createIntent(ctx, paymentId)),
    insisting(cancelIntentJob, (ctx, { paymentId }) => cancelAtProvider(ctx, paymentId)),
    insisting(cancelStrayJob, (ctx, { paymentId, reference }) => cancelStray(ctx, paymentId, reference)),
    onJob(reconcilePaymentJob, (ctx, { paymentId }) => reconcilePayment(ctx, paymentId)),
    insisting(openCheckoutJob, (ctx, { checkoutId }) => settleCheckout(ctx, checkoutId)),
    insisting(executeRefundJob, (ctx, { refundId }) => executeRefund(ctx, refundId)),
    insisting(applyWebhookJob, (ctx, { webhookId }) => applyWebhook(ctx, webhookId)),
  ],
};
