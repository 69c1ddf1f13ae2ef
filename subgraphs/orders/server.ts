import type { Environment } from '#shared/env.ts';
import { runUntilStopped, startSubgraph } from '#shared/subgraph.ts';
import { createSagaAdmission, unlimitedAdmission } from './admission.ts';
import { readOrdersSettings } from './env.ts';
import { handlers } from './handlers.ts';
import { expireOrderJob } from './jobs/expire-order.ts';
import { migrations } from './migrations/index.ts';
import { Order, OrderLine, OrderTransition } from './order.entity.ts';
import { resolvers } from './resolvers.ts';
import type { OrdersServices } from './services.ts';
import { startSweeping } from './sweeping.ts';

/** Starts the orders subgraph. */
export function startOrders(env: Environment) {
  const settings = readOrdersSettings(env);
  return startSubgraph<OrdersServices>({
    settings,
    entities: [Order, OrderLine, OrderTransition],
    migrations,
    resolvers,
    handlers,
    jobs: [expireOrderJob],
    services: async ({ em, log }) => ({
      settings,
      admission: settings.SAGA_TARGET > 0 ? createSagaAdmission(settings.SAGA_TARGET) : unlimitedAdmission,
      stopSweeping: settings.workers === 'off' ? async () => {} : startSweeping(em, log),
    }),
    close: services => services.stopSweeping(),
  });
}

if (import.meta.main) runUntilStopped(() => startOrders(process.env));
