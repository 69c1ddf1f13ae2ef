import type { Context } from '#shared/context.ts';
import type { SagaAdmission } from './place/admission.ts';
import type { OrdersSettings } from './settings.ts';

export interface OrdersServices {
  settings: OrdersSettings;
  admission: SagaAdmission;
  stopSweeping(): Promise<void>;
}
export type OrdersContext = Context<OrdersServices>;
