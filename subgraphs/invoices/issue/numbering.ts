/**
 * Legal numbers: one series per year and kind of document, without gaps (CGI, annexe II, art. 242 nonies A, I, 7°:
 * "un numéro unique basé sur une séquence chronologique et continue").
 */
import { type EntityManager, query, sql } from '#shared/data/database.ts';

/** F: facture (invoice). A: avoir (credit note). */
export type SeriesKind = 'F' | 'A';

/** The time zone of the seller decides the printed date and the year of the series. */
export const TIME_ZONE = 'Europe/Paris';
const year = new Intl.DateTimeFormat('en', { timeZone: TIME_ZONE, year: 'numeric' });

/**
 * The next number, e.g. `F2026-000042`, and the time at which it is issued.
 *
 * The row of the series stays locked until the transaction ends. Therefore only one transaction at a time finalizes in
 * a series, a transaction that fails gives its number back, and a higher number never has an earlier time. Callers take
 * the number last, to hold the lock for a short time. A sequence would leave gaps, and `max() + 1` would give a number
 * twice.
 */
export async function takeNumber(
  em: EntityManager,
  kind: SeriesKind,
  now = new Date(),
): Promise<{ number: string; at: Date }> {
  const series = `${kind}${year.format(now)}`;
  const [row] = await query(
    em,
    sql<{ last: number; at: number }>`insert into number_series as s (series, last, last_at)
      values (${series}, 1, ${now.toISOString()}::timestamptz)
      on conflict (series) do update
        set last = s.last + 1, last_at = greatest(s.last_at, excluded.last_at)
      returning last, (extract(epoch from last_at) * 1000)::float8 as at`,
  );
  return { number: `${series}-${String(row!.last).padStart(6, '0')}`, at: new Date(row!.at) };
}
