import type Stripe from 'stripe';
import { z } from 'zod';
import { type Call, idOf, mergeMetadata, newId, now, type Operation } from '../context.ts';
import { emit } from '../events.ts';
import { ApiError, invalidParameter } from '../http/errors.ts';
import { expandable, integer, list, metadata, page, readParams, url } from '../http/params.ts';
import { addPaymentIntent, cancelPaymentIntent, confirmPaymentIntent } from '../payments/payment-intents.ts';
import { expand, getResource, listPage } from '../resources.ts';
import { BLANK_SESSION, lineItemParams, toLineItem } from './checkout-objects.ts';
import { withoutLineItems } from './checkout-progress.ts';

type Session = Stripe.Checkout.Session;

/** Older API versions called these modes by shorter names. */
const UI_MODES = {
  hosted_page: 'hosted_page',
  embedded_page: 'embedded_page',
  hosted: 'hosted_page',
  embedded: 'embedded_page',
} as const;

const DAY_SECONDS = 24 * 60 * 60;
const HALF_HOUR_SECONDS = 30 * 60;

const createParams = z.strictObject({
  ...expandable,
  allowed_payment_method_types: list(z.string()).optional(),
  cancel_url: url().optional(),
  client_reference_id: z.string().max(200).optional(),
  customer: z.string().optional(),
  customer_email: z.string().optional(),
  expires_at: integer({ max: Number.MAX_SAFE_INTEGER }).optional(),
  line_items: list(lineItemParams).refine(items => items.length > 0, 'At least one line item is needed.'),
  locale: z.string().optional(),
  metadata: metadata().optional(),
  mode: z.literal('payment'),
  payment_intent_data: z
    .strictObject({
      description: z.string().optional(),
      metadata: metadata().optional(),
      receipt_email: z.string().optional(),
    })
    .optional(),
  redirect_on_completion: z.enum(['always', 'if_required', 'never']).optional(),
  return_url: z.string().optional(),
  submit_type: z.enum(['auto', 'book', 'donate', 'pay']).optional(),
  success_url: z.string().optional(),
  ui_mode: z.enum(['hosted_page', 'embedded_page', 'hosted', 'embedded']).default('hosted_page'),
} satisfies { [K in keyof Stripe.Checkout.SessionCreateParams]?: z.ZodType });
export const createSession: Operation = call => {
  const asked = readParams(createParams, call.params);
  const uiMode = UI_MODES[asked.ui_mode];
  checkAddresses(uiMode, asked);
  const expiresAt = asked.expires_at ?? now() + DAY_SECONDS;
  if (expiresAt < now() + HALF_HOUR_SECONDS - 60 || expiresAt > now() + DAY_SECONDS + 60) {
    throw invalidParameter(
      'The `expires_at` timestamp must be at least 30 minutes and at most 24 hours from Checkout Session creation.',
      'expires_at',
    );
  }
  if (asked.customer !== undefined) getResource(call.store, 'cus_', asked.customer, 'customer');
  const lineItems = asked.line_items.map(toLineItem);
  const total = lineItems.reduce((sum, item) => sum + item.amount_total, 0);
  if (new Set(lineItems.map(item => item.currency)).size > 1) {
    throw invalidParameter('All line items must have the same currency.', 'line_items');
  }
  const id = newId('cs_test_a1', 56);
  const hosted = uiMode === 'hosted_page';
  const session: Session = {
    ...structuredClone(BLANK_SESSION),
    id,
    amount_subtotal: total,
    amount_total: total,
    cancel_url: asked.cancel_url ?? null,
    client_reference_id: asked.client_reference_id ?? null,
    client_secret: hosted ? null : `${id}_secret_${newId('', 40)}`,
    created: now(),
    currency: lineItems[0]!.currency,
    customer: asked.customer ?? null,
    customer_email: asked.customer_email ?? null,
    expires_at: expiresAt,
    line_items: {
      object: 'list',
      data: lineItems,
      has_more: false,
      url: `/v1/checkout/sessions/${id}/line_items`,
    },
    locale: asked.locale ?? null,
    metadata: mergeMetadata(null, asked.metadata),
    allowed_payment_method_types: asked.allowed_payment_method_types ?? null,
    payment_method_types: asked.allowed_payment_method_types ?? ['card'],
    ...(asked.return_url !== undefined && { return_url: asked.return_url }),
    submit_type: asked.submit_type ?? null,
    success_url: asked.success_url ?? null,
    ui_mode: uiMode,
    url: hosted ? `${call.url}/checkout/${id}` : null,
    ...(!hosted && { redirect_on_completion: asked.redirect_on_completion ?? 'always' }),
  };
  call.store.sessions.set(id, session);
  call.store.sessionPayments.set(id, asked.payment_intent_data ?? {});
  call.store.changed();
  return show(call, session, asked.expand);
};

