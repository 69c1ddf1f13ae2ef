/** What can be said of a webhook without asking the provider, and whom of ours it is about. */
import type { EntityManager } from '#shared/data/database.ts';
import { CheckoutSession } from '../checkout/checkout-session.entity.ts';
import { Payment } from '../collect/payment.entity.ts';
import { hasFailed, intentKey } from '../provider/idempotency-keys.ts';
import type { WebhookNews } from '../provider/provider.ts';
import { Refund } from '../refund/refund.entity.ts';
import type { Outcome, Webhook } from './webhook.ts';

/** The outcome of a webhook that tells nothing new, or nothing of ours; null when the provider has to be asked. */
export async function judgeWebhook(
  em: EntityManager,
  { provider, news }: Pick<Webhook, 'provider' | 'news'>,
): Promise<Outcome | null> {
  const { about, paymentId } = news;
  if (about === 'other') return 'ignored';
  if (about === 'checkout') {
    const checkout = await findCheckout(em, news);
    if (!checkout) return 'ignored';
    return checkout.isOpen ? null : 'unchanged';
  }
  // A payment that was just made is attended to by the job that made it, unless that was answered with an error.
  if (news.isCreation && !(paymentId && (await hasFailed(em, intentKey(paymentId))))) return 'ignored';
  const payment = await findPayment(em, { provider, news });
  if (about === 'refund') return payment && (await isInLedger(em, payment, news)) ? 'unchanged' : null;
  if (!payment) return paymentId ? null : 'ignored';
  // A7: nothing follows a success.
  const over = payment.status === 'SUCCEEDED' && payment.providerReference === news.paymentReference;
  return over ? 'unchanged' : null;
}

/** Most often we are told of our own refund, several times over. */
async function isInLedger(
  em: EntityManager,
  { id: paymentId }: Payment,
  news: WebhookNews,
): Promise<boolean> {
  const { reference, refundStatus, refundedAmount } = news;
  const refunds = await em.find(Refund, { paymentId, providerReference: { $ne: null } }, { refresh: true });
  if (refundedAmount !== null) {
    const counted = refunds.filter(({ status }) => status !== 'FAILED');
    return refundedAmount === counted.reduce((sum, { amount }) => sum + amount, 0);
  }
  const known = refunds.find(({ providerReference }) => providerReference === reference);
  return known !== undefined && refundStatus !== null && known.whyNotTo(refundStatus) !== null;
}

/** The payment that bears our id in what the provider knows of it, or the one that has its reference. */
export async function findPayment(
  em: EntityManager,
  { provider, news: { paymentId: id, paymentReference } }: Pick<Webhook, 'provider' | 'news'>,
): Promise<Payment | null> {
  if (id) return em.findOne(Payment, { id, provider }, { refresh: true });
  if (!paymentReference) return null;
  return em.findOne(Payment, { providerReference: paymentReference, provider }, { refresh: true });
}

export async function findCheckout(
  em: EntityManager,
  { checkoutId: id }: WebhookNews,
): Promise<CheckoutSession | null> {
  return id ? em.findOne(CheckoutSession, { id }, { refresh: true }) : null;
}
