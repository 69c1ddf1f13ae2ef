/** Tickets: issued for paid orders, visible to the people whom they concern. */
import { randomBytes } from 'node:crypto';
import type { MessageData, OrderLineData } from '#schema/messages/index.ts';
import { type Context, mayActFor } from '#shared/context.ts';
import { entitiesLoader, entityLoader } from '#shared/data/batch.ts';
import { type EntityManager, newId, query, type RawBuilder, sql } from '#shared/data/database.ts';
import { insertEntities, queryEntities, selectEntities } from '#shared/data/entities.ts';
import { requireStep, statusesBefore } from '#shared/data/transitions.ts';
import { notFound } from '#shared/kernel/errors.ts';
import { fileUrl } from '#shared/signed-files.ts';
import { Event } from '../events/event.entity.ts';
import { mayScan } from '../events/events.ts';
import type { TicketsContext } from '../services.ts';
import { readPrivateKey, signQrCode } from './qr-code.ts';
import { Ticket, type TicketStatus, TRANSITIONS } from './ticket.entity.ts';

/** Crockford's base 32: it has no letter that could be mistaken for a digit. */
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/**
 * A code that people can read out, of 40 random bits. A collision is very unlikely; the unique key would then stop the
 * transaction, and its retry draws a new code.
 */
function createCode(): string {
  const letters = Array.from(randomBytes(8), byte => ALPHABET[byte % ALPHABET.length]).join('');
  return `TKT-${letters.slice(0, 4)}-${letters.slice(4)}`;
}

type PaidOrder = Pick<MessageData<'shipping-schedule-request'>, 'orderId' | 'customer'>;

/**
 * Issues one ticket per unit of the admission lines; the buyer's name is used for a guest without one. Returns the ids.
 */
export async function issueTickets(
  em: EntityManager,
  { orderId, customer }: PaidOrder,
  admissions: OrderLineData[],
): Promise<string[]> {
  const keys = await readKeys(em, new Set(admissions.map(line => line.eventId)));
  const issuedAt = new Date();
  const tickets = admissions.flatMap(({ eventId, productId, quantity, guestNames }) =>
    Array.from({ length: quantity }, (_, i) => {
      const id = newId();
      return {
        id,
        orderId,
        eventId,
        productId,
        customerId: customer.id,
        locale: customer.locale,
        status: 'VALID' as const,
        issuedAt,
        code: createCode(),
        guestName: guestNames[i]?.trim() || customer.displayName,
        qrCode: signQrCode({ eventId, ticketId: id }, keys.get(eventId)!),
      };
    }),
  );
  await insertEntities(em, Ticket, tickets);
  return tickets.map(ticket => ticket.id);
}

async function readKeys(em: EntityManager, eventIds: Iterable<string>) {
  const rows = await query(
    em,
    sql<{ event_id: string; private_key: Buffer }>`
      select event_id, private_key from event_keys where event_id = any(${[...eventIds]}::uuid[])`,
  );
  return new Map(rows.map(row => [row.event_id, readPrivateKey(row.private_key)]));
}

/** Revokes the tickets of an order that was undone: they admit nobody any more, used or not. */
export async function revokeTickets(em: EntityManager, orderId: string): Promise<void> {
  await moveTickets(em, sql`order_id = ${orderId}`, 'REVOKED');
}

/** Marks a locked ticket as used. */
export async function redeemTicket(em: EntityManager, ticket: Ticket, at: Date): Promise<void> {
  requireStep(TRANSITIONS, `Ticket ${ticket.code}`, ticket.status, 'REDEEMED');
  await moveTickets(em, sql`id = ${ticket.id}`, 'REDEEMED', sql`, redeemed_at = ${at.toISOString()}`);
}

/** Gives those of these tickets their next status whose current status allows it. */
const moveTickets = (
  em: EntityManager,
  which: RawBuilder<unknown>,
  to: TicketStatus,
  changes: RawBuilder<unknown> = sql``,
): Promise<Ticket[]> =>
  queryEntities(
    em,
    Ticket,
    sql`update tickets set status = ${to} ${changes}
      where ${which} and status = any(${statusesBefore(TRANSITIONS, to)}::text[]) returning *`,
  );

/** The order's tickets, oldest first, without a check of rights. */
export const readTicketsOf = (em: EntityManager, orderId: string): Promise<Ticket[]> =>
  selectEntities(em, Ticket, sql`where order_id = ${orderId} order by id`);

/** True for the ticket's buyer, admission staff, the event's organizer and administrators. */
async function maySee(ctx: Context, ticket: Ticket): Promise<boolean> {
  return mayActFor(ctx.viewer, ticket.customerId) || mayScanFor(ctx, ticket);
}

async function mayScanFor(ctx: Context, ticket: Ticket): Promise<boolean> {
  if (!ctx.viewer) return false;
  const event = await entityLoader(ctx, Event).load(ticket.eventId);
  return event !== null && mayScan(ctx, event);
}

/** The ticket, or null when the viewer may not see it. */
export async function findTicket(ctx: Context, id: string): Promise<Ticket | null> {
  const ticket = ctx.viewer && (await entityLoader(ctx, Ticket).load(id));
  return ticket && (await maySee(ctx, ticket)) ? ticket : null;
}

/** Like findTicket. @throws NOT_FOUND instead of null. */
export async function getTicket(ctx: Context, id: string): Promise<Ticket> {
  const ticket = await findTicket(ctx, id);
  if (!ticket) throw notFound('Ticket');
  return ticket;
}

/** The order's tickets that the viewer may see, oldest first. */
export async function ticketsOfOrder(ctx: Context, orderId: string): Promise<Ticket[]> {
  if (!ctx.viewer) return [];
  const tickets = await entitiesLoader(ctx, Ticket, 'orderId', { id: 'asc' }).load(orderId);
  const visible = await Promise.all(tickets.map(ticket => maySee(ctx, ticket)));
  return tickets.filter((_, i) => visible[i]);
}

/** A user's tickets, newest first: for that user and for administrators. */
export async function ticketsOfUser(ctx: Context, userId: string): Promise<Ticket[]> {
  if (!mayActFor(ctx.viewer, userId)) return [];
  return entitiesLoader(ctx, Ticket, 'customerId', { id: 'desc' }).load(userId);
}

/** True for those who may see the ticket's scans: the same people who may scan it. */
export const maySeeScans = mayScanFor;

/** The address of the ticket's PDF, valid for 15 minutes; null when the ticket is revoked. */
export function pdfUrlOf({ services: { settings } }: TicketsContext, ticket: Ticket): string | null {
  if (ticket.status === 'REVOKED') return null;
  return fileUrl(settings.TICKETS_PUBLIC_URL, ticket.fileName, settings.internalSecret);
}
