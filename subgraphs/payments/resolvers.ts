import { listDeadLetters, replayDeadLetter } from '#shared/messaging/dead-letters.ts';
import type { Resolvers } from '../../schema/generated/payments.ts';
import { analyze } from './analytics/analytics.ts';
import { createCheckout } from './checkout/checkout-sessions.ts';
import {
  clientSecretOf,
  findPayment,
  getPayment,
  listPayments,
  paymentsOf,
  paymentsOfUser,
  refundsOf,
  watchPayment,
} from './collect/payments.ts';
import { confirmPayment } from './confirm/confirm-payment.ts';
import { payInvoice } from './confirm/pay-invoice.ts';
import { refundPayment } from './refund/refunds.ts';

export const resolvers: Resolvers = {
  Query: {
    payment: (_, { id }, ctx) => getPayment(ctx, id),
    payments: (_, args, ctx) => listPayments(ctx, args),
    paymentAnalytics: (_, { from, to }, ctx) => analyze(ctx, from, to),
    paymentsDeadLetters: (_, args, ctx) => listDeadLetters(ctx, args),
  },
  Mutation: {
    confirmPayment: (_, { input }, ctx) => confirmPayment(ctx, input),
    createCheckout: (_, { input }, ctx) => createCheckout(ctx, input),
    payInvoice: (_, { input }, ctx) => payInvoice(ctx, input),
    refundPayment: (_, { input }, ctx) => refundPayment(ctx, input),
    replayPaymentsDeadLetter: (_, { id }, ctx) => replayDeadLetter(ctx, id),
  },
  Subscription: {
    paymentUpdated: { subscribe: (_, args, ctx) => watchPayment(ctx, args) },
  },
  Payment: {
    __resolveReference: ({ id }, ctx) => findPayment(ctx, id),
    order: ({ orderId }) => (orderId ? { __typename: 'Order', id: orderId } : null),
    invoice: ({ invoiceId }) => (invoiceId ? { __typename: 'Invoice', id: invoiceId } : null),
    amount: payment => payment.money,
    refundedAmount: ({ refundedAmount, captured }) => ({ ...captured, amount: refundedAmount }),
    refunds: async (payment, _, ctx) =>
      (await refundsOf(ctx, payment)).map(refund => ({
        ...refund,
        amount: { ...payment.captured, amount: refund.amount },
      })),
    clientSecret: (payment, _, ctx) => clientSecretOf(ctx, payment),
  },
  Order: {
    __resolveReference: reference => reference,
    payments: ({ id }, _, ctx) => paymentsOf(ctx, 'order', id),
  },
  Invoice: {
    __resolveReference: reference => reference,
    payments: ({ id }, _, ctx) => paymentsOf(ctx, 'invoice', id),
  },
  User: {
    __resolveReference: reference => reference,
    payments: ({ id }, page, ctx) => paymentsOfUser(ctx, id, page),
  },
};
