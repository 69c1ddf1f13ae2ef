/** Writes the read model behind the figures, in the transaction of what it counts. */
import type { MessageData } from '#schema/messages/index.ts';
import { type EntityManager, query, sql } from '#shared/data/database.ts';

export type PaymentFact = MessageData<'payment.analytics'>;

/** Adds a fact to a payment's row. Facts may come in any order, and more than once. */
export async function recordPaymentFact(
  em: EntityManager,
  { paymentId, kind, provider, amount: { amount, currency }, at }: PaymentFact,
): Promise<void> {
  const { columns, values, changes } = {
    created: {
      columns: sql`created_at`,
      values: sql`${at}::timestamptz`,
      // A payment's own currency stays, also when another was captured (A9).
      changes: sql`created_at = excluded.created_at, currency = excluded.currency`,
    },
    succeeded: {
      columns: sql`succeeded, captured_amount`,
      values: sql`true, ${amount}::bigint`,
      changes: sql`succeeded = true, captured_amount = excluded.captured_amount`,
    },
    failed: {
      columns: sql`failed`,
      values: sql`true`,
      changes: sql`failed = true`,
    },
    refunded: {
      columns: sql`refunded_at, refunded_amount`,
      values: sql`${at}::timestamptz, ${amount}::bigint`,
      changes: sql`refunded_at = greatest(f.refunded_at, excluded.refunded_at), refunded_amount =
        case when f.refunded_at > excluded.refunded_at then f.refunded_amount else excluded.refunded_amount end`,
    },
  }[kind];
  await query(
    em,
    sql`insert into payment_facts as f (payment_id, provider, currency, ${columns})
      values (${paymentId}, ${provider}, ${currency}, ${values})
      on conflict (payment_id) do update set ${changes}`,
  );
}

/** Counts a webhook that was handled; a repeat changes nothing. */
export async function recordWebhookFact(
  em: EntityManager,
  { webhookId, type, outcome }: MessageData<'webhook.processed'>,
): Promise<void> {
  await query(
    em,
    sql`insert into webhook_facts (webhook_id, type, outcome) values (${webhookId}, ${type}, ${outcome})
      on conflict do nothing`,
  );
}
