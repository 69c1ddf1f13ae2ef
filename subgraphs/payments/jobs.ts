/** The jobs of payments; handlers.ts binds them. */
import { z } from 'zod';
import { defineJob } from '#shared/messaging/jobs.ts';

/** Milliseconds until a job is retried whose provider does not answer, if it has been tried before (retry.ts). */
const wait = z.int().optional();

/** Makes a payment known to the provider, so that the buyer can confirm it. */
export const createIntentJob = defineJob({
  name: 'payments/create-intent',
  data: z.object({ paymentId: z.uuid(), wait }),
  concurrency: 10,
});

/** Makes sure that a payment cannot be captured any more, or finds out that it was. */
export const cancelIntentJob = defineJob({
  name: 'payments/cancel-intent',
  data: z.object({ paymentId: z.uuid(), wait, once: z.boolean().optional() }),
  background: true,
});

/** Cancels what was made at the provider beside a payment (orphans.ts). */
export const cancelOrphanJob = defineJob({
  name: 'payments/cancel-orphan',
  data: z.object({ paymentId: z.uuid(), reference: z.string(), wait }),
});

/** Asks the provider about a payment whose outcome is not known, until it is (F2, F3). */
export const reconcilePaymentJob = defineJob({
  name: 'payments/reconcile-payment',
  data: z.object({ paymentId: z.uuid() }),
  background: true,
});

/** The safety net under createCheckout: a session whose opening was interrupted is opened, or ended. */
export const openCheckoutJob = defineJob({
  name: 'payments/open-checkout',
  data: z.object({ checkoutId: z.uuid(), wait }),
  background: true,
});

/** Gives the money of a recorded refund back, or finds out what has become of it. */
export const executeRefundJob = defineJob({
  name: 'payments/execute-refund',
  data: z.object({ refundId: z.uuid(), wait }),
  background: true,
});

/** Asks the provider about what a stored webhook is about, and applies the answer. */
export const applyWebhookJob = defineJob({
  name: 'payments/apply-webhook',
  data: z.object({ webhookId: z.string(), wait }),
  concurrency: 10,
});
