/**
 * Payment on a page of the provider's. The page makes a payment of its own there, so that two could be captured:
 * before a page opens, the payment's reference is canceled; before a reference is made again, the page is ended. Each
 * time the provider has said so before the other begins (I1).
 */

import { requireViewer } from '#shared/context.ts';
import { type EntityManager, inTransaction, isId, newId, query, sql } from '#shared/data/database.ts';
import { fork } from '#shared/data/entities.ts';
import { invalidInput, unavailable } from '#shared/kernel/errors.ts';
import { enqueue } from '#shared/messaging/jobs.ts';
import { isOrderClosed } from '../close/close-order.ts';
import { applyPayment } from '../collect/apply-payment.ts';
import { ensureCustomer } from '../collect/customers.ts';
import { Payment } from '../collect/payment.entity.ts';
import { lockPayment } from '../collect/payment-locks.ts';
import { retireReference } from '../collect/payment-steps.ts';
import { createIntentJob, openCheckoutJob } from '../jobs.ts';
import { carryOutOnce } from '../provider/idempotency-keys.ts';
import type { ProviderCheckout } from '../provider/provider.ts';
import { ProviderIncomplete, ProviderRefusal, ProviderUnavailable } from '../provider/provider-errors.ts';
import { type PaymentsContext, providerOf } from '../services.ts';
import { CheckoutSession } from './checkout-session.entity.ts';

/** Stripe takes from 30 minutes to a day; when the order ends, so does the page. */
const LIFETIME_MS = 3_600_000;
const SAFETY_NET_MS = 15_000;

export interface CreateCheckoutInput {
  orderId: string;
  returnUrl: string;
  embedded?: boolean | null | undefined;
}

const orderNotPayable = (message: string) => ({ __typename: 'OrderNotPayable' as const, message });

export const isWebAddress = (text: string) =>
  URL.canParse(text) && ['http:', 'https:'].includes(new URL(text).protocol);

export function findOpenCheckout(em: EntityManager, paymentId: string): Promise<CheckoutSession | null> {
  return em.findOne(CheckoutSession, { paymentId, status: { $in: ['OPENING', 'OPEN'] } }, { refresh: true });
}

/** Opens a page to pay an order on, or answers the one that is open. Rights: the order's customer. */
export async function createCheckout(ctx: PaymentsContext, input: CreateCheckoutInput) {
  const { id: viewerId } = requireViewer(ctx);
  const { orderId, returnUrl } = input;
  const embedded = input.embedded ?? false;
  if (!isWebAddress(returnUrl)) {
    return invalidInput({ path: 'returnUrl', message: 'must be an http or https address' });
  }
  try {
    for (;;) {
      const reserved = await inTransaction(fork(ctx.em), em =>
        reserveCheckout(em, viewerId, { orderId, returnUrl, embedded }),
      );
      if (typeof reserved === 'string') return orderNotPayable(reserved);
      if (reserved.returnUrl === returnUrl && reserved.embedded === embedded) {
        const opened = await openCheckout(ctx, reserved);
        return typeof opened === 'string' ? orderNotPayable(opened) : opened;
      }
      // Its terms cannot be changed: it ends, and another takes its place.
      await leaveCheckout(ctx, reserved);
    }
  } catch (error) {
    if (error instanceof ProviderRefusal) return orderNotPayable(error.message);
    if (error instanceof ProviderUnavailable) {
      throw unavailable('The payment provider does not answer. Try again in a moment.');
    }
    throw error;
  }
}

/** The checkout to open, or why there can be none. */
async function reserveCheckout(
  em: EntityManager,
  customerId: string,
  { orderId, returnUrl, embedded }: Required<CreateCheckoutInput> & { embedded: boolean },
): Promise<CheckoutSession | string> {
  const [found] = isId(orderId)
    ? await query(
        em,
        sql<{ id: string }>`select id from payments
          where order_id = ${orderId} and customer_id = ${customerId} order by id desc limit 1`,
      )
    : [];
  const payment = found && (await lockPayment(em, found.id));
  if (!payment) return 'The order does not await a payment.';
  const reason = payment.whyNotConfirmable(await isOrderClosed(em, payment.orderId));
  if (reason) return reason;
  const open = await findOpenCheckout(em, payment.id);
  if (open) return open;
  const now = Date.now();
  const checkout = em.create(CheckoutSession, {
    id: newId(),
    paymentId: payment.id,
    status: 'OPENING',
    embedded,
    returnUrl,
    expiresAt: new Date(now + LIFETIME_MS),
    createdAt: new Date(now),
  });
  await em.flush();
  await enqueue(em, openCheckoutJob, { checkoutId: checkout.id }, { at: new Date(now + SAFETY_NET_MS) });
  return checkout;
}

