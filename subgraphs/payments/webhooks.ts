/**
 * Webhooks: kept as they came, answered at once, handled afterwards. A webhook is a hint: what is true is asked of
 * the provider, so that order, repeats and delay do not matter (F8).
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type EntityManager, inTransaction, isId, query, sql } from '#shared/database.ts';
import { answerJson, PayloadTooLarge, readBody } from '#shared/http.ts';
import { emit } from '#shared/outbox.ts';
import { applyPayment } from './apply-payment.ts';
import { CheckoutSession } from './checkout-session.entity.ts';
import { finishCheckout } from './checkout-sessions.ts';
import { Payment } from './payment.entity.ts';
import { ProviderRefusal } from './provider.ts';
import { syncRefunds } from './refund-ledger.ts';
import type { PaymentsContext } from './services.ts';

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

/** The parts of an event's object that say what it is about; nothing else of it is believed. */
interface Subject {
  id: string;
  payment_intent?: string | { id: string } | null;
  metadata?: { paymentId?: string; checkoutId?: string } | null;
}

/** `unchanged`: it told nothing new. `ignored`: it is not about anything of ours. */
type WebhookOutcome = 'applied' | 'unchanged' | 'ignored';

/** Handles a stored webhook, once or more often: the second time finds it done. */
export async function applyWebhook(ctx: PaymentsContext, webhookId: string): Promise<void> {
  const [webhook] = await query(
    ctx.em,
    sql<{ type: string; subject: Subject }>`
      select type, payload -> 'data' -> 'object' as subject from webhooks
      where id = ${webhookId} and handled_at is null`,
  );
  if (!webhook) return;
  const { type, subject } = webhook;
  const outcome = await handle(ctx, type, subject).catch(error => {
    // The provider knows no such thing.
    if (error instanceof ProviderRefusal) return 'ignored' as const;
    throw error;
  });
  await inTransaction(ctx.em, async em => {
    const marked = await query(
      em,
      sql`update webhooks set outcome = ${outcome}, handled_at = clock_timestamp()
        where id = ${webhookId} and handled_at is null returning id`,
    );
    if (marked.length > 0) await emit(em, 'webhook.processed', { webhookId, type, outcome });
  });
}

function handle(ctx: PaymentsContext, type: string, subject: Subject): Promise<WebhookOutcome> {
  // Its own job attends to a payment that was just made.
  if (type.startsWith('payment_intent.') && type !== 'payment_intent.created')
    return followPayment(ctx, subject.id, subject);
  if (type.startsWith('refund.') || type === 'charge.refunded' || type === 'charge.refund.updated')
    return followRefunds(ctx, subject);
  if (type === 'checkout.session.completed' || type === 'checkout.session.expired')
    return followCheckout(ctx, subject);
  return Promise.resolve('ignored');
}

/** Our payment that a provider's reference belongs to. A6: it may not be here yet; then the job tries again. */
async function findPayment(em: EntityManager, reference: string, paymentId: string | null | undefined) {
  const ours = paymentId && isId(paymentId) ? paymentId : null;
  const payment = await em.findOne(Payment, ours ? { id: ours } : { providerReference: reference });
  if (ours && !payment) throw new Error(`Payment ${ours} of ${reference} is not here (yet).`);
  return payment;
}

async function followPayment(
  ctx: PaymentsContext,
  reference: string,
  { metadata }: Subject,
): Promise<WebhookOutcome> {
  const payment = await findPayment(ctx.em.fork() as EntityManager, reference, metadata?.paymentId);
  if (!payment) return 'ignored';
  // A7: nothing follows a success.
  if (payment.status === 'SUCCEEDED' && payment.providerReference === reference) return 'unchanged';
  const { changed } = await applyPayment(ctx, payment.id, () => ctx.services.provider.retrieve(reference));
  return changed ? 'applied' : 'unchanged';
}

async function followRefunds(
  ctx: PaymentsContext,
  { payment_intent, metadata }: Subject,
): Promise<WebhookOutcome> {
  const reference = typeof payment_intent === 'string' ? payment_intent : payment_intent?.id;
  if (!reference) return 'ignored';
  const em = ctx.em.fork() as EntityManager;
  const retrieve = () => ctx.services.provider.retrieve(reference);
  const payment =
    (await findPayment(em, reference, metadata?.paymentId)) ??
    (await findPayment(em, reference, (await retrieve()).paymentId));
  if (!payment) return 'ignored';
  // News of a refund may overtake news of its payment.
  if (payment.status !== 'SUCCEEDED') await applyPayment(ctx, payment.id, retrieve);
  return (await syncRefunds(ctx, payment.id)) ? 'applied' : 'unchanged';
}

async function followCheckout(ctx: PaymentsContext, { id, metadata }: Subject): Promise<WebhookOutcome> {
  const checkoutId = metadata?.checkoutId;
  if (!checkoutId || !isId(checkoutId)) return 'ignored';
  const checkout = await ctx.em.fork().findOne(CheckoutSession, { id: checkoutId });
  if (!checkout?.isOpen) return checkout ? 'unchanged' : 'ignored';
  const told = await ctx.services.provider.retrieveCheckout(id);
  if (told.status === 'OPEN') return 'unchanged';
  await finishCheckout(ctx, checkout, told);
  return 'applied';
}
