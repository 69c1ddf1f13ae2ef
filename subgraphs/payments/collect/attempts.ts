/**
 * Confirming: the buyer gives a payment method, the provider tries to collect. One attempt at a time; it is saved
 * before the provider is asked, and asked for again until its outcome is known.
 */

import { requireViewer } from '#shared/context.ts';
import { type EntityManager, inTransaction } from '#shared/data/database.ts';
import { badInput, notFound } from '#shared/kernel/errors.ts';
import { enqueue } from '#shared/messaging/jobs.ts';
import { findOpenCheckout, isWebAddress, leaveCheckout } from '../checkout/checkout-sessions.ts';
import { reconcilePaymentJob } from '../jobs.ts';
import { carryOutOnce } from '../provider/keys.ts';
import {
  ProviderIncomplete,
  type ProviderPayment,
  ProviderRefusal,
  ProviderUnavailable,
} from '../provider/provider.ts';
import type { PaymentsContext } from '../services.ts';
import { announceChange } from './announcements.ts';
import { applyPayment } from './apply-payment.ts';
import { cancelAtProvider, createIntent } from './intents.ts';
import { isOrderClosed, lockPayment } from './locks.ts';
import { markOf, Payment } from './payment.entity.ts';
import { BANK_WAIT_MS, flagPayment } from './payment-steps.ts';
import { dropStraysOf } from './strays.ts';

/** For the process that dies between asking and writing down the answer. */
const SAFETY_NET_MS = 15_000;
/** An attempt that was answered with errors and that left no trace for this long is given up. */
const TRACELESS_MS = 60_000;
const SHORTEST_WAIT_MS = 2_000;
const LONGEST_WAIT_MS = 60_000;

export interface ConfirmPaymentInput {
  paymentId: string;
  paymentMethodId: string;
  returnUrl?: string | null | undefined;
}

/** What an attempt came to: the payment, and why there was none. */
interface Outcome {
  payment: Payment;
  refusal: string | null;
}

const notConfirmable = (message: string) => ({ __typename: 'PaymentNotConfirmable' as const, message });

/** Confirms a payment. Rights: its customer. A declined card is answered with the payment, which stays open. */
export async function confirmPayment(ctx: PaymentsContext, input: ConfirmPaymentInput) {
  const { id: viewerId } = requireViewer(ctx);
  if (input.returnUrl && !isWebAddress(input.returnUrl))
    throw badInput('returnUrl: must be an http or https address.');
  const reserved = await inTransaction(ctx.em.fork() as EntityManager, async em => {
    const payment = await lockPayment(em, input.paymentId);
    if (payment?.customerId !== viewerId) throw notFound('Payment');
    const reason = payment.whyNotConfirmable(await isOrderClosed(em, payment.orderId));
    if (!reason) await reserveAttempt(ctx, em, payment, input);
    return { reason, payment };
  });
  if (reserved.reason) return notConfirmable(reserved.reason);
  const { payment, refusal } = await attemptNow(ctx, reserved.payment);
  return refusal ? notConfirmable(refusal) : payment;
}

