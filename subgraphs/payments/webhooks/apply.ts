/**
 * What webhooks tell. A webhook is a hint: whether it is news is seen from what we know, and what is true is asked of
 * the provider; so order, repeats and delay do not matter (F8).
 */

import type { MessageData } from '#schema/messages/index.ts';
import { type EntityManager, inTransaction, isId, query, sql } from '#shared/data/database.ts';
import { enqueue } from '#shared/messaging/jobs.ts';
import { emit } from '#shared/messaging/outbox.ts';
import { CheckoutSession } from '../checkout/checkout-session.entity.ts';
import { finishCheckout } from '../checkout/checkout-sessions.ts';
import { applyPayment } from '../collect/apply-payment.ts';
import { Payment } from '../collect/payment.entity.ts';
import { applyWebhookJob } from '../jobs.ts';
import { hasFailed, intentKey } from '../provider/keys.ts';
import { ProviderRefusal } from '../provider/provider.ts';
import { refundStatus } from '../provider/stripe-answers.ts';
import { Refund } from '../refund/refund.entity.ts';
import { syncRefunds } from '../refund/refund-ledger.ts';
import type { PaymentsContext } from '../services.ts';

/** The parts of an event's object that say what it is about; nothing else of it is believed. */
interface Subject {
  id: string;
  payment_intent?: string | { id: string } | null;
  metadata?: { paymentId?: string; checkoutId?: string } | null;
  /** Of a refund. */
  status?: string;
  /** Of a charge. */
  amount_refunded?: number;
}

interface Webhook {
  id: string;
  about: 'payment' | 'refund' | 'checkout' | 'nothing of ours';
  type: string;
  subject: Subject;
}

/** `unchanged`: it told nothing new. `ignored`: it is not about anything of ours. */
type Outcome = 'applied' | 'unchanged' | 'ignored';

/** `stripe.webhook.received`: what is no news ends here, for the rest a job asks the provider. */
export async function sortWebhook(
  { em }: PaymentsContext,
  { webhookId }: MessageData<'stripe.webhook.received'>,
): Promise<void> {
  const webhook = await findUnhandled(em, webhookId);
  if (!webhook) return;
  const outcome = await judge(em, webhook);
  if (outcome) await finish(em, webhook, outcome);
  else await enqueue(em, applyWebhookJob, { webhookId });
}

/** Asks the provider about what a webhook is about, and applies the answer. The second time finds it done. */
export async function applyWebhook(ctx: PaymentsContext, webhookId: string): Promise<void> {
  const em = ctx.em.fork() as EntityManager;
  const webhook = await findUnhandled(em, webhookId);
  if (!webhook) return;
  const outcome = (await judge(em, webhook)) ?? (await follow(ctx, webhook));
  await inTransaction(em, em => finish(em, webhook, outcome));
}

async function findUnhandled(em: EntityManager, id: string): Promise<Webhook | null> {
  const [row] = await query(
    em,
    sql<{ type: string; subject: Subject | null }>`select type, payload -> 'data' -> 'object' as subject
      from webhooks where id = ${id} and handled_at is null`,
  );
  if (!row) return null;
  const subject = row.subject ?? { id: '' };
  return { id, type: row.type, subject, about: subject.id ? topicOf(row.type) : 'nothing of ours' };
}

function topicOf(type: string): Webhook['about'] {
  if (type.startsWith('payment_intent.')) return 'payment';
  if (type.startsWith('refund.') || type.startsWith('charge.refund')) return 'refund';
  if (type === 'checkout.session.completed' || type === 'checkout.session.expired') return 'checkout';
  return 'nothing of ours';
}

async function finish(em: EntityManager, { id, type }: Webhook, outcome: Outcome): Promise<void> {
  const marked = await query(
    em,
    sql`update webhooks set outcome = ${outcome}, handled_at = clock_timestamp()
      where id = ${id} and handled_at is null returning id`,
  );
  if (marked.length > 0) await emit(em, 'webhook.processed', { webhookId: id, type, outcome });
}

