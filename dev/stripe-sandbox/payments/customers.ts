import type Stripe from 'stripe';
import { z } from 'zod';
import { mergeMetadata, newId, now, type Operation } from '../context.ts';
import { emit } from '../events.ts';
import { expandable, metadata, page, readParams } from '../http/params.ts';
import { expand, getResource, listPage } from '../resources.ts';

const customerParams = z.strictObject({
  ...expandable,
  email: z.string().max(512).optional(),
  name: z.string().max(256).optional(),
  phone: z.string().max(20).optional(),
  description: z.string().max(350).optional(),
  metadata: metadata().optional(),
} satisfies { [K in keyof Stripe.CustomerCreateParams]?: z.ZodType });

/** What was given; an empty text unsets. */
function given(asked: z.infer<typeof customerParams>) {
  const { email, name, phone, description } = asked;
  const entries = Object.entries({ email, name, phone, description });
  return Object.fromEntries(
    entries.filter(([, value]) => value !== undefined).map(([key, value]) => [key, value || null]),
  );
}

export const createCustomer: Operation = call => {
  const asked = readParams(customerParams, call.params);
  const customer: Stripe.Customer = {
    id: newId('cus_', 14),
    object: 'customer',
    address: null,
    balance: 0,
    created: now(),
    currency: null,
    default_source: null,
    delinquent: false,
    description: null,
    discount: null,
    email: null,
    invoice_prefix: newId('', 8).toUpperCase(),
    invoice_settings: {
      custom_fields: null,
      default_payment_method: null,
      footer: null,
      rendering_options: null,
    },
    livemode: false,
    name: null,
    phone: null,
    preferred_locales: [],
    shipping: null,
    tax_exempt: 'none',
    test_clock: null,
    ...given(asked),
    metadata: mergeMetadata(null, asked.metadata),
  };
  call.store.customers.set(customer.id, customer);
  emit(call, 'customer.created', customer);
  return expand(call.store, customer, asked.expand);
};

export const retrieveCustomer: Operation = ({ store, id, params }) => {
  const asked = readParams(z.strictObject(expandable), params);
  return expand(store, getResource(store, 'cus_', id), asked.expand);
};

export const updateCustomer: Operation = call => {
  const asked = readParams(customerParams, call.params);
  const customer = getResource(call.store, 'cus_', call.id);
  Object.assign(customer, given(asked), { metadata: mergeMetadata(customer.metadata, asked.metadata) });
  emit(call, 'customer.updated', customer);
  return expand(call.store, customer, asked.expand);
};

const listParams = z.strictObject({ ...page, email: z.string().optional() });

export const listCustomers: Operation = ({ store, params }) => {
  const asked = readParams(listParams, params);
  // Stripe's filter by email is case-sensitive.
  const matches = ({ email }: Stripe.Customer) => asked.email === undefined || email === asked.email;
  return expand(store, listPage(store.customers.values(), '/v1/customers', asked, matches), asked.expand);
};
