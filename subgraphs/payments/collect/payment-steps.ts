/** The steps a payment can take. Each changes the locked row and tells of it in the same transaction. */
import { type EntityManager, query, sql } from '#shared/data/database.ts';
import { fork } from '#shared/data/entities.ts';
import { enqueue } from '#shared/messaging/jobs.ts';
import type { CheckoutSession } from '../checkout/checkout-session.entity.ts';
import { cancelIntentJob, cancelOrphanJob, createIntentJob, reconcilePaymentJob } from '../jobs.ts';
import type { ProviderPayment } from '../provider/provider.ts';
import type { PaymentsContext } from '../services.ts';
import type { Payment } from './payment.entity.ts';
import { announceAttempt, announceChange, announceFact, announceOutcome } from './payment-events.ts';

/** A bank debit takes days. Its webhook tells of the end; this is for the one that got lost. */
export const BANK_WAIT_MS = 3_600_000;

/** The money is there. Nothing comes after this but refunds. */
export async function capture(
  em: EntityManager,
  payment: Payment,
  seen: ProviderPayment,
  open: CheckoutSession | undefined,
): Promise<void> {
  const told = seen.captured;
  const amount = told.amount ?? payment.amount;
  const currency = told.currency ?? payment.currency;
  payment.moveTo('SUCCEEDED');
  payment.capturedAmount = amount;
  payment.capturedCurrency = currency;
  payment.lastCharge = seen.charge ?? null;
  payment.failureCode = null;
  payment.failureMessage = null;
  payment.nextActionUrl = null;
  payment.confirmingSince = null;
  // A9: the order decides; an administrator sees it here.
  if (amount !== payment.amount || currency !== payment.currency) {
    payment.flag = `captured ${amount} ${currency} instead of ${payment.amount} ${payment.currency}`;
  } else if (told.amount === null || told.currency === null) {
    payment.flag ??= 'captured, but the provider does not tell how much';
  }
  if (open && open.id === seen.checkoutId) open.moveTo('COMPLETE');
  else if (open) await enqueue(em, cancelIntentJob, { paymentId: payment.id });
  await announceChange(em, payment);
  await announceOutcome(em, payment, 'SUCCEEDED');
  await announceAttempt(em, payment);
  await announceFact(em, payment, 'succeeded');
}

/** A step on the way. True when it is a new one. */
export async function progress(
  em: EntityManager,
  payment: Payment,
  seen: ProviderPayment,
  { adopted, closed }: { adopted: boolean; closed: boolean },
): Promise<boolean> {
  const waiting = payment.status;
  const charge = seen.charge === undefined ? payment.lastCharge : seen.charge;
  const declined =
    seen.status === 'REQUIRES_PAYMENT_METHOD' &&
    seen.failure !== null &&
    (charge !== payment.lastCharge ||
      seen.failure.code !== payment.failureCode ||
      waiting === 'REQUIRES_ACTION');
  // While our own attempt is unanswered, that nothing has happened yet changes nothing.
  const unanswered =
    payment.confirmingSince !== null && waiting === 'PROCESSING' && seen.status === 'REQUIRES_PAYMENT_METHOD';
  const status = unanswered && !declined ? waiting : seen.status;
  const changed =
    adopted ||
    declined ||
    status !== waiting ||
    seen.nextActionUrl !== payment.nextActionUrl ||
    (seen.failure?.code ?? null) !== payment.failureCode;
  payment.lastCharge = charge;
  // The answer to its creation may have lacked it.
  const completed =
    !payment.clientSecret && seen.clientSecret !== null && seen.paymentId !== null && !seen.checkoutId;
  if (completed) payment.clientSecret = seen.clientSecret;
  if (!changed && !completed) return false;

  payment.moveTo(status);
  payment.nextActionUrl = seen.nextActionUrl;
  noteFailure(payment, seen);
  await announceChange(em, payment);
  if (declined) await announceRefusal(em, payment);
  else if (status === 'REQUIRES_ACTION' && status !== waiting) await announceAttempt(em, payment);
  if (status === 'PROCESSING') {
    const at = new Date(Date.now() + BANK_WAIT_MS);
    await enqueue(em, reconcilePaymentJob, { paymentId: payment.id }, { at });
  } else if (closed) {
    await enqueue(em, cancelIntentJob, { paymentId: payment.id });
  }
  return true;
}

/** Tells of an attempt that did not succeed; another may. */
export async function announceRefusal(em: EntityManager, payment: Payment): Promise<void> {
  await announceAttempt(em, payment);
  await announceFact(em, payment, 'failed');
}

/** Remembers why the last attempt was refused, for the buyer. */
export function noteFailure(payment: Payment, seen: ProviderPayment): void {
  payment.failureCode = seen.failure?.code ?? null;
  payment.failureMessage = seen.failure?.message ?? null;
}

/**
 * Gives up the provider's reference, which cannot capture any more, and keeps the payment. `replace`: a new one is
 * made, so that the buyer can go on.
 */
export async function retireReference(
  em: EntityManager,
  payment: Payment,
  { replace }: { replace: boolean },
): Promise<void> {
  payment.retiredReferences = [...payment.retiredReferences, payment.providerReference!];
  payment.providerReference = null;
  payment.clientSecret = null;
  payment.nextActionUrl = null;
  payment.moveTo('REQUIRES_PAYMENT_METHOD');
  await announceChange(em, payment);
  if (replace) await enqueue(em, createIntentJob, { paymentId: payment.id });
}

/** Gives up what turned up at the provider beside the locked payment, when it is an orphan (orphans.ts). */
export async function giveUpOrphan(
  em: EntityManager,
  payment: Payment,
  seen: ProviderPayment,
): Promise<void> {
  const { providerReference, retiredReferences } = payment;
  const another = providerReference ? providerReference !== seen.reference : !payment.isOpen;
  // What belongs to a checkout ends with its page.
  if (!another || seen.checkoutId || retiredReferences.includes(seen.reference)) return;
  if (seen.status === 'CANCELED' || seen.status === 'SUCCEEDED') return;
  await giveUpReference(em, payment, seen.reference);
}

/** Has a job cancel a reference that the locked payment does not go on with. */
export async function giveUpReference(em: EntityManager, payment: Payment, reference: string): Promise<void> {
  payment.retiredReferences = [...payment.retiredReferences, reference];
  await em.flush();
  await enqueue(em, cancelOrphanJob, { paymentId: payment.id, reference });
}

/** Leaves a note for an administrator, unless there is one. */
export async function flagPayment({ em }: PaymentsContext, id: string, flag: string): Promise<void> {
  await query(fork(em), sql`update payments set flag = coalesce(flag, ${flag}) where id = ${id}`);
}

/** Ends a payment without money. `reason` is for the order, when it has not ended by itself. */
export async function endPayment(
  em: EntityManager,
  payment: Payment,
  status: 'CANCELED' | 'FAILED',
  reason: string | null,
): Promise<void> {
  payment.moveTo(status);
  payment.nextActionUrl = null;
  payment.confirmingSince = null;
  await announceChange(em, payment);
  if (status === 'FAILED') await announceFact(em, payment, 'failed');
  if (reason) await announceOutcome(em, payment, 'FAILED', reason);
}
