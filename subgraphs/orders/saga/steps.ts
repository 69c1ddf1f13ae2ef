/** What each status asks of the other subgraphs, and what is undone when an order ends early. */
import type { EntityManager } from '#shared/data/database.ts';
import { emit } from '#shared/messaging/outbox.ts';
import type { Order, OrderStatus } from '../order/order.entity.ts';
import { type Cause, type OrderSnapshot, transition } from '../order/orders.ts';

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

export const NOT_PAID_IN_TIME = 'It was not paid in time.';

/**
 * Asks whether a locked order whose hold has ended was paid, and lets nothing be captured for it any more. Until the
 * answer it stays RESERVED and keeps its stock: the news of a payment made in time may still be on its way. May be
 * repeated without harm.
 */
export async function requestClosing(em: EntityManager, order: Order): Promise<void> {
  const now = new Date();
  order.closingSince ??= now;
  order.lastStepAt = now;
  await em.flush();
  await emit(em, 'payment-cancel-request', { orderId: order.id, reason: NOT_PAID_IN_TIME });
}

/**
 * Ends a locked order that has been reserved: what it holds is released and its tickets are revoked, nothing may be
 * captured for it any more, what was paid is given back, the buyer is told. `closed`: payments has said already that
 * nothing can be captured.
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
