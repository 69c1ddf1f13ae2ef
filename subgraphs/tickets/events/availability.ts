/** The subscription to the availability of an event's products. */
import type { Context } from '#shared/context.ts';
import { fork } from '#shared/data/entities.ts';
import { getEvent } from './events.ts';
import { productsOf } from './products.ts';

/** The event's products now and at each change of their availability. @throws NOT_FOUND for hidden events. */
export async function watchAvailability(ctx: Context, eventId: string) {
  await getEvent(ctx, eventId);
  return ctx.live.watch([`availability.${eventId}`], async () => {
    // The cache starts empty, so that changes made in the meantime are read.
    const now = { ...ctx, em: fork(ctx.em), cache: new Map() };
    return [{ availabilityChanged: await productsOf(now, eventId) }];
  });
}
