import { z } from 'zod';
import { messagesFrom } from './message.ts';
import { customer, id, money, orderLine, orderSnapshot, orderTopic, paymentProvider } from './parts.ts';

const message = messagesFrom('orders');

const orderStatus = z.enum([
  'CREATED',
  'RESERVED',
  'PAID',
  'SHIPPING_SCHEDULED',
  'COMPLETED',
  'CANCELED',
  'FAILED',
]);

export const orderMessages = {
  // Commands of the order saga, step by step.
  'inventory-reserve-request': message({
    consumers: ['tickets'],
    data: z.object({
      orderId: id,
      customerId: id,
      lines: z.array(orderLine),
      expiresAt: z.iso.datetime(),
    }),
  }),
  'inventory-extend-request': message({
    consumers: ['tickets'],
    data: z.object({ orderId: id, expiresAt: z.iso.datetime() }),
  }),
  'inventory-release-request': message({
    consumers: ['tickets'],
    data: z.object({ orderId: id, reason: z.string(), revokeTickets: z.boolean() }),
    background: true,
  }),
  'payment-process-request': message({
    consumers: ['payments'],
    data: z.object({
      orderId: id,
      orderNumber: z.string(),
      customer,
      total: money,
      provider: paymentProvider,
      expiresAt: z.iso.datetime(),
    }),
  }),
  /** The order, or its hold, ended unpaid: nothing may be captured for it any more. */
  'payment-cancel-request': message({
    consumers: ['payments'],
    data: z.object({ orderId: id, reason: z.string() }),
    background: true,
  }),
  /** Gives back what was captured for the order: by one payment, or (null) by all of them. */
  'payment-refund-request': message({
    consumers: ['payments'],
    data: z.object({ orderId: id, paymentId: id.nullable(), reason: z.string() }),
    background: true,
  }),
  'shipping-schedule-request': message({
    consumers: ['tickets'],
    data: orderSnapshot,
  }),
  'notification-send-request': message({
    consumers: ['notifications'],
    data: orderSnapshot.extend({
      template: z.enum(['order-confirmed', 'order-canceled', 'order-failed']),
      /** Attached as PDF. */
      ticketIds: z.array(id),
      reason: z.string().nullable(),
    }),
    background: ({ template }) => template !== 'order-confirmed',
  }),

  // Facts.
  'order.status.updated': message({
    consumers: ['invoices'],
    data: orderSnapshot.extend({
      from: orderStatus.nullable(),
      to: orderStatus,
      /** The payment that paid the order, once there is one: invoices credits the refunds of no other. */
      paymentId: id.nullish(),
      reason: z.string().nullable(),
      at: z.iso.datetime(),
    }),
    live: ({ orderId }) => [orderTopic(orderId)],
    // The buyer of an order that found nothing to reserve still waits for the answer.
    background: ({ from, to }) => from !== 'CREATED' && (to === 'FAILED' || to === 'CANCELED'),
  }),
};
