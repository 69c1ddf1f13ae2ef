/** Canceling a payment at the provider. */
import { inTransaction } from '#shared/data/database.ts';
import { fork } from '#shared/data/entities.ts';
import { enqueue } from '#shared/messaging/jobs.ts';
import { findOpenCheckout, leaveCheckout } from '../checkout/checkout-sessions.ts';
import { applyPayment } from '../collect/apply-payment.ts';
import { Payment } from '../collect/payment.entity.ts';
import { lockPayment } from '../collect/payment-locks.ts';
import { endPayment } from '../collect/payment-steps.ts';
import { cancelIntentJob } from '../jobs.ts';
import { type PaymentsContext, providerOf } from '../services.ts';
import { answerClosing } from './close-order.ts';

/**
 * The job: makes sure that nothing can be captured any more, and answers the order that asked for it. Where the provider
 * says that it has been, or that the bank is processing it, that is applied instead: the order then decides.
 */
export async function cancelPayment(ctx: PaymentsContext, paymentId: string): Promise<void> {
  const em = fork(ctx.em);
  const checkout = await findOpenCheckout(em, paymentId);
  if (checkout) await leaveCheckout(ctx, checkout);
  const payment = await em.findOneOrFail(Payment, { id: paymentId });
  if (payment.isOpen) await cancelOpen(ctx, payment);
  const { orderId } = payment;
  // Also when it had ended before: whoever ended it may have died before the answer.
  if (orderId) await inTransaction(fork(ctx.em), em => answerClosing(em, orderId, paymentId));
}

async function cancelOpen(ctx: PaymentsContext, payment: Payment): Promise<void> {
  const { id: paymentId, providerReference: reference, attempts } = payment;
  if (reference) {
    // This tells the outcome of an attempt whose answer was lost, too.
    const ask = () => providerOf(ctx, payment).cancel(reference);
    await applyPayment(ctx, paymentId, ask, { settles: attempts });
    return;
  }
  await inTransaction(fork(ctx.em), async em => {
    const unknown = (await lockPayment(em, paymentId))!;
    // It became known to the provider just now: once more, by a fresh look.
    if (unknown.providerReference) await enqueue(em, cancelIntentJob, { paymentId });
    else if (unknown.isOpen) await endPayment(em, unknown, 'CANCELED', null);
  });
}
