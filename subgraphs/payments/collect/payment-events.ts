/** What is told of a payment, in the transaction of the change: to other subgraphs, and to the figures. */
import { type EntityManager, query, sql } from '#shared/data/database.ts';
import { emit } from '#shared/messaging/outbox.ts';
import { type PaymentFact, recordPaymentFact } from '../analytics/facts.ts';
import type { Payment } from './payment.entity.ts';

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

/** For the figures; `refunded` tells the sum given back so far, so that repeats do no harm. */
export async function announceFact(
  em: EntityManager,
  payment: Payment,
  kind: PaymentFact['kind'],
): Promise<void> {
  const amount = {
    created: payment.money,
    failed: payment.money,
    succeeded: payment.captured,
    refunded: { ...payment.captured, amount: payment.refundedAmount },
  }[kind];
  const { id: paymentId, provider } = payment;
  const fact = { paymentId, kind, provider, amount, at: new Date().toISOString() };
  await recordPaymentFact(em, fact);
  await emit(em, 'payment.analytics', fact);
}
