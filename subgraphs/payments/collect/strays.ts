/**
 * Payments at the provider that were made for one of ours and are not its reference: made behind an error after it was
 * given up, or for what ended meanwhile. Nobody has their secret; they are canceled all the same, so that nothing can
 * ever be captured beside the payment (I1).
 */

import { type EntityManager, inTransaction } from '#shared/data/database.ts';
import { enqueue } from '#shared/messaging/jobs.ts';
import { cancelStrayJob } from '../jobs.ts';
import { hasFailed, intentKey } from '../provider/keys.ts';
import type { ProviderPayment } from '../provider/provider.ts';
import type { PaymentsContext } from '../services.ts';
import { applyPayment } from './apply-payment.ts';
import { findCustomer } from './customers.ts';
import { lockPayment } from './locks.ts';
import type { Payment } from './payment.entity.ts';
import { BANK_WAIT_MS } from './payment-steps.ts';

/** Gives up what turned up at the provider beside the locked payment, when it is that; a job cancels it. */
export async function dropStray(em: EntityManager, payment: Payment, seen: ProviderPayment): Promise<void> {
  const { providerReference, retiredReferences } = payment;
  const another = providerReference ? providerReference !== seen.reference : !payment.isOpen;
  // What belongs to a checkout ends with its page.
  if (!another || seen.checkoutId || retiredReferences.includes(seen.reference)) return;
  if (seen.status === 'CANCELED' || seen.status === 'SUCCEEDED') return;
  await giveUpReference(em, payment, seen.reference);
}

/** Has a job cancel a reference that the locked payment does not go on with. */
export async function giveUpReference(em: EntityManager, payment: Payment, reference: string): Promise<void> {
  payment.retiredReferences = [...payment.retiredReferences, reference];
  await em.flush();
  await enqueue(em, cancelStrayJob, { paymentId: payment.id, reference });
}

/** Looks for what was made behind errors for a payment that has ended. Costs one look-up where there was no error. */
export async function dropStraysOf(ctx: PaymentsContext, payment: Payment): Promise<void> {
  const em = ctx.em.fork() as EntityManager;
  if (!(await hasFailed(em, intentKey(payment.id)))) return;
  const customer = await findCustomer(em, payment.customerId);
  if (!customer) return;
  const found = await ctx.services.provider.findPayments(payment, customer);
  await inTransaction(em, async em => {
    const locked = (await lockPayment(em, payment.id))!;
    for (const seen of found) await dropStray(em, locked, seen);
  });
}

/** The job: cancels a stray, or follows what it has come to. */
export async function cancelStray(ctx: PaymentsContext, paymentId: string, reference: string): Promise<void> {
  const seen = await ctx.services.provider.cancel(reference);
  if (seen.status === 'CANCELED') return;
  await applyPayment(ctx, paymentId, async () => seen);
  if (seen.status === 'SUCCEEDED') return;
  const at = new Date(Date.now() + BANK_WAIT_MS);
  await inTransaction(ctx.em.fork() as EntityManager, em =>
    enqueue(em, cancelStrayJob, { paymentId, reference }, { at }),
  );
}
