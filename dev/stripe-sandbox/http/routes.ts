import {
  createSession,
  expireSession,
  listLineItems,
  listSessions,
  retrieveSession,
} from '../checkout/checkout.ts';
import type { Operation } from '../context.ts';
import { listEvents, retrieveEvent } from '../events.ts';
import { listCharges, retrieveCharge } from '../payments/charges.ts';
import { createCustomer, listCustomers, retrieveCustomer, updateCustomer } from '../payments/customers.ts';
import * as intents from '../payments/payment-intents.ts';
import {
  attachPaymentMethod,
  createPaymentMethod,
  detachPaymentMethod,
  retrievePaymentMethod,
} from '../payments/payment-methods.ts';
import { createRefund, listRefunds, retrieveRefund } from '../payments/refunds.ts';
import * as site from './site.ts';

/** Stripe's API, as far as the sandbox speaks it. */
export const operations: Record<string, Operation> = {
  'POST /v1/customers': createCustomer,
  'GET /v1/customers': listCustomers,
  'GET /v1/customers/:id': retrieveCustomer,
  'POST /v1/customers/:id': updateCustomer,

  'POST /v1/payment_methods': createPaymentMethod,
  'GET /v1/payment_methods/:id': retrievePaymentMethod,
  'POST /v1/payment_methods/:id/attach': attachPaymentMethod,
  'POST /v1/payment_methods/:id/detach': detachPaymentMethod,

  'POST /v1/payment_intents': intents.createPaymentIntent,
  'GET /v1/payment_intents': intents.listPaymentIntents,
  'GET /v1/payment_intents/:id': intents.retrievePaymentIntent,
  'POST /v1/payment_intents/:id': intents.updatePaymentIntent,
  'POST /v1/payment_intents/:id/confirm': intents.confirmPayment,
  'POST /v1/payment_intents/:id/cancel': intents.cancelPayment,

  'GET /v1/charges': listCharges,
  'GET /v1/charges/:id': retrieveCharge,

  'POST /v1/refunds': createRefund,
  'GET /v1/refunds': listRefunds,
  'GET /v1/refunds/:id': retrieveRefund,

  'POST /v1/checkout/sessions': createSession,
  'GET /v1/checkout/sessions': listSessions,
  'GET /v1/checkout/sessions/:id': retrieveSession,
  'GET /v1/checkout/sessions/:id/line_items': listLineItems,
  'POST /v1/checkout/sessions/:id/expire': expireSession,

  'GET /v1/events': listEvents,
  'GET /v1/events/:id': retrieveEvent,
};

/** What a publishable key may do, as the browser does with a client secret. */
export const PUBLISHABLE = new Set([
  'GET /v1/payment_intents/:id',
  'POST /v1/payment_intents/:id/confirm',
  'POST /v1/payment_methods',
]);

/** What people see in a browser. */
export const pages: Record<string, site.Page> = {
  'GET /3ds/:id': site.showAuthentication,
  'POST /3ds/:id/complete': site.completeAuthentication,
  'POST /3ds/:id/fail': site.failAuthentication,
  'GET /checkout/:id': site.showCheckout,
  'POST /checkout/:id/pay': site.payCheckout,
};

/** Finds the route of a request: literal parts first, then `:id`. */
export function findRoute<T>(routes: Record<string, T>, method: string, path: string) {
  const parts = path.split('/');
  for (const [route, handler] of Object.entries(routes)) {
    const [routeMethod, pattern] = route.split(' ') as [string, string];
    const patternParts = pattern.split('/');
    if (routeMethod !== method || patternParts.length !== parts.length) continue;
    if (!patternParts.every((part, i) => part === parts[i] || (part === ':id' && parts[i] !== ''))) continue;
    return { route, handler, id: parts[patternParts.indexOf(':id')] ?? '' };
  }
  return undefined;
}
