import type { Context } from '#shared/context.ts';
import type { OrdersSettings } from './settings.ts';

export interface OrdersServices {
  settings: OrdersSettings;
  stopSweeping(): Promise<void>;
}
export type OrdersContext = Context<OrdersServices>;
