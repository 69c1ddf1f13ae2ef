import { z } from 'zod';
import { messagesFrom } from './message.ts';
import { id, orderTopic } from './parts.ts';

const message = messagesFrom('tickets');

export const ticketMessages = {
  // Answers to the order saga.
  'inventory-reserve-result': message({
    consumers: ['orders'],
    data: z.object({
      orderId: id,
      reserved: z.boolean(),
      /** Why not: products that are sold out, not on sale, or whose price has changed. */
      reason: z.string().nullable(),
      unavailableProductIds: z.array(id),
    }),
  }),
  'shipping-schedule-result': message({
    consumers: ['orders'],
    data: z.object({
      orderId: id,
      scheduled: z.boolean(),
      reason: z.string().nullable(),
      ticketIds: z.array(id),
      shipmentId: id.nullable(),
    }),
  }),

  // Facts.
  'ticket.generation.completed': message({
    consumers: ['notifications'],
    data: z.object({
      orderId: id,
      customerId: id,
      tickets: z.array(z.object({ ticketId: id, code: z.string(), success: z.boolean() })),
      total: z.int(),
      successful: z.int(),
      failed: z.int(),
      processingMilliseconds: z.int(),
    }),
    live: ({ orderId }) => [orderTopic(orderId)],
  }),
  /** Nobody else acts on it: it exists to wake `availabilityChanged`. */
  'event.availability.changed': message({
    consumers: [],
    data: z.object({ eventId: id }),
    live: ({ eventId }) => [`availability.${eventId}`],
    background: true,
  }),
  /** Nobody acts on it: it exists to wake the subscription of the same name. */
  'ticket.scanned': message({
    consumers: [],
    data: z.object({
      scanId: id,
      ticketId: id.nullable(),
      eventId: id,
      result: z.string(),
      at: z.iso.datetime(),
    }),
    live: ({ eventId }) => [`scans.${eventId}`],
  }),
  'ticket.fraud.suspected': message({
    consumers: ['notifications'],
    data: z.object({
      eventId: id,
      organizerId: id,
      ticketId: id.nullable(),
      scanId: id,
      reason: z.string(),
    }),
  }),
};
