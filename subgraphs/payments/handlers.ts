import type { Handlers } from '#shared/messaging/inbox.ts';
import { enqueue, onJob } from '#shared/messaging/jobs.ts';
import { recordPaymentFact, recordWebhookFact } from './analytics/facts.ts';
import { settleCheckout } from './checkout/checkout-sessions.ts';
import { cancelPayment } from './close/cancel-payment.ts';
import { closeOrder } from './close/close-order.ts';
import { cancelOrphan } from './close/orphans.ts';
import { createIntent } from './collect/create-intent.ts';
import { requestPayment } from './collect/request-payment.ts';
import { reconcilePayment } from './confirm/reconcile-payment.ts';
import {
  applyWebhookJob,
  cancelIntentJob,
  cancelOrphanJob,
  createIntentJob,
  executeRefundJob,
  openCheckoutJob,
  reconcilePaymentJob,
} from './jobs.ts';
import { onProviderJob } from './provider/retry.ts';
import { executeRefund } from './refund/refund-ledger.ts';
import { refundOrder } from './refund/refunds.ts';
import type { PaymentsServices } from './services.ts';
import { applyWebhook } from './webhooks/apply.ts';

export const handlers: Handlers<PaymentsServices> = {
  messages: {
    'payment-process-request': requestPayment,
    'payment-cancel-request': closeOrder,
    'payment-refund-request': refundOrder,
    // An earlier version sent itself these. They are sent to nobody any more; those under way are handled.
    'stripe.webhook.received': ({ em }, { webhookId }) => enqueue(em, applyWebhookJob, { webhookId }),
    'webhook.processed': ({ em }, fact) => recordWebhookFact(em, fact),
    'payment.analytics': ({ em }, fact) => recordPaymentFact(em, fact),
  },
  jobs: [
    onProviderJob(createIntentJob, (ctx, { paymentId }) => createIntent(ctx, paymentId)),
    onProviderJob(cancelIntentJob, (ctx, { paymentId }) => cancelPayment(ctx, paymentId)),
    onProviderJob(cancelOrphanJob, (ctx, { paymentId, reference }) =>
      cancelOrphan(ctx, paymentId, reference),
    ),
    onJob(reconcilePaymentJob, (ctx, { paymentId }) => reconcilePayment(ctx, paymentId)),
    onProviderJob(openCheckoutJob, (ctx, { checkoutId }) => settleCheckout(ctx, checkoutId)),
    onProviderJob(executeRefundJob, (ctx, { refundId }) => executeRefund(ctx, refundId)),
    onProviderJob(applyWebhookJob, (ctx, { webhookId }) => applyWebhook(ctx, webhookId)),
  ],
};
