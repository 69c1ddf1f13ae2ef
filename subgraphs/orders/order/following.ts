/** Watching an order: a subscriber receives every status in order, however fast they follow each other. */
import { fork } from '#shared/data/entities.ts';
import type { OrdersContext } from '../services.ts';
import { findTransitions, getOrder } from './orders.ts';

/**
 * Yields the order as it is now. Then, on each message about it, yields the order after each new transition. When there
 * is no new transition, it yields the order again, because its payments, invoice, tickets or notifications have changed
 * and the gateway joins those to it.
 * @throws NOT_FOUND when the viewer may not see it.
 */
export async function followOrder(ctx: OrdersContext, orderId: string) {
  await getOrder(ctx, orderId);
  let seen: number | undefined;
  return ctx.live.watch([`order.${orderId}`], async () => {
    const em = fork(ctx.em);
    // The history is read first: the order is then at least as new, and asOf gives its earlier states.
    const unseen = seen === undefined ? [] : await findTransitions(em, orderId, seen);
    const order = await getOrder({ ...ctx, em, cache: new Map() }, orderId);
    const values = unseen.length > 0 ? unseen.map(each => order.asOf(each)) : [order];
    seen = values.at(-1)!.seq;
    return values.map(orderUpdated => ({ orderUpdated }));
  });
}
