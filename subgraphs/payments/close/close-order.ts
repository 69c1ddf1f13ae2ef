/** Closing an order: nothing may be captured for it any more, and it is told once that is certain. */
import type { MessageData } from '#schema/messages/index.ts';
import { type EntityManager, query, sql } from '#shared/data/database.ts';
import { enqueue } from '#shared/messaging/jobs.ts';
import { emit } from '#shared/messaging/outbox.ts';
import { Payment } from '../collect/payment.entity.ts';
import { announceOutcome } from '../collect/payment-events.ts';
import { lockSubject } from '../collect/payment-locks.ts';
import { cancelIntentJob } from '../jobs.ts';
import type { PaymentsContext } from '../services.ts';

/** True when orders has closed it: no payment may be begun or confirmed for it any more. */
export async function isOrderClosed(em: EntityManager, orderId: string | null): Promise<boolean> {
  if (!orderId) return false;
  const rows = await query(em, sql`select 1 from closed_orders where order_id = ${orderId}`);
  return rows.length > 0;
}

/**
 * `payment-cancel-request`: nothing may be captured for the order any more. It is answered once that is certain; a
 * repeat is answered again, because the first answer may be lost, and so may the news of a capture.
 */
export async function closeOrder(
  { em }: PaymentsContext,
  { orderId, reason }: MessageData<'payment-cancel-request'>,
): Promise<void> {
  await lockSubject(em, orderId);
  const closed = await query(
    em,
    sql`insert into closed_orders (order_id, reason) values (${orderId}, ${reason})
      on conflict do nothing returning order_id`,
  );
  // The first request's job is retried for as long as the provider is away: those of repeats need not be.
  const once = closed.length === 0;
  for (const payment of await em.find(Payment, { orderId })) {
    if (payment.isOpen) await enqueue(em, cancelIntentJob, { paymentId: payment.id, once });
    if (payment.status === 'SUCCEEDED') await announceOutcome(em, payment, 'SUCCEEDED');
  }
  await answerClosing(em, orderId);
}

/**
 * Tells a closed order that nothing was captured for it and nothing can be, once all its payments have ended so. A
 * payment that its bank is processing cannot be canceled: `asked`, of which the provider has just said so, does not
 * count, and what comes of it is given back.
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
