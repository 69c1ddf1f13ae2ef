/** Beginning to collect, and giving it up: what the order's saga asks for, and the provider's side of it. */

import type { MessageData } from '#schema/messages/index.ts';
import { type EntityManager, inTransaction, newId, query, sql } from '#shared/data/database.ts';
import { enqueue } from '#shared/messaging/jobs.ts';
import { findOpenCheckout, leaveCheckout } from '../checkout/checkout-sessions.ts';
import { cancelIntentJob, createIntentJob } from '../jobs.ts';
import { carryOutOnce, intentKey } from '../provider/keys.ts';
import { ProviderIncomplete, type ProviderPayment, ProviderRefusal } from '../provider/provider.ts';
import type { PaymentsContext } from '../services.ts';
import { announceChange, announceFact, announceOutcome, answerClosing } from './announcements.ts';
import { applyPayment } from './apply-payment.ts';
import { ensureCustomer } from './customers.ts';
import { isOrderClosed, lockPayment, lockSubject } from './locks.ts';
import { Payment } from './payment.entity.ts';
import { endPayment } from './payment-steps.ts';
import { dropStraysOf, giveUpReference } from './strays.ts';

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
  ctx: PaymentsContext,
  { orderId, orderNumber, customer, total, provider }: MessageData<'payment-process-request'>,
): Promise<void> {
  const { em } = ctx;
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
  if (provider === 'STRIPE') await enqueue(em, createIntentJob, { paymentId: payment.id });
  else await endPayment(em, payment, 'FAILED', `Payments through ${provider} are not offered yet.`);
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
  // The first request's job insists for as long as the provider is away: those of repeats need not.
  const once = closed.length === 0;
  for (const payment of await em.find(Payment, { orderId })) {
    if (payment.isOpen) await enqueue(em, cancelIntentJob, { paymentId: payment.id, once });
    if (payment.status === 'SUCCEEDED') await announceOutcome(em, payment, 'SUCCEEDED');
  }
  await answerClosing(em, orderId);
}

/** The payment, known to the provider from here on; as it is when it has ended or is paid on a checkout's page. */
export async function createIntent(ctx: PaymentsContext, paymentId: string): Promise<Payment> {
  const em = ctx.em.fork() as EntityManager;
  const payment = await em.findOneOrFail(Payment, { id: paymentId });
  if (!payment.isOpen) await dropStraysOf(ctx, payment);
  if (!payment.isOpen || payment.providerReference || (await findOpenCheckout(em, paymentId))) return payment;
  try {
    const customer = await ensureCustomer(ctx, payment);
    // What ended meanwhile does not stay at the provider: applyPayment drops it.
    return (await applyPayment(ctx, paymentId, () => makeIntent(ctx, payment, customer))).payment;
  } catch (error) {
    if (error instanceof ProviderIncomplete) await keepReference(ctx, paymentId, error);
    if (!(error instanceof ProviderRefusal)) throw error;
    return inTransaction(em, async em => {
      const refused = (await lockPayment(em, paymentId))!;
      if (!refused.isOpen || refused.providerReference) return refused;
      refused.failureCode = error.code;
      refused.failureMessage = error.message;
      await endPayment(em, refused, 'FAILED', error.message);
      return refused;
    });
  }
}

function makeIntent(ctx: PaymentsContext, payment: Payment, customer: string): Promise<ProviderPayment> {
  const { provider } = ctx.services;
  const { id, retiredReferences: retired } = payment;
  return carryOutOnce(ctx, `${intentKey(id)}${retired.length > 0 ? `-${retired.length}` : ''}`, {
    async look() {
      const made = await provider.findPayments(payment, customer);
      const own = made.filter(({ checkoutId, reference }) => !checkoutId && !retired.includes(reference));
      return own.find(({ status }) => status !== 'CANCELED') ?? null;
    },
    make: key => provider.create(payment, customer, key),
  });
}

/** The provider has made it and tells too little of it: it is followed all the same, and never made a second time. */
async function keepReference(ctx: PaymentsContext, paymentId: string, error: ProviderIncomplete) {
  const { reference, message } = error;
  ctx.log.error({ err: error, paymentId }, 'the provider tells too little of a payment');
  await inTransaction(ctx.em.fork() as EntityManager, async em => {
    const payment = (await lockPayment(em, paymentId))!;
    payment.flag ??= message;
    if (reference && payment.retiredReferences.includes(reference)) return;
    const free = payment.isOpen && !payment.providerReference && !(await findOpenCheckout(em, paymentId));
    if (reference && free) payment.providerReference = reference;
    else if (reference && reference !== payment.providerReference)
      await giveUpReference(em, payment, reference);
    await announceChange(em, payment);
  });
}

/**
 * Makes sure that nothing can be captured any more, and answers the order that asked for it. Where the provider says
 * that it has been, or that the bank is at it, that is applied instead: the order then decides.
 */
export async function cancelAtProvider(ctx: PaymentsContext, paymentId: string): Promise<void> {
  const em = ctx.em.fork() as EntityManager;
  const checkout = await findOpenCheckout(em, paymentId);
  if (checkout) await leaveCheckout(ctx, checkout);
  const payment = await em.findOneOrFail(Payment, { id: paymentId });
  if (payment.isOpen) await cancelOpen(ctx, payment);
  const { orderId } = payment;
  // Also when it had ended before: whoever ended it may have died before the answer.
  if (orderId)
    await inTransaction(ctx.em.fork() as EntityManager, em => answerClosing(em, orderId, paymentId));
}

async function cancelOpen(
  ctx: PaymentsContext,
  { id: paymentId, providerReference: reference, attempts }: Payment,
): Promise<void> {
  if (reference) {
    // This tells the outcome of an attempt whose answer was lost, too.
    const ask = () => ctx.services.provider.cancel(reference);
    await applyPayment(ctx, paymentId, ask, { settles: attempts });
    return;
  }
  const em = ctx.em.fork() as EntityManager;
  await inTransaction(em, async em => {
    const unknown = (await lockPayment(em, paymentId))!;
    // It became known to the provider just now: once more, by a fresh look.
    if (unknown.providerReference) await enqueue(em, cancelIntentJob, { paymentId });
    else if (unknown.isOpen) await endPayment(em, unknown, 'CANCELED', null);
  });
}
