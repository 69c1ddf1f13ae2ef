import { z } from 'zod';
import {
  DEVELOPMENT_STRIPE_KEY,
  DEVELOPMENT_WEBHOOK_SECRET,
  hostFault,
  publicUrlFault,
  secretFault,
} from '#shared/kernel/production.ts';
import { type Environment, type Kinds, readSubgraphSettings } from '#shared/kernel/settings.ts';

const SANDBOX = 'http://localhost:4010';
const LIVE_KEY = /^[sr]k_live_/;
const TEST_KEY = /^[sr]k_test_/;

/** Settings of the payments subgraph. */
export function readPaymentsSettings(env: Environment) {
  return readSubgraphSettings('payments', env, k => ({
    /** Stripe's secret key. Without one, development talks to the sandbox. */
    STRIPE_SECRET_KEY: stripeKey(k, env),
    /** Production with a test key of Stripe's: nothing that is sold is paid for. */
    ALLOW_TEST_PAYMENTS: k.flag(false),
    /** Base address of a Stripe-compatible server; Stripe itself when not set. */
    STRIPE_API_URL:
      k.production || env.STRIPE_SECRET_KEY
        ? k.optionalUrl(url => (/^https:/i.test(url) ? hostFault(url) : 'is not an HTTPS address'))
        : z.url().default(SANDBOX),
    /** Webhooks are signed with it. */
    STRIPE_WEBHOOK_SECRET: k.secret(DEVELOPMENT_WEBHOOK_SECRET),
    /** Seconds after which a signed webhook is too old to be believed (Stripe's own default). */
    WEBHOOK_TOLERANCE: k.number(300, { min: 1, max: 3_600 }),
    ORDERS_URL: k.subgraphUrl('orders'),
    INVOICES_URL: k.subgraphUrl('invoices'),
    /** Where a buyer comes back to when the client names no address. */
    PAYMENT_RETURN_URL: k.url('http://localhost:4000/playground', publicUrlFault),
  }));
}
export type PaymentsSettings = ReturnType<typeof readPaymentsSettings>;

/** In production a live key, or, where test payments are allowed, a test key and no live one. */
function stripeKey(k: Kinds, { ALLOW_TEST_PAYMENTS }: Environment) {
  const testing = k.flag(false).safeParse(ALLOW_TEST_PAYMENTS).data;
  return k.own(DEVELOPMENT_STRIPE_KEY, key => {
    const fault = secretFault(key);
    if (fault) return fault;
    if (testing) return TEST_KEY.test(key) ? undefined : 'is no test key, but ALLOW_TEST_PAYMENTS is set';
    if (TEST_KEY.test(key)) return 'is a test key, which collects no money (see ALLOW_TEST_PAYMENTS)';
    return LIVE_KEY.test(key)
      ? undefined
      : 'is not a secret or restricted key of Stripe (sk_live_…, rk_live_…)';
  });
}

/** True for a production system that collects no money, because somebody has said so. */
export const takesTestPayments = (settings: PaymentsSettings) =>
  settings.production && settings.ALLOW_TEST_PAYMENTS;
