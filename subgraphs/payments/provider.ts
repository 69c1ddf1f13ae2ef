/** What a payment provider tells, in our words: nothing above stripe.ts knows Stripe's shapes. */
import type { Money } from '#shared/messages.ts';
import type { PaymentStatus } from './payment.entity.ts';
import type { RefundStatus } from './refund.entity.ts';

/** A payment as the provider sees it at one moment. */
export interface ProviderPayment {
  /** The provider's id, e.g. `pi_…`. */
  reference: string;
  /** Our payment and checkout session that it was made for, when it was made by us. */
  paymentId: string | null;
  checkoutId: string | null;
  status: PaymentStatus;
  clientSecret: string | null;
  nextActionUrl: string | null;
  /** Why the last attempt was refused. */
  failure: { code: string; message: string } | null;
  /** The last attempt to move money; tells two refusals for the same reason apart. */
  charge: string | null;
  captured: Money;
}

export interface ProviderRefund {
  reference: string;
  /** Our refund that it was made for; null when it was begun at the provider. */
  refundId: string | null;
  amount: number;
  status: RefundStatus;
  reason: string | null;
}

export interface ProviderCheckout {
  reference: string;
  status: 'OPEN' | 'COMPLETE' | 'EXPIRED';
  url: string | null;
  clientSecret: string | null;
  /** The payment made on its page, once there was an attempt. */
  payment: string | null;
}

/** The provider says no: nothing has happened, and asking again would not help. Its message is fit for the client. */
export class ProviderRefusal extends Error {
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.name = 'ProviderRefusal';
    this.code = code;
  }
}

/** Not now, or the answer was lost: what has happened is not known until the provider is asked again. */
export class ProviderUnavailable extends Error {
  /** True when an answer came, and it told of an error of theirs: the same key may bring the same answer for a day. */
  readonly answered: boolean;
  constructor(message: string, answered: boolean) {
    super(message);
    this.name = 'ProviderUnavailable';
    this.answered = answered;
  }
}
