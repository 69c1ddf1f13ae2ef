/** The HTTP shim of webhooks: kept as they came, answered at once, handled afterwards (webhook-events.ts). */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { inTransaction, query, sql } from '#shared/data/database.ts';
import { answerJson, PayloadTooLarge, readBody } from '#shared/kernel/http.ts';
import { emit } from '#shared/messaging/outbox.ts';
import type { PaymentsContext } from '../services.ts';

const LARGEST_BODY = 1_000_000;

/** `POST /webhooks/stripe`: 400 and nothing stored unless Stripe signed these very bytes a moment ago (A1–A3). */
export async function receiveStripeWebhook(
  ctx: PaymentsContext,
  req: IncomingMessage,
  res: ServerResponse,
): Promise<void> {
  let body: Buffer;
  try {
    body = await readBody(req, LARGEST_BODY);
  } catch (error) {
    if (!(error instanceof PayloadTooLarge)) throw error;
    return answerJson(res, 413, { error: 'The body is too large.' });
  }
  const event = ctx.services.provider.readWebhook(
    body,
    req.headers['stripe-signature'] as string | undefined,
  );
  if (typeof event?.id !== 'string' || typeof event.type !== 'string')
    return answerJson(res, 400, { error: 'The signature is not valid.' });
  await inTransaction(ctx.em, async em => {
    const stored = await query(
      em,
      sql`insert into webhooks (id, type, payload) values (${event.id}, ${event.type}, ${body.toString()}::jsonb)
        on conflict do nothing returning id`,
    );
    // A4: whoever comes second finds it stored, and only the first tells of it.
    if (stored.length > 0) await emit(em, 'stripe.webhook.received', { webhookId: event.id });
  });
  answerJson(res, 200, { received: true });
}

/** `POST /webhooks/paypal`, until PayPal is offered. */
export async function receivePaypalWebhook(
  _ctx: PaymentsContext,
  _req: IncomingMessage,
  res: ServerResponse,
): Promise<void> {
  answerJson(res, 404, { error: 'Payments through PayPal are not offered yet.' });
}
