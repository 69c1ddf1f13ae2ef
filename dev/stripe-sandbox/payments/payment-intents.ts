import type Stripe from 'stripe';
import { z } from 'zod';
import { type Call, idOf, mergeMetadata, newId, now, type Operation } from '../context.ts';
import { emit } from '../events.ts';
import { ApiError, invalidParameter, noSuch, unexpectedState } from '../http/errors.ts';
import {
  currency,
  expandable,
  flag,
  integer,
  list,
  metadata,
  page,
  readParams,
  url,
} from '../http/params.ts';
import { expand, getResource, listPage } from '../resources.ts';
import { attemptPayment } from './payment-attempts.ts';
import { resolvePaymentMethod } from './payment-methods.ts';

type Status = Stripe.PaymentIntent.Status;

const OPEN: readonly Status[] = ['requires_payment_method', 'requires_confirmation', 'requires_action'];
/** In which statuses each operation is allowed; whatever else a payment intent takes it takes in every status. */
const ALLOWED = {
  canceled: OPEN,
  confirmed: OPEN,
  'updated in its amount, currency, customer or payment method': OPEN,
} as const;

/** Types of methods that never lead the customer away. */
const STAYING = ['card', 'link', 'sepa_debit', 'us_bank_account'];

function checkStatus(intent: Stripe.PaymentIntent, operation: keyof typeof ALLOWED) {
  if (ALLOWED[operation].includes(intent.status)) return;
  const message =
    operation === 'confirmed' && intent.status === 'succeeded'
      ? 'You cannot confirm this PaymentIntent because it has already succeeded after being previously confirmed.'
      : `This PaymentIntent has a status of ${intent.status}. Only a PaymentIntent with one of the following statuses may be ${operation}: ${ALLOWED[operation].join(', ')}.`;
  throw unexpectedState(message, intent);
}

const changeable = {
  amount: integer({ min: 1 }).optional(),
  currency: currency().optional(),
  customer: z.string().optional(),
  description: z.string().optional(),
  metadata: metadata().optional(),
  payment_method: z.string().optional(),
  receipt_email: z.string().optional(),
};

const confirming = {
  ...expandable,
  off_session: flag().optional(),
  payment_method: z.string().optional(),
  receipt_email: z.string().optional(),
  return_url: url().optional(),
  use_stripe_sdk: flag().optional(),
} satisfies { [K in keyof Stripe.PaymentIntentConfirmParams]?: z.ZodType };
/** The client secret comes from browsers only, so the server's types do not have it. */
const confirmParams = z.strictObject({ ...confirming, client_secret: z.string().optional() });

const createParams = z.strictObject({
  ...confirming,
  ...changeable,
  amount: integer({ min: 1 }),
  currency: currency(),
  allowed_payment_method_types: list(z.string()).optional(),
  automatic_payment_methods: z
    .strictObject({ enabled: flag(), allow_redirects: z.enum(['always', 'never']).default('always') })
    .optional(),
  capture_method: z.enum(['automatic', 'automatic_async']).default('automatic_async'),
  confirm: flag().default(false),
} satisfies { [K in keyof Stripe.PaymentIntentCreateParams]?: z.ZodType });

