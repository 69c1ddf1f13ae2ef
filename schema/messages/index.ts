/**
 * The event catalogue: every message between subgraphs, its schema, who consumes it, and which live topics it touches.
 *
 * Names: past tense for facts, `-request` / `-result` for commands of the order saga.
 */
import { z } from 'zod';

export const SUBGRAPH_NAMES = [
  'users',
  'orders',
  'invoices',
  'payments',
  'tickets',
  'notifications',
] as const;
export type SubgraphName = (typeof SUBGRAPH_NAMES)[number];

const id = z.uuid();
const money = z.object({ amount: z.int(), currency: z.string().length(3) });
export type Money = z.infer<typeof money>;

/** Who buys, as known when the order was placed. */
const customer = z.object({ id, email: z.string(), displayName: z.string(), locale: z.string() });
export type Customer = z.infer<typeof customer>;

const productKind = z.enum(['ADMISSION', 'MERCHANDISE']);
const orderStatus = z.enum([
  'CREATED',
  'RESERVED',
  'PAID',
  'SHIPPING_SCHEDULED',
  'COMPLETED',
  'CANCELED',
  'FAILED',
]);
const paymentStatus = z.enum([
  'REQUIRES_PAYMENT_METHOD',
  'REQUIRES_ACTION',
  'PROCESSING',
  'SUCCEEDED',
  'FAILED',
  'CANCELED',
]);
const paymentProvider = z.enum(['STRIPE', 'PAYPAL']);

const orderLine = z.object({
  productId: id,
  eventId: id,
  kind: productKind,
  name: z.string(),
  quantity: z.int().positive(),
  /** Minor units, tax included. */
  unitPrice: z.int().nonnegative(),
  taxRate: z.number().min(0).max(1),
  /** As many names as the quantity, for admissions. */
  guestNames: z.array(z.string()),
});
export type OrderLineData = z.infer<typeof orderLine>;

/** All that others need to know of an order, so that nobody has to ask back. */
const orderSnapshot = z.object({
  orderId: id,
  number: z.string(),
  customer,
  lines: z.array(orderLine),
  total: money,
});

const refund = z.object({ refundId: id, amount: z.int().positive(), reason: z.string().nullable() });

interface MessageDefinition {
  source: SubgraphName;
  consumers: readonly SubgraphName[];
  data: z.ZodType;
  /** Topics of live.ts that subscriptions listen on. */
  live?: (data: never) => (string | null)[];
}

function message<D extends z.ZodType>(
  source: SubgraphName,
  consumers: readonly SubgraphName[],
  data: D,
  live?: (data: z.infer<D>) => (string | null)[],
) {
  return { source, consumers, data, live };
}

const orderTopic = (orderId: string | null | undefined) => (orderId ? `order.${orderId}` : null);

