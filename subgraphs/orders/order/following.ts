/** Watching an order: every status it takes, in order, however fast they follow each other. */
import { fork } from '#shared/data/entities.ts';
import type { OrdersContext } from '../services.ts';
import { findTransitions, getOrder } from './orders.ts';

/**
 * The order now; then, on each message about it, the order after each transition that is new. When none is, the order
 * once more: its payments, invoice, tickets or notifications have changed, which the gateway joins to it.
 * @throws NOT_FOUND when the viewer may not see it.
 */
export async function followOrder(ctx: OrdersContext, orderId: string) {
  await getOrder(ctx, orderId);
  let seen: number | undefined;
  return ctx.live.watch([`order.${orderId}`], async () => {
    const em = fork(ctx.em);
    // History first: the order is then at least as new, and asOf turns it back.
    const unseen = seen === undefined ? [] : await findTransitions(em, orderId, seen);
    const order = await getOrder({ ...ctx, em, cache: new Map() }, orderId);
    const values = unseen.length > 0 ? unseen.map(each => order.asOf(each)) : [order];
    seen = values.at(-1)!.seq;
    return values.map(orderUpdated => ({ orderUpdated }));
  });
}
