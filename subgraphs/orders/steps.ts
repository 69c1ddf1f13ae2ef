/** What each status asks of the other subgraphs, and what is undone when an order ends early. */
import type { EntityManager } from '#shared/database.ts';
import { emit } from '#shared/outbox.ts';
import type { Order, OrderStatus } from './order.entity.ts';
import { type Cause, type OrderSnapshot, transition } from './orders.ts';

type Request = (em: EntityManager, order: Order, snapshot: OrderSnapshot) => Promise<void>;

/** The saga: the request by which an order gets out of each passing status. Each may be repeated without harm. */
const REQUESTS: Partial<Record<OrderStatus, Request>> = {
  CREATED: (em, order, { orderId, lines }) =>
    emit(em, 'inventory-reserve-request', {
      orderId,
      customerId: order.customerId,
      lines,
      expiresAt: order.expiresAt!.toISOString(),
    }),
  RESERVED: (em, order, { orderId, number, customer, total }) =>
    emit(em, 'payment-process-request', {
      orderId,
      orderNumber: number,
      customer,
      total,
      provider: order.provider,
      expiresAt: order.expiresAt!.toISOString(),
    }),
  PAID: (em, _order, snapshot) => emit(em, 'shipping-schedule-request', snapshot),
  SHIPPING_SCHEDULED: (em, order, snapshot) =>
    emit(em, 'notification-send-request', {
      ...snapshot,
      template: 'order-confirmed',
      ticketIds: order.ticketIds,
      reason: null,
    }),
};

/** Asks for the step that the order's status waits for. */
export async function requestStep(em: EntityManager, order: Order, snapshot: OrderSnapshot): Promise<void> {
  await REQUESTS[order.status]?.(em, order, snapshot);
}

/** Moves a locked order on and asks for its next step. */
export async function advance(em: EntityManager, order: Order, to: OrderStatus, cause: Cause): Promise<void> {
  const snapshot = await transition(em, order, to, cause);
  await requestStep(em, order, snapshot);
}

/**
 * Ends a locked order that has been reserved: what it holds is released and its tickets are revoked, nothing may be
 * captured for it any more, what was paid is given back, the buyer is told.
 */
export async function abandon(
  em: EntityManager,
  order: Order,
  to: 'CANCELED' | 'FAILED',
  { reason, actor }: Cause & { reason: string },
): Promise<void> {
  const isPaid = order.status === 'PAID' || order.status === 'SHIPPING_SCHEDULED';
  const snapshot = await transition(em, order, to, { reason, actor });
  const { orderId } = snapshot;
  await emit(em, 'inventory-release-request', { orderId, reason, revokeTickets: isPaid });
  await emit(em, 'payment-cancel-request', { orderId, reason });
  if (order.paymentId) await emit(em, 'payment-refund-request', { orderId, paymentId: null, reason });
  await emit(em, 'notification-send-request', {
    ...snapshot,
    template: to === 'CANCELED' ? 'order-canceled' : 'order-failed',
    ticketIds: [],
    reason,
  });
}
