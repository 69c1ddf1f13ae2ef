import type { Environment } from '#shared/kernel/settings.ts';
import { runUntilStopped, startSubgraph } from '#shared/subgraph.ts';
import { CheckoutSession } from './checkout/checkout-session.entity.ts';
import { Payment } from './collect/payment.entity.ts';
import { handlers } from './handlers.ts';
import { migrations } from './migrations/index.ts';
import { connectStripe } from './provider/stripe.ts';
import { Refund } from './refund/refund.entity.ts';
import { resolvers } from './resolvers.ts';
import type { PaymentsServices } from './services.ts';
import { readPaymentsSettings, takesTestPayments } from './settings.ts';
import { receiveWebhook } from './webhooks/receive.ts';

/** Starts the payments subgraph. */
export function startPayments(env: Environment) {
  const settings = readPaymentsSettings(env);
  return startSubgraph<PaymentsServices>({
    settings,
    entities: [Payment, Refund, CheckoutSession],
    migrations,
    resolvers,
    handlers,
    async services({ log }) {
      if (takesTestPayments(settings)) {
        log.warn('ALLOW_TEST_PAYMENTS: Stripe runs in test mode, nothing that is sold here is paid for');
      }
      return { settings, providers: { STRIPE: connectStripe(settings) } };
    },
    routes: {
      'POST /webhooks/stripe': receiveWebhook('STRIPE'),
      'POST /webhooks/paypal': receiveWebhook('PAYPAL'),
    },
  });
}

if (import.meta.main) runUntilStopped(() => startPayments(process.env));