/** Saves an attempt on the locked payment, with the job that asks again should this process die. */
export async function reserveAttempt(
  { services }: PaymentsContext,
  em: EntityManager,
  payment: Payment,
  { paymentMethodId, returnUrl }: Pick<ConfirmPaymentInput, 'paymentMethodId' | 'returnUrl'>,
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
    return await carryOut(ctx, reserved);
  } catch (error) {
    if (!(error instanceof ProviderUnavailable)) throw error;
    ctx.log.warn({ err: error, paymentId: reserved.id }, 'the outcome of a payment is not known');
    return inTransaction(ctx.em.fork() as EntityManager, async em => {
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

async function askLater(em: EntityManager, { id, confirmingSince }: Payment) {
  const age = Date.now() - confirmingSince!.getTime();
  const wait = Math.min(Math.max(age, SHORTEST_WAIT_MS), LONGEST_WAIT_MS);
  await enqueue(em, reconcilePaymentJob, { paymentId: id }, { at: new Date(Date.now() + wait) });
}

/**
 * Does what is left to do of an attempt, given the payment as it was a moment ago. Runs to the same end however
 * often: every call has its saved key.
 */
async function carryOut(ctx: PaymentsContext, reserved: Payment): Promise<Outcome> {
  const { id: paymentId, attempts: attempt } = reserved;
  let payment = reserved;
  const checkout = await findOpenCheckout(ctx.em.fork() as EntityManager, paymentId);
  if (checkout) await leaveCheckout(ctx, checkout);
  if (checkout || !payment.providerReference) payment = await createIntent(ctx, paymentId);
  if (payment.attempts !== attempt || !payment.confirmingSince) return { payment, refusal: null };
  const paidOnPage = checkout && payment.status === 'PROCESSING';
  if (!payment.isOpen || !payment.providerReference || paidOnPage) {
    const ended = await giveUp(ctx, paymentId, attempt);
    return { payment: ended, refusal: ended.failureMessage ?? ended.whyNotConfirmable(false) };
  }

  let refusal: string | null = null;
  const { provider } = ctx.services;
  const look = () => findTrace(ctx, payment);
  const ask = async () => {
    try {
      const make = (key: string) => provider.confirm(payment, key);
      return await carryOutOnce(ctx, `payment-${paymentId}-confirm-${attempt}`, { look, make });
    } catch (error) {
      if (!(error instanceof ProviderRefusal)) throw error;
      const found = await look();
      // What was done behind an error is no refusal.
      if (found && found.status !== 'CANCELED') return found;
      refusal = error.message;
      return found ?? provider.retrieve(payment.providerReference!);
    }
  };
  const applied = await applyPayment(ctx, paymentId, ask, {
    settles: attempt,
    since: payment.revision,
  });
  return { payment: applied.payment, refusal };
}

/** The payment at the provider, when the saved attempt has changed it. */
async function findTrace(ctx: PaymentsContext, payment: Payment): Promise<ProviderPayment | null> {
  const seen = await ctx.services.provider.retrieve(payment.providerReference!);
  const { status, failure } = seen;
  const charge = seen.charge === undefined ? payment.lastCharge : seen.charge;
  const untouched = status === 'REQUIRES_PAYMENT_METHOD' && !failure && !charge;
  const mark = markOf({ status, charge, failure: failure?.code ?? null });
  return untouched || mark === payment.attemptBaseline ? null : seen;
}

function giveUp(ctx: PaymentsContext, paymentId: string, attempt: number): Promise<Payment> {
  return inTransaction(ctx.em.fork() as EntityManager, async em => {
    const payment = (await lockPayment(em, paymentId))!;
    if (payment.attempts === attempt) payment.confirmingSince = null;
    return payment;
  });
}

/** Asks the provider about a payment whose outcome is not known, and goes on asking until it is (F2, F3). */
export async function reconcilePayment(ctx: PaymentsContext, paymentId: string): Promise<void> {
  const em = ctx.em.fork() as EntityManager;
  const payment = await em.findOneOrFail(Payment, { id: paymentId });
  const { confirmingSince, attempts } = payment;
  if (!confirmingSince) return lookAtBank(ctx, payment);
  try {
    if (await isOrderClosed(em, payment.orderId)) {
      // Nobody wants it any more; canceling finds out, too.
      await cancelAtProvider(ctx, paymentId);
      await dropStraysOf(ctx, await giveUp(ctx, paymentId, attempts));
    } else {
      await carryOut(ctx, payment);
    }
  } catch (error) {
    if (!(error instanceof ProviderUnavailable)) throw error;
    ctx.log.warn({ err: error, paymentId }, 'the outcome of a payment is still not known');
    if (error.answered) await endTraceless(ctx, paymentId);
    if (error instanceof ProviderIncomplete) await flagPayment(ctx, paymentId, error.message);
    await inTransaction(ctx.em.fork() as EntityManager, async em => {
      const unknown = (await lockPayment(em, paymentId))!;
      if (unknown.confirmingSince && unknown.attempts === attempts) await askLater(em, unknown);
    });
  }
}

/** The provider has answered with errors all the time: the buyer may go on with what the payment itself tells. */
async function endTraceless(ctx: PaymentsContext, paymentId: string): Promise<void> {
  const payment = await ctx.em.fork().findOneOrFail(Payment, { id: paymentId });
  const { providerReference, confirmingSince, attempts } = payment;
  if (!providerReference || !confirmingSince) return;
  if (Date.now() - confirmingSince.getTime() < TRACELESS_MS) return;
  const ask = () => ctx.services.provider.retrieve(providerReference);
  try {
    await applyPayment(ctx, paymentId, ask, { settles: attempts });
  } catch (error) {
    if (!(error instanceof ProviderUnavailable)) throw error;
  }
}

/** The bank has it: looks, and comes back as long as it has not decided. */
async function lookAtBank(ctx: PaymentsContext, { id, status, providerReference }: Payment): Promise<void> {
  if (status !== 'PROCESSING' || !providerReference) return;
  const { payment } = await applyPayment(ctx, id, () => ctx.services.provider.retrieve(providerReference));
  if (payment.status !== 'PROCESSING') return;
  const at = new Date(Date.now() + BANK_WAIT_MS);
  await inTransaction(ctx.em.fork() as EntityManager, em =>
    enqueue(em, reconcilePaymentJob, { paymentId: id }, { at }),
  );
}
