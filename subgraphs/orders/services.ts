import type { Context } from '#shared/context.ts';
import type { OrderLimit } from './place/order-limit.ts';
import type { OrdersSettings } from './settings.ts';

export interface OrdersServices {
  settings: OrdersSettings;
  orderLimit: OrderLimit;
  stopSweeping(): Promise<void>;
}
export type OrdersContext = Context<OrdersServices>;
