/**
 * The facts about the payment of each order: one row per order in `settlements`, even while there is no invoice.
 *
 * Facts are only ever added, so they can arrive in any order and repeatedly. Adding a fact locks the row until the
 * transaction ends and returns all facts: only one transaction at a time acts on them.
 */
import { type EntityManager, query, sql } from '#shared/data/database.ts';

/** The facts about one captured payment. */
export interface PaymentFacts {
  amount: number;
  currency: string;
  /** A time in ISO 8601. */
  capturedAt: string;
  /** True for a payment made by payInvoice: it pays this invoice and nothing else. */
  forInvoice: boolean;
  /** Keyed by refund id. */
  refunds: Record<string, { amount: number; reason: string | null }>;
}

export interface Settlement {
  /** The time when the order was paid, according to orders, in milliseconds since 1970. */
  paidAt: number | null;
  /** The payment that paid the order; refunds of other payments give no credit note. Null until orders names it. */
  paymentId: string | null;
  /** Keyed by payment id. */
  payments: Record<string, PaymentFacts>;
}

const everything = sql`(extract(epoch from paid_at) * 1000)::float8 as "paidAt", payment_id as "paymentId", payments`;

/** Adds the facts that an order's status gives. Without any fact, it only takes the lock. */
export async function addOrderFacts(
  em: EntityManager,
  orderId: string,
  { paidAt = null, paymentId = null }: { paidAt?: string | null; paymentId?: string | null } = {},
): Promise<Settlement> {
  const [settlement] = await query(
    em,
    sql<Settlement>`insert into settlements as s (order_id, paid_at, payment_id)
      values (${orderId}, ${paidAt}::timestamptz, ${paymentId}::uuid)
      on conflict (order_id) do update set
        paid_at = least(s.paid_at, excluded.paid_at),
        payment_id = coalesce(excluded.payment_id, s.payment_id)
      returning ${everything}`,
  );
  return settlement!;
}

/** Adds the facts about a captured payment. They are merged with the known facts, and so are its refunds. */
export async function addPaymentFacts(
  em: EntityManager,
  orderId: string,
  paymentId: string,
  facts: PaymentFacts,
): Promise<Settlement> {
  const path = sql`array[${paymentId}::text]`;
  const known = sql`s.payments -> ${paymentId}`;
  const told = sql`${JSON.stringify(facts)}::jsonb`;
  const [settlement] = await query(
    em,
    sql<Settlement>`insert into settlements as s (order_id, payments)
      values (${orderId}, jsonb_build_object(${paymentId}::text, ${told}))
      on conflict (order_id) do update set payments = jsonb_set(s.payments, ${path}, ${told} || jsonb_build_object(
        'capturedAt', least(${known} ->> 'capturedAt', ${facts.capturedAt}::text),
        'refunds', coalesce(${known} -> 'refunds', '{}') || ${JSON.stringify(facts.refunds)}::jsonb))
      returning ${everything}`,
  );
  return settlement!;
}
