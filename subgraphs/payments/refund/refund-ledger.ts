/** The refund ledger: what is to go back, what has, and what the provider says of it. */
import { type EntityManager, inTransaction, newId } from '#shared/data/database.ts';
import { fork } from '#shared/data/entities.ts';
import { enqueue } from '#shared/messaging/jobs.ts';
import { emit } from '#shared/messaging/outbox.ts';
import { Payment } from '../collect/payment.entity.ts';
import { announceChange, announceFact } from '../collect/payment-events.ts';
import { lockPayment, lockSubject } from '../collect/payment-locks.ts';
import { flagPayment } from '../collect/payment-steps.ts';
import { executeRefundJob } from '../jobs.ts';
import { carryOutOnce } from '../provider/idempotency-keys.ts';
import type { ProviderRefund } from '../provider/provider.ts';
import { ProviderIncomplete, ProviderRefusal } from '../provider/provider-errors.ts';
import { type PaymentsContext, providerOf } from '../services.ts';
import { Refund } from './refund.entity.ts';

/** A pending refund takes days; its webhook tells how it ends. This is for the webhook that got lost. */
const LOOK_AGAIN_MS = 3_600_000;
/** Money is not given back anew before an unmarked error has been looked behind for this long. */
const SETTLE_MS = 10_000;

/** What can still be given back, in minor units: the captured sum less what went back or is on its way. */
export async function refundableAmount(em: EntityManager, payment: Payment): Promise<number> {
  const refunds = await em.find(Refund, { paymentId: payment.id, status: { $ne: 'FAILED' } });
  return payment.capturedAmount - refunds.reduce((sum, { amount }) => sum + amount, 0);
}

/**
 * Writes a refund into the ledger of the locked payment, to be executed at `at`. The caller has checked that the
 * amount can be given back.
 */
export async function recordRefund(
  em: EntityManager,
  payment: Payment,
  { amount, reason, at }: { amount: number; reason: string | null; at?: Date },
): Promise<Refund> {
  const refund = em.create(Refund, {
    id: newId(),
    paymentId: payment.id,
    amount,
    status: 'PENDING',
    reason,
    external: false,
    createdAt: new Date(),
  });
  await em.flush();
  await enqueue(em, executeRefundJob, { refundId: refund.id }, { at });
  return refund;
}

/** Has the provider give the money of a recorded refund back; finds out what became of it when that was asked before. */
export async function executeRefund(ctx: PaymentsContext, refundId: string): Promise<void> {
  const em = fork(ctx.em);
  const refund = await em.findOneOrFail(Refund, { id: refundId });
  if (refund.status !== 'PENDING') return;
  if (refund.providerReference) {
    await syncRefunds(ctx, refund.paymentId);
    return lookAgain(ctx, refundId);
  }
  const payment = await em.findOneOrFail(Payment, { id: refund.paymentId });
  try {
    const told = await makeRefund(ctx, payment, refund);
    await applyRefunds(ctx, payment.id, [told]);
    await lookAgain(ctx, refundId);
  } catch (error) {
    if (error instanceof ProviderIncomplete) await flagPayment(ctx, payment.id, error.message);
    if (!(error instanceof ProviderRefusal)) throw error;
    // Most likely somebody was faster at the provider: the ledger learns of it.
    await syncRefunds(ctx, payment.id);
    await failRefund(ctx, refund, error.message);
  }
}

async function makeRefund(ctx: PaymentsContext, payment: Payment, refund: Refund): Promise<ProviderRefund> {
  const provider = providerOf(ctx, payment);
  const reference = payment.providerReference!;
  return carryOutOnce(ctx, `refund-${refund.id}`, {
    async look() {
      const told = await provider.listRefunds(reference);
      const known = await fork(ctx.em).find(Refund, { paymentId: payment.id });
      const found = told.find(each => isToldOf(refund, each, known));
      return found ? { ...found, refundId: refund.id } : null;
    },
    make: key => provider.refund({ reference, refundId: refund.id, amount: refund.amount, payment }, key),
    settleMs: SETTLE_MS,
  });
}

/**
 * True when the provider tells of this refund, which has no reference yet. Where no refund says what it was made for,
 * it is one of the same amount that nobody else has: money that was given back must not be given back again.
 */
function isToldOf(refund: Refund, told: ProviderRefund, known: Refund[]): boolean {
  if (refund.providerReference || refund.external) return false;
  if (known.some(({ providerReference }) => providerReference === told.reference)) return false;
  if (told.refundId !== undefined) return told.refundId === refund.id;
  return refund.status === 'PENDING' && told.amount === refund.amount;
}