/** A hosted page needs to know where to go on success; an embedded one where to return, unless it never leaves. */
function checkAddresses(uiMode: string, asked: z.infer<typeof createParams>) {
  const hosted = uiMode === 'hosted_page';
  const needed = hosted ? 'success_url' : 'return_url';
  const excess = hosted ? 'return_url' : 'success_url';
  if (asked[excess] !== undefined) {
    throw invalidParameter(`You cannot use ${excess} with ui_mode ${uiMode}.`, excess);
  }
  if (asked[needed] === undefined && (hosted || asked.redirect_on_completion !== 'never')) {
    throw invalidParameter(`Missing required param: ${needed}.`, needed, 'parameter_missing');
  }
  if (asked[needed] !== undefined && !URL.canParse(asked[needed])) {
    throw invalidParameter('Not a valid URL', needed, 'url_invalid');
  }
}

function show(call: Call, session: Session, paths: string[] = []): Session {
  const shown = expand(call.store, session, paths);
  return paths.some(path => path.split('.')[0] === 'line_items') ? shown : withoutLineItems(shown);
}

export const retrieveSession: Operation = call => {
  const asked = readParams(z.strictObject(expandable), call.params);
  return show(call, getResource(call.store, 'cs_', call.id), asked.expand);
};

const listParams = z.strictObject({
  ...page,
  customer: z.string().optional(),
  payment_intent: z.string().optional(),
});

export const listSessions: Operation = ({ store, params }) => {
  const asked = readParams(listParams, params);
  const matches = (session: Session) =>
    (asked.customer === undefined || idOf(session.customer) === asked.customer) &&
    (asked.payment_intent === undefined || session.payment_intent === asked.payment_intent);
  const shown = [...store.sessions.values()].filter(matches).map(withoutLineItems);
  return expand(store, listPage(shown, '/v1/checkout/sessions', asked), asked.expand);
};

export const listLineItems: Operation = call => {
  readParams(z.strictObject(page), call.params);
  return expand(call.store, getResource(call.store, 'cs_', call.id).line_items!);
};

export const expireSession: Operation = call => {
  const asked = readParams(z.strictObject(expandable), call.params);
  const session = getResource(call.store, 'cs_', call.id);
  checkOpen(session, 'expired');
  endSession(call, session);
  return show(call, session, asked.expand);
};

function checkOpen(session: Session, operation: string) {
  if (session.status === 'open') return;
  throw new ApiError(400, {
    type: 'invalid_request_error',
    message: `Only Checkout Sessions with a status in ["open"] can be ${operation}. This Checkout Session has a status of ${session.status}.`,
  });
}

function endSession(call: Call, session: Session) {
  Object.assign(session, { status: 'expired', url: null });
  const intent = call.store.paymentIntents.get(idOf(session.payment_intent) ?? '');
  if (intent !== undefined) cancelPaymentIntent(call, intent, 'expired');
  emit(call, 'checkout.session.expired', withoutLineItems(session));
}

/** Ends the open sessions whose time has come. */
export function expireDueSessions(call: Call) {
  for (const session of call.store.sessions.values()) {
    if (session.status === 'open' && session.expires_at <= now()) endSession(call, session);
  }
}

/**
 * Pays an open session with a test method, as its page does. A payment intent is made by the first attempt and used
 * by the following ones.
 * @throws ApiError 402 when declined: the session stays open.
 */
export function paySession(call: Call, session: Session, paymentMethod: string): Stripe.PaymentIntent {
  checkOpen(session, 'paid');
  const intent =
    call.store.paymentIntents.get(idOf(session.payment_intent) ?? '') ??
    addPaymentIntent(call, {
      amount: session.amount_total!,
      currency: session.currency!,
      customer: idOf(session.customer) ?? undefined,
      capture_method: 'automatic_async',
      allowed_payment_method_types: session.allowed_payment_method_types ?? undefined,
      ...call.store.sessionPayments.get(session.id),
    });
  session.payment_intent = intent.id;
  const customer = call.store.customers.get(idOf(session.customer) ?? '');
  session.customer_details = {
    address: null,
    business_name: null,
    email: customer?.email ?? session.customer_email,
    individual_name: null,
    name: customer?.name ?? null,
    phone: null,
    tax_exempt: 'none',
    tax_ids: [],
  };
  confirmPaymentIntent(call, intent, {
    payment_method: paymentMethod,
    return_url: `${call.url}/checkout/${session.id}`,
  });
  return intent;
}

/** Where a paid session sends its customer, or null when it says so itself. */
export function afterPayment(session: Session): string | null {
  const target = session.success_url ?? session.return_url ?? null;
  return target?.replaceAll('{CHECKOUT_SESSION_ID}', session.id) ?? null;
}