/** Adds a payment intent and tells of it; it is not yet confirmed. */
export function addPaymentIntent(call: Call, asked: Omit<z.infer<typeof createParams>, 'confirm'>) {
  if (asked.customer !== undefined) getResource(call.store, 'cus_', asked.customer, 'customer');
  const method =
    asked.payment_method === undefined ? undefined : resolvePaymentMethod(call, asked.payment_method);
  const id = newId('pi_3');
  const automatic = asked.automatic_payment_methods ?? { enabled: true, allow_redirects: 'always' as const };
  const intent: Stripe.PaymentIntent = {
    id,
    object: 'payment_intent',
    allowed_payment_method_types: asked.allowed_payment_method_types ?? null,
    amount: asked.amount,
    amount_capturable: 0,
    amount_details: { tip: {} },
    amount_received: 0,
    application: null,
    application_fee_amount: null,
    automatic_payment_methods: automatic,
    canceled_at: null,
    cancellation_reason: null,
    capture_method: asked.capture_method,
    client_secret: `${id}_secret_${newId('', 25)}`,
    confirmation_method: 'automatic',
    created: now(),
    currency: asked.currency,
    customer: asked.customer ?? null,
    customer_account: null,
    description: asked.description ?? null,
    excluded_payment_method_types: null,
    last_payment_error: null,
    latest_charge: null,
    livemode: false,
    managed_payments: null,
    metadata: mergeMetadata(null, asked.metadata),
    next_action: null,
    on_behalf_of: null,
    payment_method: method?.id ?? null,
    payment_method_configuration_details: null,
    payment_method_options: {},
    payment_method_types: asked.allowed_payment_method_types ?? ['card', 'link'],
    payment_record: null,
    processing: null,
    receipt_email: asked.receipt_email ?? null,
    review: null,
    setup_future_usage: null,
    shipping: null,
    source: null,
    statement_descriptor: null,
    statement_descriptor_suffix: null,
    status: method === undefined ? 'requires_payment_method' : 'requires_confirmation',
    transfer_data: null,
    transfer_group: null,
  };
  call.store.paymentIntents.set(id, intent);
  emit(call, 'payment_intent.created', intent);
  return intent;
}

export const createPaymentIntent: Operation = call => {
  const asked = readParams(createParams, call.params);
  if (!asked.confirm && asked.return_url !== undefined) {
    throw invalidParameter('You can only pass return_url when confirm is true.', 'return_url');
  }
  if (asked.confirm) checkReturnUrl(asked, asked);
  const intent = addPaymentIntent(call, asked);
  if (asked.confirm) confirmPaymentIntent(call, intent, { ...asked, payment_method: undefined });
  return expand(call.store, intent, asked.expand);
};

/** Methods that redirect may be chosen unless they are excluded, so Stripe wants to know where to return. */
function checkReturnUrl(
  accepted: Pick<
    Stripe.PaymentIntentCreateParams,
    'allowed_payment_method_types' | 'automatic_payment_methods'
  >,
  asked: { return_url?: string; use_stripe_sdk?: boolean },
) {
  if (asked.return_url !== undefined || asked.use_stripe_sdk) return;
  if (accepted.automatic_payment_methods?.allow_redirects === 'never') return;
  if (accepted.allowed_payment_method_types?.every(type => STAYING.includes(type))) return;
  throw invalidParameter(
    "This PaymentIntent is configured to accept payment methods enabled in your Dashboard. Because some of these payment methods might redirect your customer off of your page, you must provide a `return_url`. If you don't want to accept redirect-based payment methods, set `automatic_payment_methods[enabled]` to `true` and `automatic_payment_methods[allow_redirects]` to `never` when creating Setup Intents and Payment Intents.",
    'return_url',
  );
}

/**
 * Confirms: takes the payment method, if one is given, and attempts to collect the money.
 * @throws ApiError 400 in a wrong status, 402 when declined.
 */
export function confirmPaymentIntent(
  call: Call,
  intent: Stripe.PaymentIntent,
  asked: z.infer<typeof confirmParams>,
) {
  checkStatus(intent, 'confirmed');
  checkReturnUrl(
    {
      allowed_payment_method_types: intent.allowed_payment_method_types ?? undefined,
      automatic_payment_methods: intent.automatic_payment_methods ?? undefined,
    },
    asked,
  );
  if (asked.payment_method !== undefined) {
    intent.payment_method = resolvePaymentMethod(call, asked.payment_method).id;
  }
  if (intent.payment_method === null) {
    throw unexpectedState(
      "You cannot confirm this PaymentIntent because it's missing a payment method. You can either update the PaymentIntent with a payment method and then confirm it again, or confirm it again directly with a payment method or ConfirmationToken.",
      intent,
    );
  }
  if (asked.receipt_email !== undefined) intent.receipt_email = asked.receipt_email || null;
  attemptPayment(call, intent, {
    returnUrl: asked.use_stripe_sdk ? undefined : asked.return_url,
    offSession: asked.off_session ?? false,
  });
}

