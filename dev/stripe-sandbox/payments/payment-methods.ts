import type Stripe from 'stripe';
import { z } from 'zod';
import { type Call, idOf, mergeMetadata, newId, now, type Operation } from '../context.ts';
import { emit } from '../events.ts';
import { ApiError, noSuch } from '../http/errors.ts';
import { expandable, metadata, readParams } from '../http/params.ts';
import { expand, getResource } from '../resources.ts';
import { describeMethod, findTestMethod, type TestMethod } from './cards.ts';

/**
 * The payment method of this id; a published test name (`pm_card_visa`) makes a new one each time, as with Stripe.
 * @throws ApiError 404 resource_missing.
 */
export function resolvePaymentMethod(call: Call, id: string, param = 'payment_method'): Stripe.PaymentMethod {
  const known = call.store.paymentMethods.get(id);
  if (known !== undefined) return known;
  const test = findTestMethod(id);
  if (test === undefined) throw noSuch('PaymentMethod', id, param);
  return addPaymentMethod(call, test);
}

function addPaymentMethod(call: Call, test: TestMethod): Stripe.PaymentMethod {
  const method: Stripe.PaymentMethod = {
    id: newId('pm_1'),
    object: 'payment_method',
    allow_redisplay: 'unspecified',
    billing_details: { address: null, email: null, name: null, phone: null, tax_id: null },
    created: now(),
    customer: null,
    customer_account: null,
    livemode: false,
    metadata: {},
    ...describeMethod(test),
  };
  call.store.paymentMethods.set(method.id, method);
  call.store.changed();
  return method;
}

const createParams = z.strictObject({
  ...expandable,
  type: z.literal('card'),
  card: z.strictObject({ token: z.string() }),
  billing_details: z
    .strictObject({ email: z.string(), name: z.string(), phone: z.string() })
    .partial()
    .optional(),
  metadata: metadata().optional(),
} satisfies { [K in keyof Stripe.PaymentMethodCreateParams]?: z.ZodType });

export const createPaymentMethod: Operation = call => {
  const asked = readParams(createParams, call.params);
  const test = findTestMethod(asked.card.token);
  if (test?.type !== 'card') throw noSuch('token', asked.card.token, 'card[token]');
  const method = addPaymentMethod(call, test);
  Object.assign(method.billing_details, asked.billing_details);
  method.metadata = mergeMetadata(null, asked.metadata);
  return expand(call.store, method, asked.expand);
};

export const retrievePaymentMethod: Operation = ({ store, id, params }) => {
  const asked = readParams(z.strictObject(expandable), params);
  return expand(store, getResource(store, 'pm_', id), asked.expand);
};

const attachParams = z.strictObject({ ...expandable, customer: z.string() });

export const attachPaymentMethod: Operation = call => {
  const asked = readParams(attachParams, call.params);
  const customer = getResource(call.store, 'cus_', asked.customer, 'customer');
  const method = resolvePaymentMethod(call, call.id);
  const owner = idOf(method.customer);
  if (owner !== null && owner !== customer.id) {
    throw new ApiError(400, {
      type: 'invalid_request_error',
      message: 'The payment method you provided has already been attached to a customer.',
    });
  }
  method.customer = customer.id;
  emit(call, 'payment_method.attached', method);
  return expand(call.store, method, asked.expand);
};

export const detachPaymentMethod: Operation = call => {
  const asked = readParams(z.strictObject(expandable), call.params);
  const method = getResource(call.store, 'pm_', call.id);
  method.customer = null;
  emit(call, 'payment_method.detached', method);
  return expand(call.store, method, asked.expand);
};
