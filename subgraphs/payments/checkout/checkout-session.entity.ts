import { defineEntity, OptionalProps, p } from '@mikro-orm/postgresql';
import { defineTransitions, requireStep, type StatusOf } from '#shared/data/transitions.ts';

/** OPENING until the provider has made the page. */
export const TRANSITIONS = defineTransitions({
  OPENING: ['OPEN', 'COMPLETE', 'EXPIRED'],
  OPEN: ['COMPLETE', 'EXPIRED'],
  COMPLETE: [],
  EXPIRED: [],
});
export type CheckoutStatus = StatusOf<typeof TRANSITIONS>;

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

  /** Takes a step, unless the session has this status. @throws Error where TRANSITIONS does not have it. */
  moveTo(status: CheckoutStatus): void {
    if (status === this.status) return;
    requireStep(TRANSITIONS, `Checkout session ${this.id}`, this.status, status);
    this.status = status;
  }
}
CheckoutSessionSchema.setClass(CheckoutSession);
