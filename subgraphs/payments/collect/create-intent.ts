/** Making a payment known to its provider, so that the buyer can confirm it. */
import { inTransaction } from '#shared/data/database.ts';
import { fork } from '#shared/data/entities.ts';
import { findOpenCheckout } from '../checkout/checkout-sessions.ts';
import { cancelOrphansOf } from '../close/orphans.ts';
import { carryOutOnce, intentKey } from '../provider/idempotency-keys.ts';
import type { ProviderPayment } from '../provider/provider.ts';
import { ProviderIncomplete, ProviderRefusal } from '../provider/provider-errors.ts';
import { type PaymentsContext, providerOf } from '../services.ts';
import { applyPayment } from './apply-payment.ts';
import { ensureCustomer } from './customers.ts';
import { Payment } from './payment.entity.ts';
import { announceChange } from './payment-events.ts';
import { lockPayment } from './payment-locks.ts';
import { endPayment, giveUpReference } from './payment-steps.ts';

/** The payment, known to the provider from here on; as it is when it has ended or is paid on a checkout's page. */
export async function createIntent(ctx: PaymentsContext, paymentId: string): Promise<Payment> {
  const em = fork(ctx.em);
  const payment = await em.findOneOrFail(Payment, { id: paymentId });
  if (!payment.isOpen) await cancelOrphansOf(ctx, payment);
  if (!payment.isOpen || payment.providerReference || (await findOpenCheckout(em, paymentId))) return payment;
  try {
    const customer = await ensureCustomer(ctx, payment);
    // What ended meanwhile does not stay at the provider: applyPayment gives it up.
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
  const provider = providerOf(ctx, payment);
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
  await inTransaction(fork(ctx.em), async em => {
    const payment = (await lockPayment(em, paymentId))!;
    payment.flag ??= message;
    if (reference && payment.retiredReferences.includes(reference)) return;
    const free = payment.isOpen && !payment.providerReference && !(await findOpenCheckout(em, paymentId));
    if (reference && free) {
      payment.providerReference = reference;
    } else if (reference && reference !== payment.providerReference) {
      await giveUpReference(em, payment, reference);
    }
    await announceChange(em, payment);
  });
}
