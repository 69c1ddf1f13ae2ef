/**
 * The order saga: what each answer of the other subgraphs does to an order.
 *
 * Messages can arrive repeated, late and out of order, so the status of the locked order decides. A message that is too
 * late is ignored, or its effect is undone. A message that is too early causes an error, so that it is delivered again.
 */

import type { MessageData } from '#schema/messages/index.ts';
import { query, sql } from '#shared/data/database.ts';
import { enqueue } from '#shared/messaging/jobs.ts';
import { emit } from '#shared/messaging/outbox.ts';
import { expireOrderJob } from '../jobs.ts';
import type { Order, OrderStatus } from '../order/order.entity.ts';
import { type LockOption, lockOrder, transition } from '../order/orders.ts';
import type { OrdersContext } from '../services.ts';
import { holdUntil } from './expire-order.ts';
import { abandon, advance, NOT_PAID_IN_TIME } from './steps.ts';

/** When the stock is held, the order must be paid before its hold expires. When nothing is left, the order fails. */
export async function applyReservation(
  ctx: OrdersContext,
  { orderId, reserved, reason }: MessageData<'inventory-reserve-result'>,
): Promise<void> {
  const { em } = ctx;
  const order = await lockOrder(em, orderId);
  const actor = 'inventory';
  if (order.isOver && reserved) await releaseAgain(ctx, order);
  if (order.status !== 'CREATED') return;
  if (!reserved) {
    await transition(em, order, 'FAILED', { reason: reason ?? 'Nothing left to reserve.', actor });
    return;
  }
  order.expiresAt = holdUntil(ctx);
  if (order.total === 0) {
    await transition(em, order, 'RESERVED', { reason: null, actor });
    await advance(em, order, 'PAID', { reason: 'Nothing to pay.', actor: 'payment' });
    return;
  }
  await advance(em, order, 'RESERVED', { reason: null, actor });
  await enqueue(em, expireOrderJob, { orderId }, { at: order.expiresAt });
}

/**
 * Marks the order as paid. A payment is refunded when the order no longer waits for it or when its amount is wrong:
 * every captured payment ends in a fulfilled order or is refunded (I2), and no order is paid twice (I1).
 */
export async function applyPayment(
  ctx: OrdersContext,
  { orderId, paymentId, outcome, amount, reason }: MessageData<'payment-process-result'>,
  options?: LockOption,
): Promise<void> {
  const { em, log } = ctx;
  const order = await lockOrder(em, orderId, options);
  requireReached(order, 'RESERVED');
  const actor = 'payment';
  if (outcome === 'FAILED') {
    if (order.status === 'RESERVED') {
      await abandon(em, order, 'FAILED', { reason: reason ?? 'The payment was refused.', actor });
    }
    return;
  }
  if (order.paymentId === paymentId) return;
  const giveBack = (why: string) => emit(em, 'payment-refund-request', { orderId, paymentId, reason: why });
  if (order.status !== 'RESERVED') {
    log.warn({ orderId, paymentId, status: order.status }, 'a payment came too late and is given back');
    await giveBack(order.isOver ? 'The order had ended before it was paid.' : 'The order was paid twice.');
    return;
  }
  if (amount.amount === order.total && amount.currency === order.currency) {
    order.paymentId = paymentId;
    await advance(em, order, 'PAID', { reason: null, actor });
    return;
  }
  log.error({ orderId, paymentId, amount, total: order.total }, 'the payment is not what the order costs');
  const mismatch = 'The amount paid is not what the order costs.';
  await abandon(em, order, 'FAILED', { reason: mismatch, actor });
  await giveBack(mismatch);
}

/**
 * Fails an order that was not paid in time: nothing was captured before the hold ended, and nothing can be captured
 * now. This message races with the message about a payment that the bank decides at the same moment. The first one that
 * locks the order decides, and a payment that comes second is refunded (F12).
 */
