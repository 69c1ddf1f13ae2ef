/** The requests that each status sends to other subgraphs, and the steps that are undone when an order ends early. */
import type { EntityManager } from '#shared/data/database.ts';
import { emit } from '#shared/messaging/outbox.ts';
import type { Order, OrderStatus } from '../order/order.entity.ts';
import { type Cause, type OrderSnapshot, transition } from '../order/orders.ts';

type Request = (em: EntityManager, order: Order, snapshot: OrderSnapshot) => Promise<void>;

/** The saga: the request that moves an order out of each intermediate status. Every request can be repeated safely. */
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

/** Requests the step that the order's status waits for. */
export async function requestStep(em: EntityManager, order: Order, snapshot: OrderSnapshot): Promise<void> {
  await REQUESTS[order.status]?.(em, order, snapshot);
}

/** Gives a locked order its next status and requests its next step. */
export async function advance(em: EntityManager, order: Order, to: OrderStatus, cause: Cause): Promise<void> {
  const snapshot = await transition(em, order, to, cause);
  await requestStep(em, order, snapshot);
}

export const NOT_PAID_IN_TIME = 'It was not paid in time.';

/**
 * Asks payments whether a locked order whose hold has ended was paid, and to capture nothing more for it. Until the
 * answer comes, the order stays RESERVED and keeps its stock: the message about a payment made in time may still be
 * under way. The request can be repeated safely.
 */
export async function requestClosing(em: EntityManager, order: Order): Promise<void> {
  const now = new Date();
  order.closingSince ??= now;
  order.lastStepAt = now;
  await em.flush();
  await emit(em, 'payment-cancel-request', { orderId: order.id, reason: NOT_PAID_IN_TIME });
}

/**
 * Ends a locked order that has been reserved: its stock is released, its tickets are revoked, open payments are
 * canceled, a captured payment is refunded, and the buyer is notified. `closed` is true when payments has already
 * confirmed that nothing can be captured.
 */
export async function abandon(
  em: EntityManager,
  order: Order,
  to: 'CANCELED' | 'FAILED',
  { reason, actor, closed = false }: Cause & { reason: string; closed?: boolean },
): Promise<void> {
  const isPaid = order.status === 'PAID' || order.status === 'SHIPPING_SCHEDULED';
  const snapshot = await transition(em, order, to, { reason, actor });
  const { orderId } = snapshot;
  await emit(em, 'inventory-release-request', { orderId, reason, revokeTickets: isPaid });
  if (!closed) await emit(em, 'payment-cancel-request', { orderId, reason });
  if (order.paymentId) await emit(em, 'payment-refund-request', { orderId, paymentId: null, reason });
  await emit(em, 'notification-send-request', {
    ...snapshot,
    template: to === 'CANCELED' ? 'order-canceled' : 'order-failed',
    ticketIds: [],
    reason,
  });
}