/** A payment intent the caller may see: with a publishable key, only against its client secret. */
function openPaymentIntent(call: Call, clientSecret: string | undefined) {
  const intent = getResource(call.store, 'pi_', call.id, 'intent');
  if (clientSecret === undefined && call.publishable) throw noSuch('payment_intent', call.id, 'intent');
  if (clientSecret !== undefined && clientSecret !== intent.client_secret) {
    throw new ApiError(400, {
      type: 'invalid_request_error',
      message:
        'The client_secret provided does not match the client_secret associated with this PaymentIntent.',
      param: 'client_secret',
    });
  }
  return intent;
}

export const retrievePaymentIntent: Operation = call => {
  const asked = readParams(
    z.strictObject({ ...expandable, client_secret: z.string().optional() }),
    call.params,
  );
  return expand(call.store, openPaymentIntent(call, asked.client_secret), asked.expand);
};

export const confirmPayment: Operation = call => {
  const asked = readParams(confirmParams, call.params);
  const intent = openPaymentIntent(call, asked.client_secret);
  confirmPaymentIntent(call, intent, asked);
  return expand(call.store, intent, asked.expand);
};

const updateParams = z.strictObject({ ...expandable, ...changeable } satisfies {
  [K in keyof Stripe.PaymentIntentUpdateParams]?: z.ZodType;
});

export const updatePaymentIntent: Operation = call => {
  const { expand: paths, metadata: change, payment_method, ...asked } = readParams(updateParams, call.params);
  const intent = getResource(call.store, 'pi_', call.id, 'intent');
  const moneyChanges = [asked.amount, asked.currency, asked.customer, payment_method].some(
    value => value !== undefined,
  );
  if (moneyChanges) checkStatus(intent, 'updated in its amount, currency, customer or payment method');
  if (asked.customer !== undefined) getResource(call.store, 'cus_', asked.customer, 'customer');
  if (payment_method !== undefined) {
    intent.payment_method = resolvePaymentMethod(call, payment_method).id;
  }
  if (moneyChanges) {
    // What was to be authenticated is no longer what is to be paid.
    intent.next_action = null;
    intent.status =
      idOf(intent.payment_method) === null ? 'requires_payment_method' : 'requires_confirmation';
  }
  Object.assign(intent, asked, { metadata: mergeMetadata(intent.metadata, change) });
  call.store.changed();
  return expand(call.store, intent, paths);
};

const cancelParams = z.strictObject({
  ...expandable,
  cancellation_reason: z.enum(['duplicate', 'fraudulent', 'requested_by_customer', 'abandoned']).optional(),
} satisfies { [K in keyof Stripe.PaymentIntentCancelParams]?: z.ZodType });

/** @throws ApiError 400 when it is canceled, paid, or processed by the bank. */
export function cancelPaymentIntent(
  call: Call,
  intent: Stripe.PaymentIntent,
  reason: Stripe.PaymentIntent.CancellationReason | null,
) {
  checkStatus(intent, 'canceled');
  Object.assign(intent, {
    status: 'canceled',
    canceled_at: now(),
    cancellation_reason: reason,
    next_action: null,
  });
  emit(call, 'payment_intent.canceled', intent);
}

export const cancelPayment: Operation = call => {
  const asked = readParams(cancelParams, call.params);
  const intent = getResource(call.store, 'pi_', call.id, 'intent');
  cancelPaymentIntent(call, intent, asked.cancellation_reason ?? null);
  return expand(call.store, intent, asked.expand);
};

const listParams = z.strictObject({ ...page, customer: z.string().optional() });

export const listPaymentIntents: Operation = ({ store, params }) => {
  const asked = readParams(listParams, params);
  const matches = (intent: Stripe.PaymentIntent) =>
    asked.customer === undefined || intent.customer === asked.customer;
  const listed = listPage(store.paymentIntents.values(), '/v1/payment_intents', asked, matches);
  return expand(store, listed, asked.expand);
};
