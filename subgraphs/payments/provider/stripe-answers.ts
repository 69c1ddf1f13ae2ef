/**
 * Reading Stripe's answers. Compatible servers leave fields out, so that only an object's id and the status of a payment
 * or checkout are essential; everything else has a default, or is told as not told.
 */
import Stripe from 'stripe';
import { isId } from '#shared/data/database.ts';
import type { PaymentStatus } from '../collect/payment.entity.ts';
import type { RefundStatus } from '../refund/refund.entity.ts';
import type { ProviderCheckout, ProviderPayment, ProviderRefund } from './provider.ts';
import { ProviderIncomplete, ProviderRefusal, ProviderUnavailable } from './provider-errors.ts';

/** An object of Stripe's of which any part may be missing. */
export type Partly<T> = { [K in keyof T]?: T[K] | null | undefined };

const STATUSES: Partial<Record<Stripe.PaymentIntent.Status, PaymentStatus>> = {
  requires_payment_method: 'REQUIRES_PAYMENT_METHOD',
  requires_confirmation: 'REQUIRES_PAYMENT_METHOD',
  requires_action: 'REQUIRES_ACTION',
  processing: 'PROCESSING',
  requires_capture: 'PROCESSING',
  succeeded: 'SUCCEEDED',
  canceled: 'CANCELED',
};

const REFUND_STATUSES: Record<string, RefundStatus> = {
  succeeded: 'SUCCEEDED',
  failed: 'FAILED',
  canceled: 'FAILED',
};

/** A status of Stripe's refunds in our words. */
export const refundStatus = (status: string | null | undefined): RefundStatus =>
  REFUND_STATUSES[status ?? ''] ?? 'PENDING';

/** True when the answer is one of an earlier call under the same key. */
export const isReplay = (headers: Record<string, string> | undefined) =>
  headers?.['idempotent-replayed'] === 'true';

/** Runs a call. @throws as translate says; an error of theirs may also come in a shape that the library lets pass. */
export async function attempt<T extends object>(call: () => Promise<T>): Promise<T> {
  let answer: T;
  try {
    answer = await call();
  } catch (error) {
    throw translate(error);
  }
  const { statusCode = 200, headers } = (answer as Partial<Stripe.Response<T>>).lastResponse ?? {};
  if (statusCode < 400) return answer;
  throw unavailable(`status ${statusCode}`, statusCode >= 500, isReplay(headers));
}

/** Stripe's errors carry whole objects with client secrets (I12): only words go on. */
export function translate(error: unknown): unknown {
  if (!(error instanceof Stripe.errors.StripeError)) return error;
  const { statusCode = 0, code, type, message, requestId, headers } = error;
  const detail = [type, code, requestId].filter(Boolean).join(' ');
  // What we would send has changed since the key was used, so that it brings back nothing any more.
  if (error instanceof Stripe.errors.StripeIdempotencyError) return unavailable(detail, true, true);
  // Wrong keys, conflicts and limits pass; for all else that Stripe refuses, it would refuse again.
  const passing = [401, 403, 409, 429].includes(statusCode);
  if (statusCode >= 400 && statusCode < 500 && !passing) return new ProviderRefusal(code ?? type, message);
  // The library tells no status of an answer that is not JSON.
  const unreadable = error instanceof Stripe.errors.StripeAPIError && statusCode === 0;
  return unavailable(detail, statusCode >= 500 || unreadable, isReplay(headers));
}

const unavailable = (detail: string, answered: boolean, stored: boolean) =>
  new ProviderUnavailable(`Stripe did not answer as it should (${detail}).`, answered, stored);

/** The id of an object that Stripe gives as a whole or by its id. */
export const idOf = (object: string | { id: string } | null | undefined) =>
  (typeof object === 'string' ? object : object?.id) ?? null;

/** An id of ours in an object's metadata; others can write there what they like. */
export const ownId = (id: string | null | undefined) => (id && isId(id) ? id : null);

/** True when the answer has all that a payment is followed by, so that it need not be asked for once more. */
export function isWhole(intent: Partly<Stripe.PaymentIntent>): boolean {
  const { id, status, metadata, client_secret: secret, currency, amount_received: received } = intent;
  if (!id || !status || !metadata || !secret) return false;
  return status !== 'succeeded' || (typeof received === 'number' && Boolean(currency));
}

/** @throws ProviderIncomplete without an id or a status. */
export function toPayment(intent: Partly<Stripe.PaymentIntent>): ProviderPayment {
  const { id, metadata, status, latest_charge: charge, last_payment_error: error } = intent;
  if (!id || !status) throw new ProviderIncomplete(id ?? null, 'id or status');
  return {
    reference: id,
    paymentId: ownId(metadata?.paymentId),
    checkoutId: ownId(metadata?.checkoutId),
    // A status that Stripe adds one day is one on the way.
    status: STATUSES[status] ?? 'PROCESSING',
    clientSecret: intent.client_secret ?? null,
    nextActionUrl: intent.next_action?.redirect_to_url?.url ?? null,
    failure: error
      ? { code: error.code ?? error.type ?? 'unknown', message: error.message ?? 'The payment was refused.' }
      : null,
    charge: charge === undefined ? undefined : idOf(charge),
    captured: { amount: intent.amount_received ?? null, currency: intent.currency?.toUpperCase() ?? null },
  };
}

/** @throws ProviderIncomplete without an id. */
export function toRefund(refund: Partly<Stripe.Refund>): ProviderRefund {
  const { id, metadata, amount, status, reason, failure_reason } = refund;
  if (!id) throw new ProviderIncomplete(null, 'id');
  return {
    reference: id,
    refundId: metadata === undefined ? undefined : (metadata?.refundId ?? null),
    amount: amount ?? null,
    status: refundStatus(status),
    reason: failure_reason ?? reason ?? null,
  };
}

/** @throws ProviderIncomplete without an id or a status. */
export function toCheckout(session: Partly<Stripe.Checkout.Session>): ProviderCheckout {
  const { id, status, url, client_secret: clientSecret } = session;
  if (!id || !status) throw new ProviderIncomplete(id ?? null, 'id or status');
  return {
    reference: id,
    status: status === 'open' ? 'OPEN' : status === 'complete' ? 'COMPLETE' : 'EXPIRED',
    url: url ?? null,
    clientSecret: clientSecret ?? null,
    payment: idOf(session.payment_intent),
  };
}
