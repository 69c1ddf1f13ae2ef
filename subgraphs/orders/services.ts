import type { Context } from '#shared/context.ts';
import type { SagaAdmission } from './admission.ts';
import type { OrdersSettings } from './env.ts';

export interface OrdersServices {
  settings: OrdersSettings;
  admission: SagaAdmission;
  stopSweeping(): Promise<void>;
}
export type OrdersContext = Context<OrdersServices>;
