/** What the others are told, in the transaction of the change. */

import type { MessageData } from '#schema/messages/index.ts';
import { type EntityManager, query, sql } from '#shared/data/database.ts';
import { emit } from '#shared/messaging/outbox.ts';
import { isOrderClosed } from './locks.ts';
import { Payment } from './payment.entity.ts';

/** Counts a visible change of the payment and tells of it, with every refund that went through so far. */
export async function announceChange(em: EntityManager, payment: Payment): Promise<void> {
  payment.revision += 1;
  payment.updatedAt = new Date();
  await em.flush();
  const refunds = payment.refundedAmount > 0 ? await listSucceeded(em, payment) : [];
  await emit(em, 'payment.status.updated', {
    paymentId: payment.id,
    orderId: payment.orderId,
    invoiceId: payment.invoiceId,
    customerId: payment.customerId,
    status: payment.status,
    amount: payment.money,
    refundedAmount: payment.refundedAmount,
    refunds,
    at: payment.updatedAt.toISOString(),
  });
}

function listSucceeded(em: EntityManager, { id }: Payment) {
  return query(
    em,
    sql<{ refundId: string; amount: number; reason: string | null }>`
      select id as "refundId", amount::float8 as amount, reason from refunds
      where payment_id = ${id} and status = 'SUCCEEDED' order by id`,
  );
}

/** A final outcome, for the order that asked. */
export async function announceOutcome(
  em: EntityManager,
  payment: Payment,
  outcome: 'SUCCEEDED' | 'FAILED',
  reason: string | null = null,
): Promise<void> {
  if (!payment.orderId) return;
  const amount = outcome === 'SUCCEEDED' ? payment.captured : payment.money;
  const { id: paymentId, orderId } = payment;
  await emit(em, 'payment-process-result', { orderId, paymentId, outcome, amount, reason });
}

/**
 * Tells a closed order that nothing was captured for it and nothing can be, once all its payments have ended so. A
 * payment that its bank is at cannot be canceled: `asked`, of which the provider has just said so, does not count,
 * and what comes of it is given back.
 */
export async function answerClosing(em: EntityManager, orderId: string, asked?: string): Promise<void> {
  if (!(await isOrderClosed(em, orderId))) return;
  const isSettled = ({ id, status, confirmingSince }: Payment) =>
    status === 'CANCELED' ||
    status === 'FAILED' ||
    (id === asked && status === 'PROCESSING' && confirmingSince === null);
  const payments = await em.find(Payment, { orderId }, { refresh: true });
  if (payments.every(isSettled)) await emit(em, 'payment-cancel-result', { orderId });
}

/** How one attempt with a card (or another method) went. */
export async function announceAttempt(em: EntityManager, payment: Payment): Promise<void> {
  await emit(em, 'payment.card.result', {
    paymentId: payment.id,
    paymentIntentId: payment.providerReference,
    orderId: payment.orderId,
    customerId: payment.customerId,
    success: payment.status === 'SUCCEEDED',
    status: payment.status,
    requiresAction: payment.status === 'REQUIRES_ACTION',
    amount: payment.money,
    error: payment.failureMessage,
  });
}

/** For the read model; `refunded` tells the sum given back so far, so that repeats do no harm. */
export async function announceFact(
  em: EntityManager,
  payment: Payment,
  kind: MessageData<'payment.analytics'>['kind'],
): Promise<void> {
  const amount = {
    created: payment.money,
    failed: payment.money,
    succeeded: payment.captured,
    refunded: { ...payment.captured, amount: payment.refundedAmount },
  }[kind];
  const { id: paymentId, provider } = payment;
  await emit(em, 'payment.analytics', { paymentId, kind, provider, amount, at: new Date().toISOString() });
}