export const messages = {
  // The order saga, step by step (domain: "The order saga").
  'inventory-reserve-request': message(
    'orders',
    ['tickets'],
    z.object({ orderId: id, customerId: id, lines: z.array(orderLine), expiresAt: z.iso.datetime() }),
  ),
  'inventory-reserve-result': message(
    'tickets',
    ['orders'],
    z.object({
      orderId: id,
      reserved: z.boolean(),
      /** Why not: products that are sold out, not on sale, or whose price has changed. */
      reason: z.string().nullable(),
      unavailableProductIds: z.array(id),
    }),
  ),
  'inventory-extend-request': message(
    'orders',
    ['tickets'],
    z.object({ orderId: id, expiresAt: z.iso.datetime() }),
  ),
  'inventory-release-request': message(
    'orders',
    ['tickets'],
    z.object({ orderId: id, reason: z.string(), revokeTickets: z.boolean() }),
  ),
  'payment-process-request': message(
    'orders',
    ['payments'],
    z.object({
      orderId: id,
      orderNumber: z.string(),
      customer,
      total: money,
      provider: paymentProvider,
      expiresAt: z.iso.datetime(),
    }),
  ),
  /** Only final outcomes: a declined card is not one, the buyer may try again. */
  'payment-process-result': message(
    'payments',
    ['orders'],
    z.object({
      orderId: id,
      paymentId: id,
      outcome: z.enum(['SUCCEEDED', 'FAILED']),
      amount: money,
      reason: z.string().nullable(),
    }),
  ),
  /** The order, or its hold, ended unpaid: nothing may be captured for it any more. */
  'payment-cancel-request': message('orders', ['payments'], z.object({ orderId: id, reason: z.string() })),
  /** Nothing was captured, and nothing can be. Where something was, `payment-process-result` is the answer. */
  'payment-cancel-result': message('payments', ['orders'], z.object({ orderId: id })),
  /** Gives back what was captured for the order: by one payment, or (null) by all of them. */
  'payment-refund-request': message(
    'orders',
    ['payments'],
    z.object({ orderId: id, paymentId: id.nullable(), reason: z.string() }),
  ),
  'payment-refund-result': message(
    'payments',
    ['orders'],
    z.object({ orderId: id, refunded: z.boolean(), reason: z.string().nullable() }),
  ),
  'shipping-schedule-request': message('orders', ['tickets'], orderSnapshot),
  'shipping-schedule-result': message(
    'tickets',
    ['orders'],
    z.object({
      orderId: id,
      scheduled: z.boolean(),
      reason: z.string().nullable(),
      ticketIds: z.array(id),
      shipmentId: id.nullable(),
    }),
  ),
  'notification-send-request': message(
    'orders',
    ['notifications'],
    orderSnapshot.extend({
      template: z.enum(['order-confirmed', 'order-canceled', 'order-failed']),
      /** Attached as PDF. */
      ticketIds: z.array(id),
      reason: z.string().nullable(),
    }),
  ),
  /** The answer to `order-confirmed`: the provider has accepted the message, or finally refused it. */
  'notification-send-result': message(
    'notifications',
    ['orders'],
    z.object({ orderId: id, notificationId: id, sent: z.boolean(), reason: z.string().nullable() }),
    data => [orderTopic(data.orderId)],
  ),

  // Facts.
  'order.status.updated': message(
    'orders',
    ['invoices'],
    orderSnapshot.extend({
      from: orderStatus.nullable(),
      to: orderStatus,
      /** The payment that paid the order, once there is one: invoices credits the refunds of no other. */
      paymentId: id.nullish(),
      reason: z.string().nullable(),
      at: z.iso.datetime(),
    }),
    data => [orderTopic(data.orderId)],
  ),
  /** Nobody acts on it: payments works on a webhook in the transaction that stores it, or by a job. */
  'stripe.webhook.received': message('payments', [], z.object({ webhookId: z.string() })),
  /** Nobody acts on it: payments counts a webhook in the transaction that closes it. */
  'webhook.processed': message(
    'payments',
    [],
    z.object({ webhookId: z.string(), type: z.string(), outcome: z.string() }),
  ),
  'payment.card.result': message(
    'payments',
    ['notifications'],
    z.object({
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
  ),
  'payment.status.updated': message(
    'payments',
    ['orders', 'invoices'],
    z.object({
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
    data => [`payment.${data.paymentId}`, orderTopic(data.orderId)],
  ),
  /** Nobody acts on it: payments counts it in the same transaction. */
  'payment.analytics': message(
    'payments',
    [],
    z.object({
      paymentId: id,
      kind: z.enum(['created', 'succeeded', 'failed', 'refunded']),
      provider: paymentProvider,
      amount: money,
      at: z.iso.datetime(),
    }),
  ),
  'stripe.customer.created': message(
    'payments',
    ['users'],
    z.object({ userId: id, stripeCustomerId: z.string() }),
  ),
  /** Nobody acts on it: a customer is told of the payment (`invoice.paid`), not of the number. */
  'invoice.issued': message(
    'invoices',
    [],
    z.object({ invoiceId: id, number: z.string(), orderId: id.nullable(), customerId: id, total: money }),
    data => [orderTopic(data.orderId)],
  ),
  'invoice.paid': message(
    'invoices',
    ['notifications'],
    z.object({ invoiceId: id, number: z.string(), orderId: id.nullable(), customerId: id, total: money }),
    data => [orderTopic(data.orderId)],
  ),
  'credit_note.issued': message(
    'invoices',
    ['notifications'],
    z.object({
      creditNoteId: id,
      number: z.string(),
      invoiceId: id,
      orderId: id.nullable(),
      customerId: id,
      total: money,
    }),
    data => [orderTopic(data.orderId)],
  ),
  'ticket.generation.completed': message(
    'tickets',
    ['notifications'],
    z.object({
      orderId: id,
      customerId: id,
      tickets: z.array(z.object({ ticketId: id, code: z.string(), success: z.boolean() })),
      total: z.int(),
      successful: z.int(),
      failed: z.int(),
      processingMilliseconds: z.int(),
    }),
    data => [orderTopic(data.orderId)],
  ),
  /** Nobody else acts on it: it exists to wake `availabilityChanged`. */
  'event.availability.changed': message('tickets', [], z.object({ eventId: id }), data => [
    `availability.${data.eventId}`,
  ]),
  /** Nobody acts on it: it exists to wake the subscription of the same name. */
  'ticket.scanned': message(
    'tickets',
    [],
    z.object({ scanId: id, ticketId: id.nullable(), eventId: id, result: z.string(), at: z.iso.datetime() }),
    data => [`scans.${data.eventId}`],
  ),
  'ticket.fraud.suspected': message(
    'tickets',
    ['notifications'],
    z.object({ eventId: id, organizerId: id, ticketId: id.nullable(), scanId: id, reason: z.string() }),
  ),
  'notification.status.updated': message(
    'notifications',
    [],
    z.object({ notificationId: id, userId: id.nullable(), orderId: id.nullable(), status: z.string() }),
    data => [data.userId ? `notifications.${data.userId}` : null, orderTopic(data.orderId)],
  ),
  'user.registered': message(
    'users',
    ['notifications'],
    z.object({ userId: id, email: z.string(), displayName: z.string(), locale: z.string() }),
  ),
} as const satisfies Record<string, MessageDefinition>;

export type MessageName = keyof typeof messages;
export type MessageData<N extends MessageName> = z.infer<(typeof messages)[N]['data']>;

/** A message as it travels: CloudEvents 1.0 attribute names, extended by a correlation id. */
export const envelope = z.object({
  specversion: z.literal('1.0'),
  id,
  source: z.string(),
  type: z.string(),
  time: z.iso.datetime(),
  subject: z.string().optional(),
  correlationid: z.string().optional(),
  traceparent: z.string().optional(),
  data: z.unknown(),
});
export type Envelope = z.infer<typeof envelope>;

/**
 * Messages that nobody waits for: in the outbox and in the queues, what a buyer waits for overtakes them. Either all of
 * a name, or those of which the function says so.
 */
const BACKGROUND: { [N in MessageName]?: true | ((data: MessageData<N>) => boolean) } = {
  'inventory-release-request': true,
  'payment-cancel-request': true,
  'payment-refund-request': true,
  'payment-refund-result': true,
  'notification-send-request': ({ template }) => template !== 'order-confirmed',
  // Of an order that found nothing to reserve, the buyer still waits for the answer.
  'order.status.updated': ({ from, to }) => from !== 'CREATED' && (to === 'FAILED' || to === 'CANCELED'),
  'payment.status.updated': ({ status }) => status === 'CANCELED',
  'webhook.processed': true,
  'payment.analytics': true,
  'stripe.customer.created': true,
  'credit_note.issued': true,
  'event.availability.changed': true,
  'notification.status.updated': true,
};

/** True when nobody waits for the message; see BACKGROUND. */
export function isBackground<N extends MessageName>(name: N, data: MessageData<N>): boolean {
  const rule = BACKGROUND[name] as true | ((data: MessageData<N>) => boolean) | undefined;
  return typeof rule === 'function' ? rule(data) : rule === true;
}
