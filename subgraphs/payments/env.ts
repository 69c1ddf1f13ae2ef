import { z } from 'zod';
import { type Environment, readSubgraphSettings } from '#shared/env.ts';

const SANDBOX = 'http://localhost:4010';

/** Settings of the payments subgraph. */
export function readPaymentsSettings(env: Environment) {
  return readSubgraphSettings('payments', 4004, env, k => ({
    /** Stripe's secret key. Without one, development talks to the sandbox. */
    STRIPE_SECRET_KEY: k.production ? k.secret('') : k.text('sk_test_guichet'),
    /** Base address of a Stripe-compatible server; Stripe itself when not set. */
    STRIPE_API_URL: k.production || env.STRIPE_SECRET_KEY ? k.optionalUrl() : z.url().default(SANDBOX),
    /** Webhooks are signed with it. */
    STRIPE_WEBHOOK_SECRET: k.secret('whsec_guichet_development'),
    /** Seconds after which a signed webhook is too old to be believed (Stripe's own default). */
    WEBHOOK_TOLERANCE: k.number(300, { min: 1, max: 3_600 }),
    ORDERS_URL: k.url('http://127.0.0.1:4002'),
    INVOICES_URL: k.url('http://127.0.0.1:4003'),
    /** Where a buyer comes back to when the client names no address. */
    PAYMENT_RETURN_URL: z.url().default('http://localhost:4000/playground'),
  }));
}
export type PaymentsSettings = ReturnType<typeof readPaymentsSettings>;
