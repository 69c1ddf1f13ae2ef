/** Finding out what has become of an attempt whose answer was lost, or that a bank takes its time for. */
import { inTransaction } from '#shared/data/database.ts';
import { fork } from '#shared/data/entities.ts';
import { enqueue } from '#shared/messaging/jobs.ts';
import { cancelPayment } from '../close/cancel-payment.ts';
import { isOrderClosed } from '../close/close-order.ts';
import { cancelOrphansOf } from '../close/orphans.ts';
import { applyPayment } from '../collect/apply-payment.ts';
import { Payment } from '../collect/payment.entity.ts';
import { lockPayment } from '../collect/payment-locks.ts';
import { BANK_WAIT_MS, flagPayment } from '../collect/payment-steps.ts';
import { reconcilePaymentJob } from '../jobs.ts';
import { ProviderIncomplete, ProviderUnavailable } from '../provider/provider-errors.ts';
import { type PaymentsContext, providerOf } from '../services.ts';
import { askLater, carryOutAttempt, giveUpAttempt } from './attempts.ts';

/** An attempt that was answered with errors and that left no trace for this long is given up. */
const TRACELESS_MS = 60_000;

/** Asks the provider about a payment whose outcome is not known, and goes on asking until it is (F2, F3). */
export async function reconcilePayment(ctx: PaymentsContext, paymentId: string): Promise<void> {
  const em = fork(ctx.em);
  const payment = await em.findOneOrFail(Payment, { id: paymentId });
  const { confirmingSince, attempts } = payment;
  if (!confirmingSince) return askBank(ctx, payment);
  try {
    if (await isOrderClosed(em, payment.orderId)) {
      // Nobody wants it any more; canceling finds out, too.
      await cancelPayment(ctx, paymentId);
      await cancelOrphansOf(ctx, await giveUpAttempt(ctx, paymentId, attempts));
    } else {
      await carryOutAttempt(ctx, payment);
    }
  } catch (error) {
    if (!(error instanceof ProviderUnavailable)) throw error;
    ctx.log.warn({ err: error, paymentId }, 'the outcome of a payment is still not known');
    if (error.answered) await endTraceless(ctx, paymentId);
    if (error instanceof ProviderIncomplete) await flagPayment(ctx, paymentId, error.message);
    await inTransaction(fork(ctx.em), async em => {
      const unknown = (await lockPayment(em, paymentId))!;
      if (unknown.confirmingSince && unknown.attempts === attempts) await askLater(em, unknown);
    });
  }
}

/** The provider has answered with errors all the time: the buyer may go on with what the payment itself tells. */
async function endTraceless(ctx: PaymentsContext, paymentId: string): Promise<void> {
  const payment = await fork(ctx.em).findOneOrFail(Payment, { id: paymentId });
  const { providerReference, confirmingSince, attempts } = payment;
  if (!providerReference || !confirmingSince) return;
  if (Date.now() - confirmingSince.getTime() < TRACELESS_MS) return;
  const ask = () => providerOf(ctx, payment).retrieve(providerReference);
  try {
    await applyPayment(ctx, paymentId, ask, { settles: attempts });
  } catch (error) {
    if (!(error instanceof ProviderUnavailable)) throw error;
  }
}

/** The bank is processing it: asks, and again later as long as it has not decided. */
async function askBank(ctx: PaymentsContext, asked: Payment): Promise<void> {
  const { id, status, providerReference } = asked;
  if (status !== 'PROCESSING' || !providerReference) return;
  const { payment } = await applyPayment(ctx, id, () => providerOf(ctx, asked).retrieve(providerReference));
  if (payment.status !== 'PROCESSING') return;
  const at = new Date(Date.now() + BANK_WAIT_MS);
  await inTransaction(fork(ctx.em), em => enqueue(em, reconcilePaymentJob, { paymentId: id }, { at }));
}
