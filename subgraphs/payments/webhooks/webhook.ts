/** Stored webhooks: kept as they came, with what they are about in our words, until they are closed with an outcome. */
import { type EntityManager, query, sql } from '#shared/data/database.ts';
import { emit } from '#shared/messaging/outbox.ts';
import { recordWebhookFact } from '../analytics/facts.ts';
import type { ProviderName } from '../collect/payment.entity.ts';
import type { ProviderWebhook, WebhookNews } from '../provider/provider.ts';

/** `unchanged`: it told nothing new. `ignored`: it is about nothing of ours. */
export type Outcome = 'applied' | 'unchanged' | 'ignored';

export interface Webhook {
  id: string;
  provider: ProviderName;
  type: string;
  news: WebhookNews;
}

/** The webhook, stored with the body that it came in; null when it was stored before (A4). */
export async function storeWebhook(
  em: EntityManager,
  provider: ProviderName,
  { id, type, ...news }: ProviderWebhook,
  body: string,
): Promise<Webhook | null> {
  const stored = await query(
    em,
    sql`insert into webhooks (id, provider, type, about, news, payload)
      values (${id}, ${provider}, ${type}, ${news.about}, ${JSON.stringify(news)}::jsonb, ${body}::jsonb)
      on conflict do nothing returning id`,
  );
  return stored.length > 0 ? { id, provider, type, news } : null;
}

/** A webhook that has no outcome yet. */
export async function findOpenWebhook(em: EntityManager, id: string): Promise<Webhook | null> {
  const [row] = await query(
    em,
    sql<Webhook>`select id, provider, type, news from webhooks where id = ${id} and handled_at is null`,
  );
  return row ?? null;
}

/** Closes a webhook and counts it, in the caller's transaction; one that was closed meanwhile stays as it is. */
export async function closeWebhook(
  em: EntityManager,
  { id: webhookId, type }: Webhook,
  outcome: Outcome,
): Promise<void> {
  const closed = await query(
    em,
    sql`update webhooks set outcome = ${outcome}, handled_at = clock_timestamp()
      where id = ${webhookId} and handled_at is null returning id`,
  );
  if (closed.length === 0) return;
  await recordWebhookFact(em, { webhookId, type, outcome });
  await emit(em, 'webhook.processed', { webhookId, type, outcome });
}
