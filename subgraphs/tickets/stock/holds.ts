/**
 * Holds: the quantities that are reserved for placed orders.
 *
 * A hold never expires by itself: orders decides when an order ends, and sends a message. Requests may come twice,
 * under different ids, and a release may come before its reservation: the row of the order is locked first and decides
 * every answer.
 */
import type { RequiredEntityData } from '@mikro-orm/postgresql';
import type { MessageData } from '#schema/messages/index.ts';
import type { Context } from '#shared/context.ts';
import { type EntityManager, query, sql } from '#shared/data/database.ts';
import { insertEntities, insertion, selectEntities } from '#shared/data/entities.ts';
import { requireStep } from '#shared/data/transitions.ts';
import { emit } from '#shared/messaging/outbox.ts';
import { cancelShipment } from '../fulfil/shipments.ts';
import { revokeTickets } from '../tickets/tickets.ts';
import { type Demand, giveBackToQuotas, takeFromQuotas } from './capacity.ts';
import { Hold, HoldLine, type HoldStatus, TRANSITIONS } from './hold.entity.ts';
import {
  demandOf,
  findRefusal,
  type Offer,
  quantities,
  type Refusal,
  readOffers,
  soldOut,
} from './offers.ts';

type ReserveRequest = MessageData<'inventory-reserve-request'>;

/** The hold of an order, locked until the transaction ends; null when there is none. */
export async function lockHold(em: EntityManager, orderId: string): Promise<Hold | null> {
  const [hold] = await selectEntities(em, Hold, sql`where order_id = ${orderId} for update`);
  return hold ?? null;
}

/** Inserts the order's row; false when the order has a hold already, released or not. */
async function createHold(
  em: EntityManager,
  hold: Pick<RequiredEntityData<Hold>, 'orderId' | 'status' | 'customerId' | 'expiresAt' | 'reason'>,
): Promise<boolean> {
  const record = {
    ...hold,
    unavailableProductIds: [],
  };
  const created = await query(
    em,
    sql`${insertion(em, Hold, [record], { createdAt: sql`clock_timestamp()` })}
      on conflict do nothing returning order_id`,
  );
  return created.length > 0;
}

/**
 * Gives a locked hold its next status.
 * @throws INTERNAL_SERVER_ERROR when the step does not exist: callers check the status first.
 */
export async function moveHold(
  em: EntityManager,
  { orderId, status }: Pick<Hold, 'orderId' | 'status'>,
  to: HoldStatus,
  { reason = null, productIds = [] }: { reason?: string | null; productIds?: string[] } = {},
): Promise<void> {
  requireStep(TRANSITIONS, `The hold of order ${orderId}`, status, to);
  await query(
    em,
    sql`update holds set status = ${to}, reason = ${reason}, unavailable_product_ids = ${productIds}::uuid[]
      where order_id = ${orderId}`,
  );
}

/** Holds all that the order asks for, or nothing, and answers. A repeated request is answered again. */
export async function reserve({ em }: Pick<Context, 'em'>, request: ReserveRequest): Promise<void> {
  const { orderId, customerId, lines, expiresAt } = request;
  if (!(await createHold(em, { orderId, status: 'HELD', customerId, expiresAt: new Date(expiresAt) }))) {
    return answerAgain(em, orderId);
  }
  const offers = await readOffers(em, lines);
  const refusal = findRefusal(lines, offers) ?? (await takeHold(em, request, offers));
  if (refusal) await refuse(em, orderId, refusal);
}

/**
 * Writes all other rows first, on the assumption that enough is left, and changes the quotas last, because all buyers
 * of the event compete for their rows: they stay locked for little more than the commit. When a quota has too little,
 * the transaction returns to the savepoint.
 */
