/**
 * What is known of the money of each order, one row per order in `settlements`, also while there is no invoice.
 *
 * Facts are only ever added, so it does not matter in which order, or how often, they are told. Adding one locks the
 * row until the transaction ends, and answers with all facts there are: whoever acts on them acts alone.
 */
import { type EntityManager, query, sql } from '#shared/data/database.ts';

/** What is known of one captured payment. */
export interface PaymentFacts {
  amount: number;
  currency: string;
  /** ISO 8601. */
  capturedAt: string;
  /** True for payInvoice: it pays this invoice and nothing else. */
  forInvoice: boolean;
  /** By refund id. */
  refunds: Record<string, { amount: number; reason: string | null }>;
}

export interface Settlement {
  /** Milliseconds; when the order was paid, as orders says. */
  paidAt: number | null;
  /** The payment that paid the order; refunds of any other are not the invoice's. Null while orders has not said. */
  paymentId: string | null;
  /** By payment id. */
  payments: Record<string, PaymentFacts>;
}

const everything = sql`(extract(epoch from paid_at) * 1000)::float8 as "paidAt", payment_id as "paymentId", payments`;

/** Adds what an order's status tells; without any fact, it is the lock alone that is taken. */
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

/** Adds what is told of a captured payment: it joins what is known, and so do its refunds. */
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
