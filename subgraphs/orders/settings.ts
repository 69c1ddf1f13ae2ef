import { type Environment, readSubgraphSettings } from '#shared/kernel/settings.ts';

/** Settings of the orders subgraph. */
export function readOrdersSettings(env: Environment) {
  return readSubgraphSettings('orders', env, k => ({
    /** Where products and their prices are asked for. */
    TICKETS_URL: k.subgraphUrl('tickets'),
    /** Seconds that the stock is held for an unpaid order. */
    HOLD_SECONDS: k.number(900, { min: 1, max: 86_400 }),
    /** Milliseconds that orders may wait for each step on average before new ones are refused; 0: any time. */
    SAGA_TARGET: k.number(500, { max: 600_000 }),
  }));
}
export type OrdersSettings = ReturnType<typeof readOrdersSettings>;
