import type Stripe from 'stripe';
import { z } from 'zod';
import { mergeMetadata, newId, now } from '../context.ts';
import { currency, integer, metadata } from '../http/params.ts';

export const lineItemParams = z.strictObject({
  quantity: integer({ min: 1 }),
  price_data: z.strictObject({
    currency: currency(),
    unit_amount: integer(),
    product_data: z.strictObject({
      name: z.string().min(1),
      description: z.string().optional(),
      metadata: metadata().optional(),
    }),
  }),
});

/** A line of a checkout session, with a price made for it alone. */
export function toLineItem({ quantity, price_data }: z.infer<typeof lineItemParams>): Stripe.LineItem {
  const { unit_amount, product_data } = price_data;
  const amount = unit_amount * quantity;
  return {
    id: newId('li_1'),
    object: 'item',
    adjustable_quantity: null,
    amount_discount: 0,
    amount_subtotal: amount,
    amount_tax: 0,
    amount_total: amount,
    currency: price_data.currency,
    description: product_data.name,
    metadata: mergeMetadata(null, product_data.metadata),
    price: {
      id: newId('price_1'),
      object: 'price',
      active: false,
      billing_scheme: 'per_unit',
      created: now(),
      currency: price_data.currency,
      custom_unit_amount: null,
      livemode: false,
      lookup_key: null,
      metadata: {},
      nickname: null,
      product: newId('prod_', 14),
      recurring: null,
      tax_behavior: 'unspecified',
      tiers_mode: null,
      transform_quantity: null,
      type: 'one_time',
      unit_amount,
      unit_amount_decimal: null,
    },
    quantity,
  };
}

/** What the sandbox's sessions have in common: all that Guichet does not use is absent or off. */
export const BLANK_SESSION = {
  object: 'checkout.session',
  adaptive_pricing: { enabled: false },
  after_expiration: null,
  allow_promotion_codes: null,
  automatic_tax: { enabled: false, liability: null, provider: null, status: null },
  billing_address_collection: null,
  collected_information: null,
  consent: null,
  consent_collection: null,
  currency_conversion: null,
  custom_fields: [],
  custom_text: {
    after_submit: null,
    shipping_address: null,
    submit: null,
    terms_of_service_acceptance: null,
  },
  customer_account: null,
  customer_creation: 'if_required',
  customer_details: null,
  discounts: [],
  integration_identifier: null,
  invoice: null,
  invoice_creation: null,
  livemode: false,
  managed_payments: null,
  mode: 'payment',
  origin_context: null,
  payment_intent: null,
  payment_link: null,
  payment_method_collection: 'if_required',
  payment_method_configuration_details: null,
  payment_method_options: {},
  payment_status: 'unpaid',
  permissions: null,
  phone_number_collection: { enabled: false },
  recovered_from: null,
  saved_payment_method_options: null,
  setup_intent: null,
  shipping_address_collection: null,
  shipping_cost: null,
  shipping_options: [],
  status: 'open',
  subscription: null,
  total_details: { amount_discount: 0, amount_shipping: 0, amount_tax: 0 },
  wallet_options: null,
} satisfies Partial<Stripe.Checkout.Session>;
