import type Stripe from 'stripe';
import { z } from 'zod';
import { type Call, idOf, mergeMetadata, newId, now, type Operation } from '../context.ts';
import { emit } from '../events.ts';
import { ApiError, invalidParameter, unexpectedState } from '../http/errors.ts';
import { expandable, integer, metadata, page, readParams } from '../http/params.ts';
import { expand, getResource, listPage } from '../resources.ts';
import { refundsLater } from './charges.ts';

const createParams = z.strictObject({
  ...expandable,
  amount: integer({ min: 1 }).optional(),
  charge: z.string().optional(),
  metadata: metadata().optional(),
  payment_intent: z.string().optional(),
  reason: z.enum(['duplicate', 'fraudulent', 'requested_by_customer']).optional(),
} satisfies { [K in keyof Stripe.RefundCreateParams]?: z.ZodType });

/** The charge to give back from. */
function refundableCharge({ store }: Call, asked: z.infer<typeof createParams>): Stripe.Charge {
  if (asked.charge !== undefined) {
    const charge = getResource(store, 'ch_', asked.charge, 'charge');
    if (charge.captured) return charge;
    throw new ApiError(400, {
      type: 'invalid_request_error',
      message: `Charge ${charge.id} has not been paid, so it cannot be refunded.`,
      param: 'charge',
    });
  }
  if (asked.payment_intent === undefined) {
    throw invalidParameter(
      'One of the following params should be provided for this request: payment_intent or charge.',
    );
  }
  const intent = getResource(store, 'pi_', asked.payment_intent, 'payment_intent');
  if (intent.status === 'succeeded') return getResource(store, 'ch_', idOf(intent.latest_charge) ?? '');
  throw unexpectedState(
    `This PaymentIntent (${intent.id}) does not have a successful charge to refund.`,
    intent,
  );
}

export const createRefund: Operation = call => {
  const asked = readParams(createParams, call.params);
  const charge = refundableCharge(call, asked);
  const remaining = charge.amount_captured - charge.amount_refunded;
  if (remaining === 0) {
    throw new ApiError(400, {
      type: 'invalid_request_error',
      code: 'charge_already_refunded',
      message: `Charge ${charge.id} has already been refunded.`,
    });
  }
  const amount = asked.amount ?? remaining;
  if (amount > remaining) {
    throw new ApiError(400, {
      type: 'invalid_request_error',
      message: `Refund amount (${money(amount, charge)}) is greater than unrefunded amount on charge (${money(remaining, charge)})`,
      param: 'amount',
    });
  }
  const card = charge.payment_method_details?.type === 'card';
  const refund: Stripe.Refund = {
    id: newId('re_3'),
    object: 'refund',
    amount,
    balance_transaction: null,
    charge: charge.id,
    created: now(),
    currency: charge.currency,
    customer: idOf(charge.customer),
    customer_account: null,
    destination_details: card
      ? {
          card: { reference_status: 'pending', reference_type: 'acquirer_reference_number', type: 'refund' },
          type: 'card',
        }
      : { type: charge.payment_method_details?.type ?? 'card' },
    metadata: mergeMetadata(null, asked.metadata),
    payment_intent: idOf(charge.payment_intent),
    payment_method: charge.payment_method,
    reason: asked.reason ?? null,
    receipt_number: null,
    source_transfer_reversal: null,
    status: refundsLater(call, charge) ? 'pending' : 'succeeded',
    transfer_reversal: null,
  };
  call.store.refunds.set(refund.id, refund);
  charge.amount_refunded += amount;
  charge.refunded = charge.amount_refunded === charge.amount_captured;
  emit(call, 'refund.created', refund);
  emit(call, 'charge.refunded', charge);
  const answer = expand(call.store, refund, asked.expand);
  if (refund.status === 'succeeded' && refund.destination_details?.card !== undefined) {
    // The bank's reference follows, which is what usually makes Stripe tell of a refund again.
    Object.assign(refund.destination_details.card, {
      reference: newId('', 23),
      reference_status: 'available',
    });
    tellOfChange(call, refund);
  }
  return answer;
};

/** Stripe tells of a changed refund under an older and a newer name. */
function tellOfChange(call: Call, refund: Stripe.Refund) {
  emit(call, 'refund.updated', refund);
  emit(call, 'charge.refund.updated', refund);
}

/**
 * Decides a refund: a pending one either way, a succeeded one may still fail, as banks do with closed accounts.
 * @throws ApiError 400 when it is already so.
 */
export function settleRefund(call: Call, refund: Stripe.Refund, outcome: 'succeeded' | 'failed') {
  const allowed = outcome === 'succeeded' ? ['pending'] : ['pending', 'succeeded'];
  if (!allowed.includes(refund.status ?? '')) {
    throw invalidParameter(`This refund has a status of ${refund.status}; it cannot become ${outcome}.`);
  }
  refund.status = outcome;
  if (outcome === 'failed') {
    refund.failure_reason = 'lost_or_stolen_card';
    const charge = getResource(call.store, 'ch_', idOf(refund.charge) ?? '');
    charge.amount_refunded -= refund.amount;
    charge.refunded = false;
    emit(call, 'refund.failed', refund);
  }
  tellOfChange(call, refund);
}

function money(amount: number, { currency }: Stripe.Charge): string {
  const format = new Intl.NumberFormat('en', { style: 'currency', currency });
  return format.format(amount / 10 ** (format.resolvedOptions().maximumFractionDigits ?? 2));
}

export const retrieveRefund: Operation = ({ store, id, params }) => {
  const asked = readParams(z.strictObject(expandable), params);
  return expand(store, getResource(store, 're_', id), asked.expand);
};

const listParams = z.strictObject({
  ...page,
  charge: z.string().optional(),
  payment_intent: z.string().optional(),
} satisfies { [K in keyof Stripe.RefundListParams]?: z.ZodType });

export const listRefunds: Operation = ({ store, params }) => {
  const asked = readParams(listParams, params);
  const matches = (refund: Stripe.Refund) =>
    (asked.charge === undefined || refund.charge === asked.charge) &&
    (asked.payment_intent === undefined || refund.payment_intent === asked.payment_intent);
  return expand(store, listPage(store.refunds.values(), '/v1/refunds', asked, matches), asked.expand);
};
