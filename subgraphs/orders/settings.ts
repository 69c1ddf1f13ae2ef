import { type Environment, readSubgraphSettings } from '#shared/kernel/settings.ts';

/** Settings of the orders subgraph. */
export function readOrdersSettings(env: Environment) {
  return readSubgraphSettings('orders', env, k => ({
    /** The address of the tickets subgraph, which knows products and their prices. */
    TICKETS_URL: k.subgraphUrl('tickets'),
    /** Seconds that the stock is held for an unpaid order. */
    HOLD_SECONDS: k.number(900, { min: 1, max: 86_400 }),
    /** Milliseconds that orders may wait for a step on average before new orders are refused; 0 means no limit. */
    SAGA_TARGET: k.number(500, { max: 600_000 }),
  }));
}
export type OrdersSettings = ReturnType<typeof readOrdersSettings>;
