/** Admission: each attempt to use a ticket is decided once, under the ticket's lock, and recorded. */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { type Context, requireViewer } from '#shared/context.ts';
import { entitiesLoader, entityLoader } from '#shared/data/batch.ts';
import { type EntityManager, inTransaction, LockMode, newId, sql } from '#shared/data/database.ts';
import { insertion, queryEntities } from '#shared/data/entities.ts';
import { line, optional } from '#shared/data/text.ts';
import { forbidden, invalidInput, parseInput } from '#shared/kernel/errors.ts';
import { emit } from '#shared/messaging/outbox.ts';
import { Event } from '../events/event.entity.ts';
import { getEvent, mayScan } from '../events/events.ts';
import { isQrCodeSigned, readQrCode } from '../tickets/qr-code.ts';
import { Ticket } from '../tickets/ticket.entity.ts';
import { maySeeScans, redeemTicket } from '../tickets/tickets.ts';
import { reportFraud } from './fraud.ts';
import { Scan, type ScanResult } from './scan.entity.ts';
import { explainScan } from './scan-words.ts';

const scanInput = z.object({
  qrCode: z.string().trim().max(1_000, 'has at most 1000 characters'),
  eventId: z.string(),
  location: optional(line(200)),
  nonce: line(200),
});

/** An event whose tickets the viewer may scan. @throws NOT_FOUND when the viewer may not see it, else FORBIDDEN. */
export async function getScannableEvent(ctx: Context, eventId: string): Promise<Event> {
  requireViewer(ctx);
  const event = await getEvent(ctx, eventId);
  if (!mayScan(ctx, event)) throw forbidden('Only door staff and the organizer of the event may do this.');
  return event;
}

/**
 * Uses a ticket of an event. Rights: staff, the event's organizer, administrators.
 *
 * A nonce that the event has seen gets the same answer as before, and adds no scan (I8); with another code it is an
 * InvalidInput.
 */
export async function scanTicket(ctx: Context, input: z.input<typeof scanInput>) {
  const event = await getScannableEvent(ctx, input.eventId);
  const parsed = parseInput(scanInput, input);
  if (!parsed.ok) return parsed.error;
  const { qrCode, nonce, location } = parsed.value;
  const codeHash = createHash('sha256').update(qrCode).digest();
  return inTransaction(ctx.em, async em => {
    const attempt = { eventId: event.id, nonce, location, operatorId: requireViewer(ctx).id, codeHash };
    const { scan, isNew } = await claimNonce(em, attempt);
    if (!isNew) {
      if (!codeHash.equals(scan.codeHash)) {
        return invalidInput({ path: 'nonce', message: 'was used for another code' });
      }
      return outcome(ctx, event, scan, scan.ticketId ? await em.findOne(Ticket, scan.ticketId) : null);
    }
    const { result, ticket, isForged = false } = await decide(em, event, qrCode, scan.scannedAt);
    scan.result = result;
    scan.ticketId = ticket?.id ?? null;
    await em.flush();
    if (result !== 'ACCEPTED') await reportFraud(em, event, scan, isForged);
    await emit(em, 'ticket.scanned', {
      scanId: scan.id,
      ticketId: scan.ticketId,
      eventId: event.id,
      result,
      at: scan.scannedAt.toISOString(),
    });
    return outcome(ctx, event, scan, ticket);
  });
}

/**
 * Records the attempt before it is decided: a request with the same nonce waits here until the decision. The result
 * that the row has until then, INVALID, is never committed.
 */
async function claimNonce(
  em: EntityManager,
  attempt: Pick<Scan, 'eventId' | 'nonce' | 'location' | 'operatorId' | 'codeHash'>,
): Promise<{ scan: Scan; isNew: boolean }> {
  const record = {
    ...attempt,
    id: newId(),
    result: 'INVALID' as const,
  };
  // In whole milliseconds, which is the precision of a Date.
  const scannedAt = sql`date_trunc('milliseconds', clock_timestamp())`;
  const [created] = await queryEntities(
    em,
    Scan,
    sql`${insertion(em, Scan, [record], { scannedAt })} on conflict (event_id, nonce) do nothing returning *`,
  );
  if (created) return { scan: created, isNew: true };
  const { eventId, nonce } = attempt;
  return { scan: await em.findOneOrFail(Scan, { eventId, nonce }), isNew: false };
}

/** `isForged`: the code has our format, but was not signed by any of our events. */
interface Verdict {
  result: ScanResult;
  ticket: Ticket | null;
  isForged?: boolean;
}

/** Decides about a code that is shown at an event, and redeems the ticket when it is accepted. */
async function decide(em: EntityManager, event: Event, qrCode: string, at: Date): Promise<Verdict> {
  const content = readQrCode(qrCode);
  if (!content) return { result: 'INVALID', ticket: null };
  const signer = content.eventId === event.id ? event : await em.findOne(Event, content.eventId);
  const isSigned = signer !== null && isQrCodeSigned(qrCode, signer.publicKey);
  const ticket = isSigned
    ? await em.findOne(Ticket, content.ticketId, { lockMode: LockMode.PESSIMISTIC_WRITE, refresh: true })
    : null;
  if (!ticket) return { result: 'INVALID', ticket, isForged: true };
  if (content.eventId !== event.id) return { result: 'WRONG_EVENT', ticket };
  if (ticket.status === 'REVOKED') return { result: 'REVOKED', ticket };
  if (ticket.status === 'REDEEMED') return { result: 'ALREADY_REDEEMED', ticket };
  const refusal = event.refusalAt(at);
  if (refusal) return { result: refusal, ticket };
  await redeemTicket(em, ticket, at);
  return { result: 'ACCEPTED', ticket };
}

/** The answer to the operator. A ticket of another organizer's event stays hidden. */
async function outcome(ctx: Context, event: Event, scan: Scan, ticket: Ticket | null) {
  const admits = ticket && (await entityLoader(ctx, Event).load(ticket.eventId));
  return {
    __typename: 'ScanOutcome' as const,
    result: scan.result,
    message: explainScan(scan.result, event, ticket, admits),
    ticket: ticket && (await maySeeScans(ctx, ticket)) ? ticket : null,
    scan,
  };
}

/** Every attempt to use the ticket, newest first: for those who may scan it, empty for others. */
export async function scansOf(ctx: Context, ticket: Ticket): Promise<Scan[]> {
  if (!(await maySeeScans(ctx, ticket))) return [];
  return entitiesLoader(ctx, Scan, 'ticketId', { id: 'desc' }).load(ticket.id);
}
