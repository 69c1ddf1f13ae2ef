import { requireViewer } from '#shared/context.ts';
import { type EntityManager, sql } from '#shared/data/database.ts';
import { fork, selectEntities } from '#shared/data/entities.ts';
import type { NotificationsContext } from '../services.ts';
import { Notification, type NotificationStatus } from './notification.entity.ts';

/** A transaction that began before our last look may commit after it, so each look goes back by this much. */
const OVERLAP_MS = 60_000;

/**
 * The viewer's latest notification, then every new one and every change of status, in the order in which they happened.
 * Changes of one notification that follow each other closely may come as one, with the newest status; no notification
 * is lost.
 * @throws UNAUTHENTICATED
 */
export function watchReceived(
  ctx: NotificationsContext,
): AsyncIterableIterator<{ notificationReceived: Notification }> {
  const { id: userId } = requireViewer(ctx);
  const told = new Map<string, { status: NotificationStatus; at: number }>();
  let latest: Date | null = null;

  return ctx.live.watch([`notifications.${userId}`], async () => {
    const isFirst = latest === null;
    const changed = await readChanged(fork(ctx.em), userId, latest);
    const news = changed.filter(({ id, status }) => told.get(id)?.status !== status);
    latest = changed.at(-1)?.changedAt ?? latest ?? new Date(0);
    for (const { id, status, changedAt } of changed) told.set(id, { status, at: changedAt.getTime() });
    // Notifications older than the overlap are not read again.
    for (const [id, { at }] of told) if (at < latest.getTime() - 2 * OVERLAP_MS) told.delete(id);
    return (isFirst ? news.slice(-1) : news).map(notificationReceived => ({ notificationReceived }));
  });
}

/**
 * The notifications changed since a time (null: since the newest change), and within the overlap before it; oldest
 * first.
 */
function readChanged(em: EntityManager, userId: string, since: Date | null): Promise<Notification[]> {
  const start = since ?? sql`(select max(changed_at) from notifications where user_id = ${userId})`;
  return selectEntities(
    em,
    Notification,
    sql`where user_id = ${userId} and changed_at > ${start}::timestamptz - ${`${OVERLAP_MS} ms`}::interval
      order by changed_at, id`,
  );
}
