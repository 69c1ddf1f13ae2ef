/** Canceling: the buyer or an administrator ends an order. */
import { inTransaction } from '#shared/data/database.ts';
import { line, optional } from '#shared/data/text.ts';
import { badInput } from '#shared/kernel/errors.ts';
import type { Order, OrderStatus } from '../order/order.entity.ts';
import { getOrder, lockOrder } from '../order/orders.ts';
import { abandon } from '../saga/steps.ts';
import type { OrdersContext } from '../services.ts';

const NOT_CANCELABLE: Partial<Record<OrderStatus, string>> = {
  CREATED: 'The order is being reserved. Try again in a moment.',
  COMPLETED: 'The order is completed. Refunds of completed orders are made by an administrator.',
  CANCELED: 'The order was canceled before.',
  FAILED: 'The order has failed: there is nothing left to cancel.',
};

/** The reason why the order cannot be canceled, as the buyer reads it; null when it can be canceled. */
const whyNotCancelable = (order: Order): string | null => NOT_CANCELABLE[order.status] ?? null;

/**
 * Cancels an order: its stock is released, its payment is refunded and its tickets are revoked. Rights: its customer
 * or an administrator. @throws NOT_FOUND for others; BAD_USER_INPUT when the reason is not valid.
 */
export async function cancelOrder(
  ctx: OrdersContext,
  { orderId, reason }: { orderId: string; reason?: string | null | undefined },
) {
  const given = optional(line(500)).safeParse(reason);
  if (!given.success) throw badInput(`reason: ${given.error.issues[0]!.message}`);
  await getOrder(ctx, orderId);
  return inTransaction(ctx.em, async em => {
    const order = await lockOrder(em, orderId);
    const message = whyNotCancelable(order);
    if (message) return { __typename: 'OrderNotCancelable' as const, message };
    const actor = order.customerId === ctx.viewer?.id ? 'customer' : 'administrator';
    await abandon(em, order, 'CANCELED', { reason: given.data ?? `Canceled by the ${actor}.`, actor });
    return order;
  });
}
