/** Beginning to collect, as the order's saga asks for it. */
import type { MessageData } from '#schema/messages/index.ts';
import { type EntityManager, newId, query, sql } from '#shared/data/database.ts';
import { enqueue } from '#shared/messaging/jobs.ts';
import { isOrderClosed } from '../close/close-order.ts';
import { createIntentJob } from '../jobs.ts';
import type { PaymentsContext } from '../services.ts';
import { Payment } from './payment.entity.ts';
import { announceFact } from './payment-events.ts';
import { lockSubject } from './payment-locks.ts';
import { endPayment } from './payment-steps.ts';

export type NewPayment = Pick<
  Payment,
  | 'orderId'
  | 'invoiceId'
  | 'customerId'
  | 'customerEmail'
  | 'customerName'
  | 'description'
  | 'provider'
  | 'amount'
  | 'currency'
>;

/** Writes a payment that nobody has confirmed yet. */
export async function insertPayment(em: EntityManager, fields: NewPayment, id = newId()): Promise<Payment> {
  const now = new Date();
  const payment = em.create(Payment, {
    ...fields,
    id,
    status: 'REQUIRES_PAYMENT_METHOD',
    createdAt: now,
    updatedAt: now,
  });
  await em.flush();
  await announceFact(em, payment, 'created');
  return payment;
}

/** `payment-process-request`: begins a payment, unless the order ended meanwhile or has one already. */
export async function requestPayment(
  { em, services }: PaymentsContext,
  { orderId, orderNumber, customer, total, provider }: MessageData<'payment-process-request'>,
): Promise<void> {
  await lockSubject(em, orderId);
  if (await isOrderClosed(em, orderId)) return;
  const others = await query(
    em,
    sql`select 1 from payments where order_id = ${orderId} and status <> 'CANCELED' limit 1`,
  );
  if (others.length > 0) return;
  const payment = await insertPayment(em, {
    orderId,
    invoiceId: null,
    customerId: customer.id,
    customerEmail: customer.email,
    customerName: customer.displayName,
    description: `Order ${orderNumber}`,
    provider,
    ...total,
  });
  if (services.providers[provider]) await enqueue(em, createIntentJob, { paymentId: payment.id });
  else await endPayment(em, payment, 'FAILED', `Payments through ${provider} are not offered yet.`);
}