export async function applyClosing(
  { em }: OrdersContext,
  { orderId }: MessageData<'payment-cancel-result'>,
  options?: LockOption,
): Promise<void> {
  const order = await lockOrder(em, orderId, options);
  // Payments also sends this answer for orders that ended for another reason.
  if (order.status !== 'RESERVED' || !order.closingSince) return;
  await abandon(em, order, 'FAILED', { reason: NOT_PAID_IN_TIME, actor: 'expiry', closed: true });
}

/** Stores the latest known status of a payment, which is needed when the hold expires. */
export async function notePayment(
  { em }: OrdersContext,
  { orderId, paymentId, status, at }: MessageData<'payment.status.updated'>,
): Promise<void> {
  if (!orderId) return;
  await query(
    em,
    sql`insert into order_payments as known (payment_id, order_id, status, at)
      values (${paymentId}, ${orderId}, ${status}, ${at})
      on conflict (payment_id) do update set status = excluded.status, at = excluded.at
        where excluded.at >= known.at`,
  );
}

/**
 * When the tickets are issued and the parcels are scheduled, the buyer is notified. When the order cannot be fulfilled,
 * it fails and its payment is refunded.
 */
export async function applyShipping(
  ctx: OrdersContext,
  { orderId, scheduled, reason, ticketIds }: MessageData<'shipping-schedule-result'>,
): Promise<void> {
  const { em } = ctx;
  const order = await lockOrder(em, orderId);
  requireReached(order, 'PAID');
  const actor = 'shipping';
  if (order.isOver && scheduled) await releaseAgain(ctx, order);
  if (order.status !== 'PAID') return;
  if (scheduled) {
    order.ticketIds = ticketIds;
    await advance(em, order, 'SHIPPING_SCHEDULED', { reason: null, actor });
  } else {
    await abandon(em, order, 'FAILED', { reason: reason ?? 'The order cannot be fulfilled.', actor });
  }
}

/** Completes the order, even when the email was finally refused: the tickets are valid and can be downloaded. */
export async function applyNotification(
  { em }: OrdersContext,
  { orderId, sent, reason }: MessageData<'notification-send-result'>,
): Promise<void> {
  const order = await lockOrder(em, orderId);
  requireReached(order, 'SHIPPING_SCHEDULED');
  if (order.status !== 'SHIPPING_SCHEDULED') return;
  await transition(em, order, 'COMPLETED', {
    reason: sent ? null : `The confirmation could not be delivered: ${reason ?? 'refused'}`,
    actor: 'notification',
  });
}

/** When a refund fails, a canceled order becomes FAILED, and an administrator must settle it. */
export async function applyRefund(
  { em, log }: OrdersContext,
  { orderId, refunded, reason }: MessageData<'payment-refund-result'>,
): Promise<void> {
  if (refunded) return;
  const order = await lockOrder(em, orderId);
  log.error({ orderId, status: order.status, reason }, 'a refund failed: an administrator must settle it');
  if (order.status !== 'CANCELED') return;
  await transition(em, order, 'FAILED', {
    reason: `The refund failed: ${reason ?? 'no reason given'}`,
    actor: 'payment',
  });
}

/** The statuses of an order when nothing goes wrong, in their order. */
const WAY: OrderStatus[] = ['CREATED', 'RESERVED', 'PAID', 'SHIPPING_SCHEDULED', 'COMPLETED'];

/** @throws while the order has not yet reached the status that a message answers. */
function requireReached(order: Order, status: OrderStatus): void {
  if (!order.isOver && WAY.indexOf(order.status) < WAY.indexOf(status)) {
    throw new Error(`Order ${order.number} is ${order.status}: the answer to ${status} is too early`);
  }
}

/**
 * Releases again after a late answer, which says that stock was held or tickets were issued for an order that is over:
 * the first release may have been handled before.
 */
async function releaseAgain({ em, log }: OrdersContext, { id, status }: Order): Promise<void> {
  log.warn({ orderId: id, status }, 'held or issued for an order that is over: released again');
  await emit(em, 'inventory-release-request', {
    orderId: id,
    reason: 'The order had ended before.',
    revokeTickets: true,
  });
}