async function lookAgain(ctx: PaymentsContext, refundId: string): Promise<void> {
  await inTransaction(fork(ctx.em), async em => {
    const { status } = await em.findOneOrFail(Refund, { id: refundId });
    const at = new Date(Date.now() + LOOK_AGAIN_MS);
    if (status === 'PENDING') await enqueue(em, executeRefundJob, { refundId }, { at });
  });
}

/** Asks the provider for all refunds of a payment and applies them. True when something was new. */
export async function syncRefunds(ctx: PaymentsContext, paymentId: string): Promise<boolean> {
  const payment = await fork(ctx.em).findOneOrFail(Payment, { id: paymentId });
  if (!payment.providerReference) return false;
  return applyRefunds(ctx, paymentId, await providerOf(ctx, payment).listRefunds(payment.providerReference));
}

/**
 * Compares the ledger with what the provider tells, and sets it. Steps only go forward, so that neither the order
 * of the news nor repeats matter. Refunds that are not ours are recorded as external.
 */
export async function applyRefunds(
  ctx: PaymentsContext,
  paymentId: string,
  told: ProviderRefund[],
): Promise<boolean> {
  return withLedger(ctx, paymentId, async em => {
    const settled: Refund[] = [];
    const known = await em.find(Refund, { paymentId }, { refresh: true });
    for (const { reference, refundId, amount, status, reason } of told) {
      let refund =
        known.find(r => r.providerReference === reference) ??
        known.find(r => isToldOf(r, { reference, refundId, amount, status, reason }, known));
      if (!refund) {
        if (amount === null) throw new ProviderIncomplete(reference, 'an amount');
        const twice = known.find(r => r.id === refundId);
        if (twice) await flagTwice(ctx, em, twice, reference);
        refund = em.create(Refund, {
          id: newId(),
          paymentId,
          amount,
          status: 'PENDING',
          reason,
          external: true,
          createdAt: new Date(),
        });
        settled.push(refund);
      }
      refund.providerReference = reference;
      if (refund.whyNotTo(status)) continue;
      refund.moveTo(status);
      if (status === 'FAILED') {
        refund.failureMessage = reason ?? 'The provider could not give the money back.';
      }
      if (!settled.includes(refund)) settled.push(refund);
    }
    await em.flush();
    return settled;
  });
}

/** Our refund has another reference already: the money went back once more, and counts as begun at the provider. */
async function flagTwice(ctx: PaymentsContext, em: EntityManager, refund: Refund, reference: string) {
  const { id: refundId, paymentId } = refund;
  ctx.log.error({ paymentId, refundId, reference }, 'a refund was given back twice');
  const payment = await em.findOneOrFail(Payment, { id: paymentId });
  payment.flag ??= `refund ${refundId} was given back a second time by ${reference}`;
}

/** The provider refused: the amount can be given back once more. */
async function failRefund(ctx: PaymentsContext, { id, paymentId }: Refund, message: string): Promise<void> {
  await withLedger(ctx, paymentId, async em => {
    const refund = await em.findOneOrFail(Refund, { id }, { refresh: true });
    if (refund.status !== 'PENDING') return [];
    refund.moveTo('FAILED');
    refund.failureMessage = message;
    await em.flush();
    return [refund];
  });
}

/** Changes the ledger under its payment's lock, adds it up, and tells of what is new. */
async function withLedger(
  ctx: PaymentsContext,
  paymentId: string,
  change: (em: EntityManager) => Promise<Refund[]>,
): Promise<boolean> {
  return inTransaction(fork(ctx.em), async em => {
    const { orderId } = await em.findOneOrFail(Payment, { id: paymentId });
    // What the order is told depends on all of its payments.
    if (orderId) await lockSubject(em, orderId);
    const payment = (await lockPayment(em, paymentId))!;
    const settled = await change(em);
    if (settled.length === 0) return false;
    const succeeded = await em.find(Refund, { paymentId, status: 'SUCCEEDED' });
    payment.refundedAmount = succeeded.reduce((sum, { amount }) => sum + amount, 0);
    await announceChange(em, payment);
    await announceFact(em, payment, 'refunded');
    const failed = settled.find(({ status }) => status === 'FAILED');
    if (payment.refundReason) await tellOrder(em, payment, failed);
    return true;
  });
}

/** Answers an order that wanted its money back, once it is known how that went. */
export async function tellOrder(em: EntityManager, payment: Payment, failed?: Refund): Promise<void> {
  const { orderId } = payment;
  if (!orderId) return;
  const wanted = await em.find(Payment, { orderId, status: 'SUCCEEDED', refundReason: { $ne: null } });
  if (wanted.every(({ capturedAmount, refundedAmount }) => refundedAmount === capturedAmount)) {
    await emit(em, 'payment-refund-result', { orderId, refunded: true, reason: null });
  } else if (failed) {
    await emit(em, 'payment-refund-result', { orderId, refunded: false, reason: failed.failureMessage });
  }
}
