/**
 * What a webhook changes. A webhook is a hint: whether it tells anything new is judged by what we know, and what is true
 * is asked of the provider; so order, repeats and delay do not matter (F8).
 */
import { inTransaction } from '#shared/data/database.ts';
import { fork } from '#shared/data/entities.ts';
import { finishCheckout } from '../checkout/checkout-sessions.ts';
import { applyPayment } from '../collect/apply-payment.ts';
import type { Payment } from '../collect/payment.entity.ts';
import { ProviderRefusal } from '../provider/provider-errors.ts';
import { syncRefunds } from '../refund/refund-ledger.ts';
import { type PaymentsContext, providerOf } from '../services.ts';
import { findCheckout, findPayment, judgeWebhook } from './judge.ts';
import { closeWebhook, findOpenWebhook, type Outcome, type Webhook } from './webhook.ts';

/** The job: asks the provider about what a webhook is about, applies the answer, and closes the webhook. */
export async function applyWebhook(ctx: PaymentsContext, webhookId: string): Promise<void> {
  const em = fork(ctx.em);
  const webhook = await findOpenWebhook(em, webhookId);
  if (!webhook) return;
  // The answer to our own call has most often been applied since the webhook came: then nothing has to be asked.
  const outcome = (await judgeWebhook(em, webhook)) ?? (await askAndApply(ctx, webhook));
  await inTransaction(em, em => closeWebhook(em, webhook, outcome));
}

async function askAndApply(ctx: PaymentsContext, webhook: Webhook): Promise<Outcome> {
  try {
    if (webhook.news.about === 'checkout') return await applyCheckout(ctx, webhook);
    if (webhook.news.about === 'refund') return await applyRefund(ctx, webhook);
    return await applyToPayment(ctx, webhook);
  } catch (error) {
    // The provider knows no such thing.
    if (error instanceof ProviderRefusal) return 'ignored';
    throw error;
  }
}

async function applyToPayment(ctx: PaymentsContext, webhook: Webhook): Promise<Outcome> {
  const payment = await requirePayment(ctx, webhook);
  const { paymentReference: reference } = webhook.news;
  if (!payment || !reference) return 'ignored';
  const { changed } = await applyPayment(ctx, payment.id, () => providerOf(ctx, webhook).retrieve(reference));
  return changed ? 'applied' : 'unchanged';
}

async function applyRefund(ctx: PaymentsContext, webhook: Webhook): Promise<Outcome> {
  const { paymentReference: reference } = webhook.news;
  if (!reference) return 'ignored';
  const retrieve = () => providerOf(ctx, webhook).retrieve(reference);
  let payment = await requirePayment(ctx, webhook);
  if (!payment) {
    const { paymentId } = await retrieve();
    if (!paymentId) return 'ignored';
    payment = await requirePayment(ctx, { ...webhook, news: { ...webhook.news, paymentId } });
  }
  if (!payment) return 'ignored';
  // News of a refund may overtake news of its payment.
  if (payment.status !== 'SUCCEEDED') await applyPayment(ctx, payment.id, retrieve);
  return (await syncRefunds(ctx, payment.id)) ? 'applied' : 'unchanged';
}

async function applyCheckout(ctx: PaymentsContext, webhook: Webhook): Promise<Outcome> {
  const { news } = webhook;
  const checkout = await findCheckout(fork(ctx.em), news);
  if (!checkout || !news.reference) return 'ignored';
  const told = await providerOf(ctx, webhook).retrieveCheckout(news.reference);
  if (told.status === 'OPEN') return 'unchanged';
  await finishCheckout(ctx, checkout, told);
  return 'applied';
}

/** A6: what bears our id may not be written here yet. Then the job tries again, for some minutes. */
async function requirePayment(ctx: PaymentsContext, webhook: Webhook): Promise<Payment | null> {
  const payment = await findPayment(fork(ctx.em), webhook);
  const { paymentId } = webhook.news;
  if (paymentId && !payment) throw new Error(`Payment ${paymentId} is not here (yet).`);
  return payment;
}
