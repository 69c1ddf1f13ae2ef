/**
 * Attempts to collect: a buyer's payment method, and what the provider says to it. One at a time; an attempt is saved
 * before the provider is asked, and asked for again until its outcome is known.
 */
import { type EntityManager, inTransaction } from '#shared/data/database.ts';
import { fork } from '#shared/data/entities.ts';
import { enqueue } from '#shared/messaging/jobs.ts';
import { findOpenCheckout, leaveCheckout } from '../checkout/checkout-sessions.ts';
import { applyPayment } from '../collect/apply-payment.ts';
import { createIntent } from '../collect/create-intent.ts';
import { markOf, type Payment } from '../collect/payment.entity.ts';
import { announceChange } from '../collect/payment-events.ts';
import { lockPayment } from '../collect/payment-locks.ts';
import { reconcilePaymentJob } from '../jobs.ts';
import { carryOutOnce } from '../provider/idempotency-keys.ts';
import type { PaymentAttempt, ProviderPayment } from '../provider/provider.ts';
import { ProviderRefusal, ProviderUnavailable } from '../provider/provider-errors.ts';
import { type PaymentsContext, providerOf } from '../services.ts';

/** For the process that dies between asking and writing down the answer. */
const SAFETY_NET_MS = 15_000;
const SHORTEST_WAIT_MS = 2_000;
const LONGEST_WAIT_MS = 60_000;

/** What an attempt came to: the payment, and why there was none. */
interface Outcome {
  payment: Payment;
  refusal: string | null;
}

/** Saves an attempt on the locked payment, with the job that asks again should this process die. */
export async function reserveAttempt(
  { services }: PaymentsContext,
  em: EntityManager,
  payment: Payment,
  { paymentMethodId, returnUrl }: { paymentMethodId: string; returnUrl?: string | null | undefined },
): Promise<void> {
  const now = Date.now();
  payment.attempts += 1;
  payment.attemptBaseline = payment.mark;
  payment.confirmingSince = new Date(now);
  payment.confirmingMethod = paymentMethodId;
  payment.returnUrl = returnUrl ?? services.settings.PAYMENT_RETURN_URL;
  await em.flush();
  const at = new Date(now + SAFETY_NET_MS);
  await enqueue(em, reconcilePaymentJob, { paymentId: payment.id }, { at });
}

/** Carries out the saved attempt while its buyer waits; when the answer is lost, the payment says PROCESSING. */
export async function attemptNow(ctx: PaymentsContext, reserved: Payment): Promise<Outcome> {
  try {
    return await carryOutAttempt(ctx, reserved);
  } catch (error) {
    if (!(error instanceof ProviderUnavailable)) throw error;
    ctx.log.warn({ err: error, paymentId: reserved.id }, 'the outcome of a payment is not known');
    return inTransaction(fork(ctx.em), async em => {
      const payment = (await lockPayment(em, reserved.id))!;
      if (payment.confirmingSince && payment.attempts === reserved.attempts) {
        payment.moveTo('PROCESSING');
        await announceChange(em, payment);
        await askLater(em, payment);
      }
      return { payment, refusal: null };
    });
  }
}

/** Has the job ask again, later the longer the outcome has not been known. */
export async function askLater(em: EntityManager, { id, confirmingSince }: Payment): Promise<void> {
  const age = Date.now() - confirmingSince!.getTime();
  const wait = Math.min(Math.max(age, SHORTEST_WAIT_MS), LONGEST_WAIT_MS);
  await enqueue(em, reconcilePaymentJob, { paymentId: id }, { at: new Date(Date.now() + wait) });
}

/**
 * Does what is left to do of an attempt, given the payment as it was a moment ago. Runs to the same end however
 * often: every call has its saved key.
 */
export async function carryOutAttempt(ctx: PaymentsContext, reserved: Payment): Promise<Outcome> {
  const { id: paymentId, attempts: attempt } = reserved;
  let payment = reserved;
  const checkout = await findOpenCheckout(fork(ctx.em), paymentId);
  if (checkout) await leaveCheckout(ctx, checkout);
  if (checkout || !payment.providerReference) payment = await createIntent(ctx, paymentId);
  if (payment.attempts !== attempt || !payment.confirmingSince) return { payment, refusal: null };
  const paidOnPage = checkout && payment.status === 'PROCESSING';
  if (!payment.isOpen || !payment.providerReference || paidOnPage) {
    const ended = await giveUpAttempt(ctx, paymentId, attempt);
    return { payment: ended, refusal: ended.failureMessage ?? ended.whyNotConfirmable(false) };
  }

  let refusal: string | null = null;
  const provider = providerOf(ctx, payment);
  const terms = termsOf(payment);
  const look = () => findTrace(ctx, payment);
  const ask = async () => {
    try {
      const make = (key: string) => provider.confirm(terms, key);
      return await carryOutOnce(ctx, `payment-${paymentId}-confirm-${attempt}`, { look, make });
    } catch (error) {
      if (!(error instanceof ProviderRefusal)) throw error;
      const found = await look();
      // What was done behind an error is no refusal.
      if (found && found.status !== 'CANCELED') return found;
      refusal = error.message;
      return found ?? provider.retrieve(terms.reference);
    }
  };
  const applied = await applyPayment(ctx, paymentId, ask, {
    settles: attempt,
    since: payment.revision,
  });
  return { payment: applied.payment, refusal };
}

const termsOf = ({ providerReference, confirmingMethod, returnUrl }: Payment): PaymentAttempt => ({
  reference: providerReference!,
  paymentMethodId: confirmingMethod!,
  returnUrl: returnUrl!,
});

/** The payment at the provider, when the saved attempt has changed it. */
async function findTrace(ctx: PaymentsContext, payment: Payment): Promise<ProviderPayment | null> {
  const seen = await providerOf(ctx, payment).retrieve(payment.providerReference!);
  const { status, failure } = seen;
  const charge = seen.charge === undefined ? payment.lastCharge : seen.charge;
  const untouched = status === 'REQUIRES_PAYMENT_METHOD' && !failure && !charge;
  const mark = markOf({ status, charge, failure: failure?.code ?? null });
  return untouched || mark === payment.attemptBaseline ? null : seen;
}

/** The payment, which waits for the outcome of this attempt no more. */
export function giveUpAttempt(ctx: PaymentsContext, paymentId: string, attempt: number): Promise<Payment> {
  return inTransaction(fork(ctx.em), async em => {
    const payment = (await lockPayment(em, paymentId))!;
    if (payment.attempts === attempt) payment.confirmingSince = null;
    return payment;
  });
}
