import { z } from 'zod';
import { messagesFrom } from './message.ts';
import { id, money, orderTopic, paymentProvider } from './parts.ts';

const message = messagesFrom('payments');

const paymentStatus = z.enum([
  'REQUIRES_PAYMENT_METHOD',
  'REQUIRES_ACTION',
  'PROCESSING',
  'SUCCEEDED',
  'FAILED',
  'CANCELED',
]);

const refund = z.object({ refundId: id, amount: z.int().positive(), reason: z.string().nullable() });

export const paymentMessages = {
  // Answers to the order saga.
  /** Only final outcomes: a declined card is not one, the buyer may try again. */
  'payment-process-result': message({
    consumers: ['orders'],
    data: z.object({
      orderId: id,
      paymentId: id,
      outcome: z.enum(['SUCCEEDED', 'FAILED']),
      amount: money,
      reason: z.string().nullable(),
    }),
  }),
  /** Nothing was captured, and nothing can be. Where something was, `payment-process-result` is the answer. */
  'payment-cancel-result': message({
    consumers: ['orders'],
    data: z.object({ orderId: id }),
  }),
  'payment-refund-result': message({
    consumers: ['orders'],
    data: z.object({ orderId: id, refunded: z.boolean(), reason: z.string().nullable() }),
    background: true,
  }),

  // Facts.
  'payment.status.updated': message({
    consumers: ['orders', 'invoices'],
    data: z.object({
      paymentId: id,
      orderId: id.nullable(),
      invoiceId: id.nullable(),
      customerId: id,
      status: paymentStatus,
      amount: money,
      refundedAmount: z.int().nonnegative(),
      /** Every refund that went through so far, so that order of delivery does not matter. */
      refunds: z.array(refund),
      at: z.iso.datetime(),
    }),
    live: ({ paymentId, orderId }) => [`payment.${paymentId}`, orderTopic(orderId)],
    background: ({ status }) => status === 'CANCELED',
  }),
  'payment.card.result': message({
    consumers: ['notifications'],
    data: z.object({
      paymentId: id,
      paymentIntentId: z.string().nullable(),
      orderId: id.nullable(),
      customerId: id,
      success: z.boolean(),
      status: paymentStatus,
      requiresAction: z.boolean(),
      amount: money,
      error: z.string().nullable(),
    }),
  }),
  /** Nobody acts on it: payments counts it in the same transaction. */
  'payment.analytics': message({
    consumers: [],
    data: z.object({
      paymentId: id,
      kind: z.enum(['created', 'succeeded', 'failed', 'refunded']),
      provider: paymentProvider,
      amount: money,
      at: z.iso.datetime(),
    }),
  }),
  'stripe.customer.created': message({
    consumers: ['users'],
    data: z.object({ userId: id, stripeCustomerId: z.string() }),
    background: true,
  }),
  /** Nobody acts on it: payments works on a webhook in the transaction that stores it, or by a job. */
  'stripe.webhook.received': message({
    consumers: [],
    data: z.object({ webhookId: z.string() }),
  }),
  /** Nobody acts on it: payments counts a webhook in the transaction that closes it. */
  'webhook.processed': message({
    consumers: [],
    data: z.object({ webhookId: z.string(), type: z.string(), outcome: z.string() }),
  }),
};
