/** The step of the saga between the payment and the confirmation: tickets are issued, the parcel is scheduled. */

import type { MessageData } from '#schema/messages/index.ts';
import type { Context } from '#shared/context.ts';
import { type EntityManager, query, sql } from '#shared/data/database.ts';
import { enqueue } from '#shared/messaging/jobs.ts';
import { emit } from '#shared/messaging/outbox.ts';
import { renderTicketsJob } from '../jobs.ts';
import { lockHold, moveHold, readHoldLines } from '../stock/holds.ts';
import { quantities } from '../stock/offers.ts';
import { issueTickets } from '../tickets/tickets.ts';
import { scheduleShipment } from './shipments.ts';

type PaidOrder = MessageData<'shipping-schedule-request'>;

/**
 * Turns the order's hold into tickets and a parcel, once, and answers. Sold quantities stay taken, so no quota changes.
 * When there is no hold of exactly these products (it was released, or never made), the answer gives the reason.
 */
export async function fulfilOrder({ em }: Pick<Context, 'em'>, order: PaidOrder): Promise<void> {
  const { orderId, customer, lines } = order;
  const hold = await lockHold(em, orderId);
  if (hold?.status === 'SOLD') return answerAgain(em, orderId);
  if (hold?.status !== 'HELD') return refuse(em, orderId, hold?.status ?? 'NOT_HELD');
  const { products } = await readHoldLines(em, orderId);
  if (!isSame(products, quantities(lines))) return refuse(em, orderId, 'NOT_AS_HELD');

  const admissions = lines.filter(line => line.kind === 'ADMISSION');
  const goods = quantities(lines.filter(line => line.kind === 'MERCHANDISE'));
  const ticketIds = await issueTickets(em, order, admissions);
  const shipmentId =
    goods.size > 0 ? await scheduleShipment(em, { orderId, customerId: customer.id }, goods) : null;
  await moveHold(em, hold, 'SOLD');
  if (ticketIds.length > 0) await enqueue(em, renderTicketsJob, { orderId });
  await answer(em, orderId, ticketIds, shipmentId);
}

/** Issuing more tickets than were held would oversell. */
const isSame = (held: Map<string, number>, asked: Map<string, number>) =>
  held.size === asked.size && [...asked].every(([id, quantity]) => held.get(id) === quantity);

async function answerAgain(em: EntityManager, orderId: string): Promise<void> {
  const [made] = await query(
    em,
    sql<{ tickets: string[]; shipment: string | null }>`
      select array(select id from tickets where order_id = ${orderId} order by id) as tickets,
             (select id from shipments where order_id = ${orderId}) as shipment`,
  );
  await answer(em, orderId, made!.tickets, made!.shipment);
}

const answer = (em: EntityManager, orderId: string, ticketIds: string[], shipmentId: string | null) =>
  emit(em, 'shipping-schedule-result', { orderId, scheduled: true, reason: null, ticketIds, shipmentId });

const refuse = (em: EntityManager, orderId: string, reason: string) =>
  emit(em, 'shipping-schedule-result', {
    orderId,
    scheduled: false,
    reason,
    ticketIds: [],
    shipmentId: null,
  });
