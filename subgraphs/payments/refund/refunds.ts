/** Giving money back: by an administrator, or because the order's saga asks. */
import { z } from 'zod';
import type { MessageData, Money } from '#schema/messages/index.ts';
import { requireRole } from '#shared/context.ts';
import { type EntityManager, inTransaction, isId, query, sql } from '#shared/data/database.ts';
import { fork } from '#shared/data/entities.ts';
import { claimKey, findKey, idempotencyConflict } from '#shared/data/idempotency.ts';
import { invalidInput, notFound, parseInput } from '#shared/kernel/errors.ts';
import { emit } from '#shared/messaging/outbox.ts';
import { Payment } from '../collect/payment.entity.ts';
import { lockPayment, lockSubject } from '../collect/payment-locks.ts';
import { ProviderUnavailable } from '../provider/provider-errors.ts';
import type { PaymentsContext } from '../services.ts';
import { executeRefund, recordRefund, refundableAmount, tellOrder } from './refund-ledger.ts';

const SAFETY_NET_MS = 15_000;

const refundInput = z.object({
  amount: z
    .object({
      amount: z.int().positive('must be more than 0').max(99_999_999, 'must be at most 99,999,999'),
      currency: z.string(),
    })
    .nullish(),
  reason: z.string().max(500, 'has at most 500 characters').nullish(),
  idempotencyKey: z.string().min(1, 'must not be empty').max(200, 'has at most 200 characters'),
});

export interface RefundPaymentInput {
  paymentId: string;
  amount?: Money | null | undefined;
  reason?: string | null | undefined;
  idempotencyKey: string;
}

const refundNotPossible = (message: string, refundable: Money) => ({
  __typename: 'RefundNotPossible' as const,
  message,
  refundable,
});

/**
 * Gives back a part of what was captured, or all that is left. Never more than was captured, however many ask at
 * the same time (A26). Rights: administrator.
 */
export async function refundPayment(ctx: PaymentsContext, input: RefundPaymentInput) {
  const viewer = requireRole(ctx, 'ADMIN');
  const parsed = parseInput(refundInput, input);
  if (!parsed.ok) return parsed.error;
  const { idempotencyKey: key, ...asked } = input;
  if (!isId(asked.paymentId)) throw notFound('Payment');
  const claim = { scope: `refundPayment:${viewer.id}`, key, input: asked, resultId: asked.paymentId };
  const recorded = await inTransaction(fork(ctx.em), em => reserveRefund(em, asked, claim));
  if (recorded.refundId === undefined) return recorded.answer;
  try {
    await executeRefund(ctx, recorded.refundId);
  } catch (error) {
    if (!(error instanceof ProviderUnavailable)) throw error;
    ctx.log.warn({ err: error, refundId: recorded.refundId }, 'the outcome of a refund is not known');
  }
  return fork(ctx.em).findOneOrFail(Payment, { id: asked.paymentId });
}

/** Records a refund in the caller's transaction, or answers why not. Without the lock, see lockPayment. */
export async function reserveRefund(
  em: EntityManager,
  { paymentId, amount, reason }: Omit<RefundPaymentInput, 'idempotencyKey'>,
  claim: Parameters<typeof claimKey>[1],
  lock?: { lock: boolean },
) {
  const payment = await lockPayment(em, paymentId, lock);
  if (!payment) throw notFound('Payment');
  const earlier = await findKey(em, claim);
  if (earlier.outcome === 'replay') return { answer: payment };
  if (earlier.outcome === 'conflict') return { answer: idempotencyConflict() };
  const checked = await checkRefund(em, payment, amount);
  if (checked.answer) return { answer: checked.answer };
  // Taken last, so that a refused refund does not use up its key.
  if ((await claimKey(em, claim)).outcome !== 'new') return { answer: idempotencyConflict() };
  const at = new Date(Date.now() + SAFETY_NET_MS);
  const refund = await recordRefund(em, payment, { amount: checked.amount, reason: reason ?? null, at });
  return { refundId: refund.id };
}

/** The amount to give back of the locked payment, or why it cannot be. */
async function checkRefund(em: EntityManager, payment: Payment, money: Money | null | undefined) {
  const { currency } = payment.captured;
  if (money && money.currency !== currency) {
    return { answer: invalidInput({ path: 'amount.currency', message: `must be ${currency}, as was paid` }) };
  }
  if (payment.status !== 'SUCCEEDED') {
    return { answer: refundNotPossible('Nothing was captured by this payment.', { amount: 0, currency }) };
  }
  const left = await refundableAmount(em, payment);
  const amount = money?.amount ?? left;
  if (left > 0 && amount <= left) return { amount };
  const message = left === 0 ? 'All of it has gone back already.' : 'Less than that is left to refund.';
  return { answer: refundNotPossible(message, { amount: left, currency }) };
}

/**
 * `payment-refund-request`: gives back all that is left of what was captured for the order, by one payment or by
 * all. A repeat finds nothing left; the order is answered when it is known how the refunds went.
 */
export async function refundOrder(
  { em }: PaymentsContext,
  { orderId, paymentId, reason }: MessageData<'payment-refund-request'>,
): Promise<void> {
  await lockSubject(em, orderId);
  const captured = await query(
    em,
    sql<{ id: string }>`select id from payments where order_id = ${orderId} and status = 'SUCCEEDED'
      and id = coalesce(${paymentId}::uuid, id) order by id`,
  );
  if (captured.length === 0) {
    await emit(em, 'payment-refund-result', { orderId, refunded: true, reason: null });
    return;
  }
  let last: Payment | undefined;
  let started = false;
  for (const { id } of captured) {
    const payment = (await lockPayment(em, id))!;
    payment.refundReason ??= reason;
    const amount = await refundableAmount(em, payment);
    if (amount > 0) {
      await recordRefund(em, payment, { amount, reason });
      started = true;
    }
    last = payment;
  }
  await em.flush();
  if (last && !started) await tellOrder(em, last);
}
