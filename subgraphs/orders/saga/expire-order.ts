/** Ends the hold of an order that was not paid in time. */
import { type EntityManager, inTransaction, query, sql } from '#shared/data/database.ts';
import { enqueue } from '#shared/messaging/jobs.ts';
import { emit } from '#shared/messaging/outbox.ts';
import { expireOrderJob } from '../jobs.ts';
import type { Order } from '../order/order.entity.ts';
import { type LockOption, lockOrder } from '../order/orders.ts';
import type { OrdersContext } from '../services.ts';
import { requestClosing } from './steps.ts';

/** The time at which a hold that begins now expires. */
export const holdUntil = ({ services }: OrdersContext): Date =>
  new Date(Date.now() + services.settings.HOLD_SECONDS * 1_000);

/**
 * Asks payments whether an order whose hold has expired was paid. The order fails when it was not (saga.ts). While a
 * payment is under way, the hold is extended instead, once at most.
 */
export async function expireOrder(ctx: OrdersContext, orderId: string, options?: LockOption): Promise<void> {
  const extended = await inTransaction(ctx.em, async em => {
    const order = await lockOrder(em, orderId, options);
    if (order.status !== 'RESERVED' || order.closingSince) return false;
    if (!(await isExpired(em, order))) {
      // A repeated job after the hold was extended: it waits for the new end, as another job already does.
      await enqueue(em, expireOrderJob, { orderId }, { at: order.expiresAt! });
      return false;
    }
    if (order.extended || !(await isPaymentUnderWay({ ...ctx, em }, order))) {
      await requestClosing(em, order);
      return false;
    }
    order.extended = true;
    order.expiresAt = holdUntil(ctx);
    await em.flush();
    await emit(em, 'inventory-extend-request', { orderId, expiresAt: order.expiresAt.toISOString() });
    await enqueue(em, expireOrderJob, { orderId }, { at: order.expiresAt });
    return true;
  });
  // No message reports the extension, but subscribers of the order must see the new deadline.
  if (extended) await ctx.live.publish(`order.${orderId}`);
}

/** Uses the database's clock, as job schedules do: by the process's clock, an early job would repeat at once. */
async function isExpired(em: EntityManager, { id }: Order): Promise<boolean> {
  const found = await query(
    em,
    sql`select 1 from orders where id = ${id} and expires_at <= clock_timestamp()`,
  );
  return found.length > 0;
}

/** True when the bank is processing a payment, or when the buyer was sent to the bank within the length of a hold. */
async function isPaymentUnderWay({ em, services }: OrdersContext, order: Order): Promise<boolean> {
  const found = await query(
    em,
    sql`select 1 from order_payments where order_id = ${order.id} and (status = 'PROCESSING' or
      (status = 'REQUIRES_ACTION' and at > now() - make_interval(secs => ${services.settings.HOLD_SECONDS})))`,
  );
  return found.length > 0;
}
