/**
 * Orphans: payments at the provider that were made for one of ours and that ours does not refer to, because they were
 * made behind an error after it was given up, or for what ended meanwhile. Nobody has their secret; they are canceled
 * all the same, so that nothing can ever be captured beside the payment (I1).
 */
import { inTransaction } from '#shared/data/database.ts';
import { fork } from '#shared/data/entities.ts';
import { enqueue } from '#shared/messaging/jobs.ts';
import { applyPayment } from '../collect/apply-payment.ts';
import { findCustomer } from '../collect/customers.ts';
import { Payment } from '../collect/payment.entity.ts';
import { lockPayment } from '../collect/payment-locks.ts';
import { BANK_WAIT_MS, giveUpOrphan } from '../collect/payment-steps.ts';
import { cancelOrphanJob } from '../jobs.ts';
import { hasFailed, intentKey } from '../provider/idempotency-keys.ts';
import { type PaymentsContext, providerOf } from '../services.ts';

/** Looks for what was made behind errors for a payment that has ended. Costs one look-up where there was no error. */
export async function cancelOrphansOf(ctx: PaymentsContext, payment: Payment): Promise<void> {
  const em = fork(ctx.em);
  if (!(await hasFailed(em, intentKey(payment.id)))) return;
  const customer = await findCustomer(em, payment);
  if (!customer) return;
  const found = await providerOf(ctx, payment).findPayments(payment, customer);
  await inTransaction(em, async em => {
    const locked = (await lockPayment(em, payment.id))!;
    for (const seen of found) await giveUpOrphan(em, locked, seen);
  });
}

/** The job: cancels an orphan, or follows what it has come to. */
export async function cancelOrphan(
  ctx: PaymentsContext,
  paymentId: string,
  reference: string,
): Promise<void> {
  const payment = await fork(ctx.em).findOneOrFail(Payment, { id: paymentId });
  const seen = await providerOf(ctx, payment).cancel(reference);
  if (seen.status === 'CANCELED') return;
  await applyPayment(ctx, paymentId, async () => seen);
  if (seen.status === 'SUCCEEDED') return;
  const at = new Date(Date.now() + BANK_WAIT_MS);
  await inTransaction(fork(ctx.em), em => enqueue(em, cancelOrphanJob, { paymentId, reference }, { at }));
}
