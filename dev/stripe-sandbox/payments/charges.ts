import type Stripe from 'stripe';
import { z } from 'zod';
import { type Call, idOf, newId, now, type Operation } from '../context.ts';
import { expandable, page, readParams } from '../http/params.ts';
import { expand, getResource, listPage } from '../resources.ts';
import { type Decline, testMethodOf } from './cards.ts';

/** Adds the charge of an attempt; a pending one is decided later by `decideCharge`. */
export function addCharge(
  call: Call,
  intent: Stripe.PaymentIntent,
  method: Stripe.PaymentMethod,
): Stripe.Charge {
  const charge: Stripe.Charge = {
    id: newId('ch_3'),
    object: 'charge',
    amount: intent.amount,
    amount_captured: 0,
    amount_refunded: 0,
    application: null,
    application_fee: null,
    application_fee_amount: null,
    balance_transaction: null,
    billing_details: structuredClone(method.billing_details),
    calculated_statement_descriptor: 'GUICHET',
    captured: false,
    created: now(),
    currency: intent.currency,
    customer: idOf(intent.customer),
    description: intent.description,
    disputed: false,
    failure_balance_transaction: null,
    failure_code: null,
    failure_message: null,
    fraud_details: {},
    livemode: false,
    metadata: { ...intent.metadata },
    on_behalf_of: null,
    outcome: null,
    paid: false,
    payment_intent: intent.id,
    payment_method: method.id,
    payment_method_details: methodDetails(method, intent.amount),
    receipt_email: intent.receipt_email,
    receipt_number: null,
    receipt_url: null,
    refunded: false,
    review: null,
    shipping: null,
    source: null,
    source_transfer: null,
    statement_descriptor: null,
    statement_descriptor_suffix: null,
    status: 'pending',
    transfer_data: null,
    transfer_group: null,
  };
  call.store.charges.set(charge.id, charge);
  return charge;
}

/** Settles a pending charge: collected, or refused for a reason. */
export function decideCharge(charge: Stripe.Charge, decline: Decline | undefined) {
  const collected = decline === undefined;
  Object.assign(charge, {
    status: collected ? 'succeeded' : 'failed',
    paid: collected,
    captured: collected,
    amount_captured: collected ? charge.amount : 0,
    failure_code: decline?.code ?? null,
    failure_message: decline?.message ?? null,
  });
  charge.outcome = {
    advice_code: null,
    network_advice_code: null,
    network_decline_code: null,
    network_status: collected ? 'approved_by_network' : 'declined_by_network',
    reason: decline?.decline_code ?? null,
    risk_level: 'normal',
    risk_score: 12,
    seller_message: collected ? 'Payment complete.' : 'The bank declined the payment.',
    type: collected ? 'authorized' : 'issuer_declined',
  };
}

function methodDetails(method: Stripe.PaymentMethod, amount: number): Stripe.Charge.PaymentMethodDetails {
  const { type, card, sepa_debit, us_bank_account } = method;
  if (card === undefined) {
    return {
      type,
      ...(sepa_debit && { sepa_debit: { ...sepa_debit, mandate: null } }),
      ...(us_bank_account && { us_bank_account: { ...us_bank_account, payment_reference: null } }),
    };
  }
  const { brand, country, exp_month, exp_year, fingerprint, funding, last4 } = card;
  return {
    type: 'card',
    card: {
      amount_authorized: amount,
      authorization_code: null,
      brand,
      checks: card.checks,
      country,
      electronic_commerce_indicator: null,
      exp_month,
      exp_year,
      fingerprint,
      funding,
      installments: null,
      last4,
      mandate: null,
      network: brand,
      network_transaction_id: null,
      regulated_status: 'unregulated',
      three_d_secure: null,
      transaction_link_id: null,
      wallet: null,
    },
  };
}

/** Refunds of this charge's card stay pending until they are settled. */
export function refundsLater({ store }: Call, charge: Stripe.Charge): boolean {
  const method = store.paymentMethods.get(charge.payment_method ?? '');
  return method !== undefined && testMethodOf(method).pendingRefund === true;
}

export const retrieveCharge: Operation = ({ store, id, params }) => {
  const asked = readParams(z.strictObject(expandable), params);
  return expand(store, getResource(store, 'ch_', id), asked.expand);
};

const listParams = z.strictObject({
  ...page,
  payment_intent: z.string().optional(),
  customer: z.string().optional(),
} satisfies { [K in keyof Stripe.ChargeListParams]?: z.ZodType });

export const listCharges: Operation = ({ store, params }) => {
  const asked = readParams(listParams, params);
  const matches = (charge: Stripe.Charge) =>
    (asked.payment_intent === undefined || charge.payment_intent === asked.payment_intent) &&
    (asked.customer === undefined || charge.customer === asked.customer);
  return expand(store, listPage(store.charges.values(), '/v1/charges', asked, matches), asked.expand);
};
