import type { Context } from '#shared/context.ts';
import type { PaymentsSettings } from './env.ts';
import type { Provider } from './stripe.ts';

export interface PaymentsServices {
  settings: PaymentsSettings;
  /** Whoever collects the money; another provider takes the same shape. */
  provider: Provider;
}
export type PaymentsContext = Context<PaymentsServices>;
