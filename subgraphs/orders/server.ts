import type { Environment } from '#shared/kernel/settings.ts';
import { runUntilStopped, startSubgraph } from '#shared/subgraph.ts';
import { handlers } from './handlers.ts';
import { migrations } from './migrations/index.ts';
import { Order, OrderLine, OrderTransition } from './order/order.entity.ts';
import { createOrderLimit, unlimitedOrders } from './place/order-limit.ts';
import { resolvers } from './resolvers.ts';
import { startSweeping } from './saga/sweeping.ts';
import type { OrdersServices } from './services.ts';
import { readOrdersSettings } from './settings.ts';

/** Starts the orders subgraph. */
export function startOrders(env: Environment) {
  const settings = readOrdersSettings(env);
  return startSubgraph<OrdersServices>({
    settings,
    entities: [Order, OrderLine, OrderTransition],
    migrations,
    resolvers,
    handlers,
    services: async ({ em, log }) => ({
      settings,
      orderLimit: settings.SAGA_TARGET > 0 ? createOrderLimit(settings.SAGA_TARGET) : unlimitedOrders,
      stopSweeping: settings.workers === 'off' ? async () => {} : startSweeping(em, log),
    }),
    close: services => services.stopSweeping(),
  });
}

if (import.meta.main) runUntilStopped(() => startOrders(process.env));