/** What can be said without asking; null when the provider has to be asked. */
async function judge(em: EntityManager, { about, subject, type }: Webhook): Promise<Outcome | null> {
  if (about === 'nothing of ours') return 'ignored';
  if (about === 'checkout') {
    const checkout = await findCheckout(em, subject);
    if (!checkout) return 'ignored';
    return checkout.isOpen ? null : 'unchanged';
  }
  if (type === 'payment_intent.created') {
    // A payment that was just made is attended to by the job that made it, unless that was answered with an error.
    const id = paymentIdOf(subject);
    if (!id || !(await hasFailed(em, intentKey(id)))) return 'ignored';
  }
  const payment = await findPayment(em, subject);
  if (about === 'refund') return payment && (await isInLedger(em, payment, subject)) ? 'unchanged' : null;
  if (!payment) return paymentIdOf(subject) ? null : 'ignored';
  // A7: nothing follows a success.
  const over = payment.status === 'SUCCEEDED' && payment.providerReference === subject.id;
  return over ? 'unchanged' : null;
}

/** Most often we are told of our own refund, several times over. */
async function isInLedger(em: EntityManager, { id: paymentId }: Payment, subject: Subject): Promise<boolean> {
  const refunds = await em.find(Refund, { paymentId, providerReference: { $ne: null } }, { refresh: true });
  if (subject.amount_refunded !== undefined) {
    const counted = refunds.filter(({ status }) => status !== 'FAILED');
    return subject.amount_refunded === counted.reduce((sum, { amount }) => sum + amount, 0);
  }
  const known = refunds.find(({ providerReference }) => providerReference === subject.id);
  return known !== undefined && !known.mayBecome(refundStatus(subject.status));
}

async function follow(ctx: PaymentsContext, { about, subject }: Webhook): Promise<Outcome> {
  try {
    if (about === 'checkout') return await followCheckout(ctx, subject);
    return about === 'refund' ? await followRefund(ctx, subject) : await followPayment(ctx, subject);
  } catch (error) {
    // The provider knows no such thing.
    if (error instanceof ProviderRefusal) return 'ignored';
    throw error;
  }
}

async function followPayment(ctx: PaymentsContext, subject: Subject): Promise<Outcome> {
  const payment = await requirePayment(ctx, subject);
  if (!payment) return 'ignored';
  const { changed } = await applyPayment(ctx, payment.id, () => ctx.services.provider.retrieve(subject.id));
  return changed ? 'applied' : 'unchanged';
}

async function followRefund(ctx: PaymentsContext, subject: Subject): Promise<Outcome> {
  const reference = referenceOf(subject);
  if (!reference) return 'ignored';
  const retrieve = () => ctx.services.provider.retrieve(reference);
  let payment = await requirePayment(ctx, subject);
  if (!payment) {
    const { paymentId } = await retrieve();
    payment = paymentId ? await requirePayment(ctx, { ...subject, metadata: { paymentId } }) : null;
  }
  if (!payment) return 'ignored';
  // News of a refund may overtake news of its payment.
  if (payment.status !== 'SUCCEEDED') await applyPayment(ctx, payment.id, retrieve);
  return (await syncRefunds(ctx, payment.id)) ? 'applied' : 'unchanged';
}

async function followCheckout(ctx: PaymentsContext, subject: Subject): Promise<Outcome> {
  const checkout = await findCheckout(ctx.em.fork() as EntityManager, subject);
  if (!checkout) return 'ignored';
  const told = await ctx.services.provider.retrieveCheckout(subject.id);
  if (told.status === 'OPEN') return 'unchanged';
  await finishCheckout(ctx, checkout, told);
  return 'applied';
}

/** Our payment's id, when the provider's object was made by us. */
function paymentIdOf({ metadata }: Subject): string | null {
  const id = metadata?.paymentId;
  return id && isId(id) ? id : null;
}

const referenceOf = ({ id, payment_intent }: Subject) =>
  id.startsWith('pi_') ? id : typeof payment_intent === 'string' ? payment_intent : payment_intent?.id;

async function findPayment(em: EntityManager, subject: Subject): Promise<Payment | null> {
  const id = paymentIdOf(subject);
  const reference = referenceOf(subject);
  if (!id && !reference) return null;
  return em.findOne(Payment, id ? { id } : { providerReference: reference! }, { refresh: true });
}

/** A6: what bears our id may not be written here yet. Then the job tries again, for some minutes. */
async function requirePayment(ctx: PaymentsContext, subject: Subject): Promise<Payment | null> {
  const payment = await findPayment(ctx.em.fork() as EntityManager, subject);
  const id = paymentIdOf(subject);
  if (id && !payment) throw new Error(`Payment ${id} is not here (yet).`);
  return payment;
}

async function findCheckout(em: EntityManager, { metadata }: Subject): Promise<CheckoutSession | null> {
  const id = metadata?.checkoutId;
  return id && isId(id) ? em.findOne(CheckoutSession, { id }, { refresh: true }) : null;
}
