import { type Context, requireRole } from '#shared/context.ts';
import { query, sql } from '#shared/data/database.ts';
import { badInput } from '#shared/kernel/errors.ts';
import type { NotificationStatus } from './notification.entity.ts';

const LONGEST_PERIOD_MS = 366 * 86_400_000;

interface Figures {
  total: number;
  by_status: { status: NotificationStatus; count: number }[];
  by_template: { template: string; count: number }[];
  median: number | null;
}

/**
 * Figures over the notifications created in a period, its end excluded. Rights: staff or administrator.
 * @throws BAD_USER_INPUT when the period is empty or longer than 366 days.
 */
export async function readStatistics(ctx: Context, { from, to }: { from: Date; to: Date }) {
  requireRole(ctx, 'STAFF');
  const length = to.getTime() - from.getTime();
  if (length <= 0) throw badInput('to: must be later than from.');
  if (length > LONGEST_PERIOD_MS) throw badInput('The period is longer than 366 days.');
  const [figures] = await query(
    ctx.em,
    sql<Figures>`with chosen as (
        select status, template, extract(epoch from sent_at - coalesce(scheduled_at, created_at)) as seconds
        from notifications where created_at >= ${from} and created_at < ${to}
      )
      select (select count(*)::int from chosen) as total,
        (select coalesce(json_agg(s), '[]') from
          (select status, count(*)::int as count from chosen group by status order by 2 desc, 1) as s) as by_status,
        (select coalesce(json_agg(t), '[]') from
          (select template, count(*)::int as count from chosen group by template order by 2 desc, 1) as t) as by_template,
        (select percentile_cont(0.5) within group (order by seconds)::float8 from chosen) as median`,
  );
  const { total, by_status: byStatus, by_template: byTemplate, median } = figures!;
  return { from, to, total, byStatus, byTemplate, medianSecondsToSend: median };
}
