import type { Context } from '#shared/context.ts';
import type { Provider } from './provider/stripe.ts';
import type { PaymentsSettings } from './settings.ts';

export interface PaymentsServices {
  settings: PaymentsSettings;
  /** Whoever collects the money; another provider takes the same shape. */
  provider: Provider;
}
export type PaymentsContext = Context<PaymentsServices>;
