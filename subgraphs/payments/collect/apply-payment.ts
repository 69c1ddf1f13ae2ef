/**
 * The one place where what the provider tells becomes what we know. Answers, webhooks and jobs all come through
 * here, in any order and any number: the row is locked, compared, and set.
 */
import { type EntityManager, inTransaction, query, sql } from '#shared/data/database.ts';
import { fork } from '#shared/data/entities.ts';
import { CheckoutSession } from '../checkout/checkout-session.entity.ts';
import { isOrderClosed } from '../close/close-order.ts';
import type { ProviderPayment } from '../provider/provider.ts';
import { ProviderUnavailable } from '../provider/provider-errors.ts';
import { type PaymentsContext, providerOf } from '../services.ts';
import type { Payment } from './payment.entity.ts';
import { lockPayment } from './payment-locks.ts';
import {
  announceRefusal,
  capture,
  endPayment,
  giveUpOrphan,
  giveUpReference,
  noteFailure,
  progress,
  retireReference,
} from './payment-steps.ts';

const ROUNDS = 10;

export interface Applied {
  payment: Payment;
  /** False when nothing was new. */
  changed: boolean;
}

/**
 * Asks the provider and applies what it tells.
 *
 * When another answer was applied while this one was under way, nobody knows which of the two is older: unless this
 * one is final, the provider is asked again. `settles` is the attempt whose outcome this is; `since` the payment's
 * revision, when the caller has just read it.
 */
export async function applyPayment(
  ctx: PaymentsContext,
  paymentId: string,
  ask: () => Promise<ProviderPayment>,
  { settles, since }: { settles?: number; since?: number } = {},
): Promise<Applied> {
  let askNow = ask;
  for (let round = 0; round < ROUNDS; round += 1) {
    const before = round === 0 && since !== undefined ? since : await readRevision(ctx.em, paymentId);
    const seen = await askNow();
    const { payment, changed } = await inTransaction(fork(ctx.em), async em => {
      const payment = await lockPayment(em, paymentId);
      if (!payment) throw new Error(`Payment ${paymentId} does not exist (yet).`);
      const final = seen.status === 'SUCCEEDED' || seen.status === 'CANCELED';
      // Null: not applied.
      if (payment.revision !== before && !final) return { payment, changed: null };
      if (settles !== undefined && settles === payment.attempts) payment.confirmingSince = null;
      return { payment, changed: await take(ctx, em, payment, seen) };
    });
    if (changed !== null) return { payment, changed };
    askNow = () => providerOf(ctx, payment).retrieve(seen.reference);
  }
  throw new ProviderUnavailable('The payment keeps changing.', false);
}

async function readRevision(em: EntityManager, paymentId: string): Promise<number | undefined> {
  const [row] = await query(
    em,
    sql<{ revision: number }>`select revision from payments where id = ${paymentId}`,
  );
  return row?.revision;
}

/** True when the payment has changed. */
async function take(ctx: PaymentsContext, em: EntityManager, payment: Payment, seen: ProviderPayment) {
  const captured = seen.status === 'SUCCEEDED';
  if (payment.status === 'SUCCEEDED') {
    if (captured && seen.reference !== payment.providerReference) {
      payment.flag = `captured a second time by ${seen.reference}`;
      ctx.log.error({ paymentId: payment.id, reference: seen.reference }, 'a payment was captured twice');
    }
    await giveUpOrphan(em, payment, seen);
    return false;
  }
  if (payment.retiredReferences.includes(seen.reference) && !captured) return false;

  const checkouts = await em.find(CheckoutSession, { paymentId: payment.id }, { refresh: true });
  const open = checkouts.find(checkout => checkout.isOpen);
  const own = checkouts.find(checkout => checkout.id === seen.checkoutId);
  const adopted = payment.providerReference !== seen.reference;
  if (adopted) {
    // While a checkout is open only what is paid there is ours to follow.
    const expected = open ? open === own : !seen.checkoutId;
    const free = payment.isOpen && !payment.providerReference && seen.status !== 'CANCELED';
    if (!captured && !(free && expected)) {
      await giveUpOrphan(em, payment, seen);
      return false;
    }
    // Captured beside the one that was followed so far, which can still be confirmed.
    if (payment.providerReference) await giveUpReference(em, payment, payment.providerReference);
    payment.providerReference = seen.reference;
    // What belongs to a checkout is confirmed on its page alone.
    payment.clientSecret = seen.checkoutId ? null : seen.clientSecret;
  }
  if (captured) {
    await capture(em, payment, seen, open);
    return true;
  }
  if (!payment.isOpen) return false;

  const closed = await isOrderClosed(em, payment.orderId);
  // A checkout that is complete takes no second attempt: what failed there is as good as canceled.
  const failed =
    own?.status === 'COMPLETE' && seen.failure !== null && seen.status === 'REQUIRES_PAYMENT_METHOD';
  if (!failed && seen.status !== 'CANCELED') return progress(em, payment, seen, { adopted, closed });
  if (failed) noteFailure(payment, seen);
  if ((open || seen.checkoutId) && !closed) await retireReference(em, payment, { replace: !open });
  else await endPayment(em, payment, 'CANCELED', closed ? null : 'The payment was canceled at the provider.');
  if (failed) await announceRefusal(em, payment);
  return true;
}
