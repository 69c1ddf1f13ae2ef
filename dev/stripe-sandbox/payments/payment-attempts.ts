import type Stripe from 'stripe';
import { followPaymentIntent } from '../checkout/checkout-progress.ts';
import { type Call, idOf } from '../context.ts';
import { emit } from '../events.ts';
import { ApiError, unexpectedState } from '../http/errors.ts';
import { getResource } from '../resources.ts';
import { type Decline, testMethodOf } from './cards.ts';
import { addCharge, decideCharge } from './charges.ts';

// One attempt to collect a payment intent's money, from confirmation to its end:
//
//   requires_confirmation ─┬─> succeeded
//                          ├─> requires_action ──┬─> succeeded
//                          │                     └─> requires_payment_method
//                          ├─> processing ───────┬─> succeeded
//                          │                     └─> requires_payment_method
//                          └─> requires_payment_method (declined)

export interface Attempt {
  /** Where to return after 3-D Secure. */
  returnUrl: string | undefined;
  /** The customer is away: a payment that would need 3-D Secure is declined. */
  offSession: boolean;
}

/**
 * Tries to collect the money with the payment intent's method.
 * @throws ApiError 402 when declined; the attempt is recorded all the same.
 */
export function attemptPayment(call: Call, intent: Stripe.PaymentIntent, attempt: Attempt) {
  const method = getResource(call.store, 'pm_', idOf(intent.payment_method) ?? '', 'payment_method');
  const { behaviour } = testMethodOf(method);
  intent.last_payment_error = null;
  intent.next_action = null;
  intent.payment_method_types = [...new Set([...intent.payment_method_types, method.type])];

  if (behaviour.kind === 'authenticates' && attempt.offSession) {
    const message = 'Your card was declined. This transaction requires authentication.';
    decline(call, intent, method, {
      code: 'authentication_required',
      decline_code: 'authentication_required',
      message,
    });
    throw paymentFailed(intent);
  }
  switch (behaviour.kind) {
    case 'succeeds':
      succeed(call, intent, addCharge(call, intent, method));
      return;
    case 'declines':
      decline(call, intent, method, behaviour.decline);
      throw paymentFailed(intent);
    case 'authenticates':
      intent.status = 'requires_action';
      intent.next_action = nextAction(call, intent, attempt.returnUrl);
      emit(call, 'payment_intent.requires_action', intent);
      return;
    case 'processes': {
      const charge = addCharge(call, intent, method);
      intent.status = 'processing';
      intent.latest_charge = charge.id;
      emit(call, 'charge.pending', charge);
      emit(call, 'payment_intent.processing', intent);
      followPaymentIntent(call, intent);
    }
  }
}

function nextAction(call: Call, intent: Stripe.PaymentIntent, returnUrl: string | undefined) {
  const page = `${call.url}/3ds/${intent.id}`;
  if (returnUrl !== undefined) {
    return { type: 'redirect_to_url', redirect_to_url: { url: page, return_url: returnUrl } };
  }
  const use_stripe_sdk = { type: 'three_d_secure_redirect', stripe_js: page };
  return {
    type: 'use_stripe_sdk',
    use_stripe_sdk: use_stripe_sdk as Stripe.PaymentIntent.NextAction.UseStripeSdk,
  };
}

/**
 * Ends 3-D Secure as the customer did.
 * @throws ApiError 400 when nothing is to be authenticated.
 */
export function finishAuthentication(
  call: Call,
  intent: Stripe.PaymentIntent,
  outcome: 'succeeded' | 'failed',
) {
  if (intent.status !== 'requires_action') {
    throw unexpectedState(
      `This PaymentIntent has a status of ${intent.status}: nothing is to be authenticated.`,
      intent,
    );
  }
  const method = getResource(call.store, 'pm_', idOf(intent.payment_method) ?? '');
  const { behaviour } = testMethodOf(method);
  intent.next_action = null;
  if (outcome === 'failed') {
    fail(call, intent, {
      type: 'invalid_request_error',
      code: 'payment_intent_authentication_failure',
      message:
        'The provided PaymentMethod has failed authentication. You can provide payment_method_data or a new PaymentMethod to attempt to fulfill this PaymentIntent again.',
      payment_method: structuredClone(method),
    });
  } else if (behaviour.kind === 'authenticates' && behaviour.decline !== undefined) {
    decline(call, intent, method, behaviour.decline);
  } else {
    succeed(call, intent, addCharge(call, intent, method));
  }
}

/**
 * Decides a payment that is processing, as the bank does days later.
 * @throws ApiError 400 when it is not processing.
 */
export function settlePayment(call: Call, intent: Stripe.PaymentIntent, outcome: 'succeeded' | 'failed') {
  if (intent.status !== 'processing') {
    throw unexpectedState(
      `This PaymentIntent has a status of ${intent.status}: nothing is to be settled.`,
      intent,
    );
  }
  const charge = getResource(call.store, 'ch_', idOf(intent.latest_charge) ?? '');
  if (outcome === 'succeeded') {
    succeed(call, intent, charge);
    return;
  }
  const reason: Decline = {
    code: 'payment_intent_payment_attempt_failed',
    decline_code: 'generic_decline',
    message: 'The payment failed.',
  };
  decline(call, intent, getResource(call.store, 'pm_', charge.payment_method ?? ''), reason, charge);
}

function succeed(call: Call, intent: Stripe.PaymentIntent, charge: Stripe.Charge) {
  decideCharge(charge, undefined);
  charge.receipt_url = `${call.url}/receipts/${charge.id}`;
  intent.status = 'succeeded';
  intent.amount_received = intent.amount;
  intent.latest_charge = charge.id;
  emit(call, 'charge.succeeded', charge);
  emit(call, 'payment_intent.succeeded', intent);
  followPaymentIntent(call, intent);
}

function decline(
  call: Call,
  intent: Stripe.PaymentIntent,
  method: Stripe.PaymentMethod,
  reason: Decline,
  charge = addCharge(call, intent, method),
) {
  decideCharge(charge, reason);
  intent.latest_charge = charge.id;
  emit(call, 'charge.failed', charge);
  fail(call, intent, {
    type: 'card_error',
    ...reason,
    charge: charge.id,
    payment_method: structuredClone(method),
  });
}

function fail(call: Call, intent: Stripe.PaymentIntent, error: Stripe.PaymentIntent.LastPaymentError) {
  intent.status = 'requires_payment_method';
  intent.payment_method = null;
  intent.last_payment_error = error;
  emit(call, 'payment_intent.payment_failed', intent);
  followPaymentIntent(call, intent);
}

/** 402 with the reason that the payment intent has just recorded. */
function paymentFailed(intent: Stripe.PaymentIntent): ApiError {
  const { type: _, ...reason } = intent.last_payment_error!;
  const message = reason.message ?? 'The payment failed.';
  return new ApiError(402, {
    ...reason,
    type: 'card_error',
    message,
    payment_intent: structuredClone(intent),
  });
}