/** The open checkout, or why it cannot be opened any more. Runs to the same end however often. */
async function openCheckout(ctx: PaymentsContext, reserved: CheckoutSession) {
  if (reserved.status === 'OPEN') return reserved;
  let payment = await loadPayment(ctx, reserved);
  const provider = providerOf(ctx, payment);
  const reference = payment.providerReference;
  if (reference) payment = (await applyPayment(ctx, payment.id, () => provider.cancel(reference))).payment;
  if (!payment.isOpen || payment.providerReference) {
    await finishCheckout(ctx, reserved, null);
    return 'The order is being paid already.';
  }
  const made = await makeCheckout(ctx, payment, reserved);
  if (!made.url && !made.clientSecret) throw new ProviderIncomplete(made.reference, 'an address');
  const opened = await inTransaction(fork(ctx.em), async em => {
    const { isOpen } = (await lockPayment(em, payment.id))!;
    const checkout = await em.findOneOrFail(CheckoutSession, { id: reserved.id });
    if (!isOpen || !checkout.isOpen) return null;
    checkout.moveTo('OPEN');
    checkout.providerReference = made.reference;
    checkout.url = made.url;
    checkout.clientSecret = made.clientSecret;
    return checkout;
  });
  if (opened) return opened;
  await leaveCheckout(ctx, reserved);
  return 'The order does not await a payment any more.';
}

/** Ends a checkout at the provider and here, taking in what was paid on its page. */
export async function leaveCheckout(ctx: PaymentsContext, checkout: CheckoutSession): Promise<void> {
  const payment = await loadPayment(ctx, checkout);
  const reference = checkout.providerReference ?? (await learnReference(ctx, payment, checkout));
  const ended = reference ? await providerOf(ctx, payment).expireCheckout(reference) : null;
  await finishCheckout(ctx, checkout, ended);
}

/** Where opening was interrupted the provider may have made it all the same: the saved key brings it back. */
async function learnReference(
  ctx: PaymentsContext,
  payment: Payment,
  checkout: CheckoutSession,
): Promise<string | null> {
  try {
    return (await makeCheckout(ctx, payment, checkout)).reference;
  } catch (error) {
    if (error instanceof ProviderRefusal) return null;
    if (error instanceof ProviderIncomplete && error.reference) return error.reference;
    throw error;
  }
}

async function makeCheckout(ctx: PaymentsContext, payment: Payment, checkout: CheckoutSession) {
  const provider = providerOf(ctx, payment);
  const customer = await ensureCustomer(ctx, payment);
  return carryOutOnce(ctx, `checkout-${checkout.id}`, {
    look: () => provider.findCheckout(checkout, customer),
    make: key => provider.openCheckout(payment, customer, checkout, key),
  });
}

/** Records that a checkout has ended (null: it never began). An open payment goes on without it. */
export async function finishCheckout(
  ctx: PaymentsContext,
  checkout: CheckoutSession,
  ended: ProviderCheckout | null,
): Promise<void> {
  const { id, paymentId } = checkout;
  const reference = ended?.payment;
  if (reference) {
    const provider = providerOf(ctx, await loadPayment(ctx, checkout));
    await applyPayment(ctx, paymentId, () => provider.retrieve(reference));
  }
  await inTransaction(fork(ctx.em), async em => {
    const payment = (await lockPayment(em, paymentId))!;
    const session = await em.findOneOrFail(CheckoutSession, { id });
    if (session.isOpen) session.moveTo(ended?.status === 'COMPLETE' ? 'COMPLETE' : 'EXPIRED');
    await em.flush();
    if (!payment.isOpen || payment.status === 'PROCESSING') return;
    if (reference && payment.providerReference === reference) {
      await retireReference(em, payment, { replace: true });
    } else if (!payment.providerReference && !(await isOrderClosed(em, payment.orderId))) {
      await enqueue(em, createIntentJob, { paymentId });
    }
  });
}

/** The job behind createCheckout: whoever asked is gone, so the buyer goes on without the page. */
export async function settleCheckout(ctx: PaymentsContext, checkoutId: string): Promise<void> {
  const checkout = await fork(ctx.em).findOne(CheckoutSession, { id: checkoutId });
  if (checkout?.status === 'OPENING') await leaveCheckout(ctx, checkout);
}

const loadPayment = (ctx: PaymentsContext, { paymentId }: CheckoutSession) =>
  fork(ctx.em).findOneOrFail(Payment, { id: paymentId });
