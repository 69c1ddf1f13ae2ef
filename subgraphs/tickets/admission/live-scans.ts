/** The subscription to an event's scans. */
import type { Context } from '#shared/context.ts';
import { sql } from '#shared/data/database.ts';
import { fork, queryEntities, selectEntities } from '#shared/data/entities.ts';
import { Scan } from './scan.entity.ts';
import { getScannableEvent } from './scans.ts';

/** How long after its own time a scan may be committed and still be noticed. */
const OVERLAP_MS = 30_000;

/** The latest scan of the event, then each new one, once. The rights are the same as for scanning. */
export async function watchScans(ctx: Context, eventId: string) {
  await getScannableEvent(ctx, eventId);
  // Reads by time with an overlap, not by `id > last`: scans may commit in another order than they began.
  let seen: Map<string, Scan> | null = null;
  let since = new Date(Date.now() - OVERLAP_MS);
  return ctx.live.watch([`scans.${eventId}`], async () => {
    const started = Date.now();
    const em = fork(ctx.em);
    const lately = sql`event_id = ${eventId} and scanned_at > ${since.toISOString()}`;
    const latest = sql`select * from scans where event_id = ${eventId} order by scanned_at desc limit 1`;
    const recent = seen
      ? await selectEntities(em, Scan, sql`where ${lately} order by scanned_at, id`)
      : await queryEntities(
          em,
          Scan,
          sql`(select * from scans where ${lately}) union (${latest}) order by scanned_at, id`,
        );
    const fresh = seen ? recent.filter(scan => !seen!.has(scan.id)) : recent.slice(-1);
    seen = new Map(recent.map(scan => [scan.id, scan]));
    since = new Date(started - OVERLAP_MS);
    return fresh.map(ticketScanned => ({ ticketScanned }));
  });
}
