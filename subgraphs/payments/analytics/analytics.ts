/** Figures for administrators, from the read model that facts.ts writes: no payment waits for them. */
import { requireRole } from '#shared/context.ts';
import { query, sql } from '#shared/data/database.ts';
import { badInput } from '#shared/kernel/errors.ts';
import type { ProviderName } from '../collect/payment.entity.ts';
import type { PaymentsContext } from '../services.ts';

const LONGEST_PERIOD_MS = 366 * 24 * 3_600_000;

interface CurrencyRow {
  currency: string;
  captured: number;
  refunded: number;
  payments: number;
  succeeded: number;
  failed: number;
}

/** Figures of the payments created from `from` until just before `to`. Rights: administrator. */
export async function analyze(ctx: PaymentsContext, from: Date, to: Date) {
  requireRole(ctx, 'ADMIN');
  if (!(from < to)) throw badInput('from: must be before to.');
  if (to.getTime() - from.getTime() > LONGEST_PERIOD_MS) throw badInput('to: at most 366 days after from.');
  const period = (column: string) =>
    sql`${sql.ref(column)} >= ${from.toISOString()}::timestamptz and ${sql.ref(column)} < ${to.toISOString()}::timestamptz`;
  const currencies = await query(
    ctx.em,
    sql<CurrencyRow>`select currency, sum(captured_amount)::float8 as captured,
        sum(refunded_amount)::float8 as refunded, count(*)::int as payments,
        (count(*) filter (where succeeded))::int as succeeded,
        (count(*) filter (where failed and not succeeded))::int as failed
      from payment_facts where ${period('created_at')} group by currency order by currency`,
  );
  const byProvider = await query(
    ctx.em,
    sql<{ provider: ProviderName; succeeded: number; failed: number }>`select provider,
        (count(*) filter (where succeeded))::int as succeeded,
        (count(*) filter (where failed and not succeeded))::int as failed
      from payment_facts where ${period('created_at')} group by provider order by provider`,
  );
  const [webhooks] = await query(
    ctx.em,
    sql<{ count: number }>`select count(*)::int as count from webhook_facts where ${period('processed_at')}`,
  );
  const byCurrency = currencies.map(({ currency, captured, refunded, ...counts }) => ({
    ...counts,
    captured: { amount: captured, currency },
    refunded: { amount: refunded, currency },
    successRate:
      counts.succeeded + counts.failed > 0 ? counts.succeeded / (counts.succeeded + counts.failed) : null,
  }));
  return { from, to, byCurrency, byProvider, webhooksProcessed: webhooks!.count };
}
