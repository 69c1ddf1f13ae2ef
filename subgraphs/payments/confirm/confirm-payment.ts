/** Confirming a payment: its buyer gives a payment method, the provider tries to collect. */
import { requireViewer } from '#shared/context.ts';
import { inTransaction } from '#shared/data/database.ts';
import { fork } from '#shared/data/entities.ts';
import { badInput, notFound } from '#shared/kernel/errors.ts';
import { isWebAddress } from '../checkout/checkout-sessions.ts';
import { isOrderClosed } from '../close/close-order.ts';
import { lockPayment } from '../collect/payment-locks.ts';
import type { PaymentsContext } from '../services.ts';
import { attemptNow, reserveAttempt } from './attempts.ts';

export interface ConfirmPaymentInput {
  paymentId: string;
  paymentMethodId: string;
  returnUrl?: string | null | undefined;
}

const notConfirmable = (message: string) => ({ __typename: 'PaymentNotConfirmable' as const, message });

/** Confirms a payment. Rights: its customer. A declined card is answered with the payment, which stays open. */
export async function confirmPayment(ctx: PaymentsContext, input: ConfirmPaymentInput) {
  const { id: viewerId } = requireViewer(ctx);
  if (input.returnUrl && !isWebAddress(input.returnUrl)) {
    throw badInput('returnUrl: must be an http or https address.');
  }
  const reserved = await inTransaction(fork(ctx.em), async em => {
    const payment = await lockPayment(em, input.paymentId);
    if (payment?.customerId !== viewerId) throw notFound('Payment');
    const reason = payment.whyNotConfirmable(await isOrderClosed(em, payment.orderId));
    if (!reason) await reserveAttempt(ctx, em, payment, input);
    return { reason, payment };
  });
  if (reserved.reason) return notConfirmable(reserved.reason);
  const { payment, refusal } = await attemptNow(ctx, reserved.payment);
  return refusal ? notConfirmable(refusal) : payment;
}