async function takeHold(
  em: EntityManager,
  { orderId, lines }: ReserveRequest,
  offers: Offer[],
): Promise<Refusal | null> {
  const wanted = quantities(lines);
  await query(em, sql`savepoint before_hold`);
  await insertEntities(
    em,
    HoldLine,
    offers.map(offer => ({
      orderId,
      productId: offer.product_id,
      eventId: offer.event_id,
      quotaId: offer.quota_id,
      quantity: wanted.get(offer.product_id)!,
    })),
  );
  await answer(em, orderId, { reserved: true });
  await tellAvailability(em, new Set(offers.map(offer => offer.event_id)));
  const short = await takeFromQuotas(em, demandOf(lines, offers));
  if (short.length === 0) return null;
  await query(em, sql`rollback to savepoint before_hold`);
  return soldOut(offers, short);
}

async function refuse(em: EntityManager, orderId: string, { reason, productIds }: Refusal): Promise<void> {
  await moveHold(em, { orderId, status: 'HELD' }, 'REFUSED', { reason, productIds });
  await answer(em, orderId, { reserved: false, reason, unavailableProductIds: productIds });
}

async function answerAgain(em: EntityManager, orderId: string): Promise<void> {
  const { status, reason, unavailableProductIds } = (await lockHold(em, orderId))!;
  if (status === 'HELD' || status === 'SOLD') return answer(em, orderId, { reserved: true });
  await answer(em, orderId, {
    reserved: false,
    reason: status === 'REFUSED' ? reason : 'RELEASED',
    unavailableProductIds,
  });
}

const answer = (
  em: EntityManager,
  orderId: string,
  result: { reserved: boolean; reason?: string | null; unavailableProductIds?: string[] },
) => emit(em, 'inventory-reserve-result', { orderId, reason: null, unavailableProductIds: [], ...result });

async function tellAvailability(em: EntityManager, eventIds: Iterable<string>): Promise<void> {
  for (const eventId of eventIds) await emit(em, 'event.availability.changed', { eventId });
}

/** Records the time until which the order may be paid. Never shortens it, because an older request may come later. */
export async function extendHold(
  { em }: Pick<Context, 'em'>,
  { orderId, expiresAt }: MessageData<'inventory-extend-request'>,
): Promise<void> {
  await query(
    em,
    sql`update holds set expires_at = greatest(expires_at, ${expiresAt}::timestamptz)
        where order_id = ${orderId} and status = 'HELD'`,
  );
}

/**
 * Frees what the order has taken. A paid order is freed only when `revokeTickets` says that it was undone: then its
 * tickets are revoked and its parcel is not sent. A release that comes first leaves a row that refuses the reservation.
 */
export async function release(
  { em, log }: Pick<Context, 'em' | 'log'>,
  { orderId, reason, revokeTickets: isUndone }: MessageData<'inventory-release-request'>,
): Promise<void> {
  if (await createHold(em, { orderId, status: 'RELEASED', reason })) return;
  const hold = (await lockHold(em, orderId))!;
  const { status } = hold;
  if (status === 'SOLD' && !isUndone) log.warn({ orderId, reason }, 'a sold order keeps its tickets');
  if (status !== 'HELD' && !(status === 'SOLD' && isUndone)) return;
  await moveHold(em, hold, 'RELEASED', { reason });
  if (status === 'SOLD') {
    await revokeTickets(em, orderId);
    await cancelShipment(em, orderId);
  }
  const { demand, eventIds } = await readHoldLines(em, orderId);
  await tellAvailability(em, eventIds);
  await giveBackToQuotas(em, demand);
}

/** The quantities that the order holds: by quota, and by product. */
export async function readHoldLines(em: EntityManager, orderId: string) {
  const lines = await selectEntities(em, HoldLine, sql`where order_id = ${orderId}`);
  const demand: Demand = new Map();
  for (const { quotaId, quantity } of lines) demand.set(quotaId, (demand.get(quotaId) ?? 0) + quantity);
  return {
    demand,
    products: new Map(lines.map(line => [line.productId, line.quantity])),
    eventIds: new Set(lines.map(line => line.eventId)),
  };
}
