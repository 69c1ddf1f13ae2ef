import { defineEntity, OptionalProps, p } from '@mikro-orm/postgresql';

/** OPENING until the provider has made it. */
export type CheckoutStatus = 'OPENING' | 'OPEN' | 'COMPLETE' | 'EXPIRED';

const CheckoutSessionSchema = defineEntity({
  name: 'CheckoutSession',
  tableName: 'checkout_sessions',
  properties: {
    id: p.uuid().primary(),
    paymentId: p.uuid(),
    status: p.text().$type<CheckoutStatus>(),
    embedded: p.boolean(),
    returnUrl: p.text(),
    providerReference: p.text().strictNullable(),
    url: p.text().strictNullable(),
    clientSecret: p.text().strictNullable(),
    expiresAt: p.datetime(),
    createdAt: p.datetime(),
  },
});

/** A payment form hosted by the provider. While one is open, its payment is paid there and nowhere else. */
export class CheckoutSession extends CheckoutSessionSchema.class {
  declare [OptionalProps]?: '__typename' | 'isOpen';

  get __typename() {
    return 'CheckoutSession' as const;
  }

  get isOpen(): boolean {
    return this.status === 'OPENING' || this.status === 'OPEN';
  }
}
CheckoutSessionSchema.setClass(CheckoutSession);
