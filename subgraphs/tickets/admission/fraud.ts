import { type EntityManager, query, sql } from '#shared/data/database.ts';
import { emit } from '#shared/messaging/outbox.ts';
import type { Event } from '../events/event.entity.ts';
import type { Scan } from './scan.entity.ts';

const WINDOW_MINUTES = 10;
/** A guest may make mistakes; a ticket that is refused this often within the window is probably being passed around. */
const SUSPICIOUS_REFUSALS = 3;

/**
 * Reports a refused scan that looks like fraud: a forged code at its first scan, a real ticket at its third refusal
 * within ten minutes. It reports once per code and window, so that repeated scans do not flood the organizer.
 */
export async function reportFraud(
  em: EntityManager,
  event: Event,
  scan: Scan,
  isForged: boolean,
): Promise<void> {
  if (!isForged && !scan.ticketId) return;
  const [row] = await query(
    em,
    sql<{ refusals: number }>`select count(*)::int as refusals from scans
      where code_hash = ${scan.codeHash} and result <> 'ACCEPTED'
        and scanned_at > clock_timestamp() - make_interval(mins => ${WINDOW_MINUTES}::int)`,
  );
  if (row!.refusals !== (isForged ? 1 : SUSPICIOUS_REFUSALS)) return;
  await emit(em, 'ticket.fraud.suspected', {
    eventId: event.id,
    organizerId: event.organizerId,
    ticketId: scan.ticketId ?? null,
    scanId: scan.id,
    reason: isForged
      ? 'A code with a forged signature was shown.'
      : `A ticket was refused ${SUSPICIOUS_REFUSALS} times within ${WINDOW_MINUTES} minutes (last: ${scan.result}).`,
  });
}
