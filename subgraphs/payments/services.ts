import type { Context } from '#shared/context.ts';
import type { ProviderName } from './collect/payment.entity.ts';
import type { PaymentProvider } from './provider/provider.ts';
import type { PaymentsSettings } from './settings.ts';

export interface PaymentsServices {
  settings: PaymentsSettings;
  /** Those that are offered. */
  providers: { readonly [name in ProviderName]?: PaymentProvider };
}
export type PaymentsContext = Context<PaymentsServices>;

/**
 * The provider that collects a payment.
 * @throws Error when it is not offered: a fault of ours, for no payment begins with such a one.
 */
export function providerOf(
  { services }: Pick<PaymentsContext, 'services'>,
  { provider: name }: { provider: ProviderName },
): PaymentProvider {
  const provider = services.providers[name];
  if (!provider) throw new Error(`There is no connection to the payment provider ${name}.`);
  return provider;
}
