/** What a payment provider tells, in our words: nothing above stripe.ts knows Stripe's shapes. */
import type { PaymentStatus } from '../collect/payment.entity.ts';
import type { RefundStatus } from '../refund/refund.entity.ts';

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
  /** The last attempt to move money; tells two refusals for the same reason apart. Undefined: not told. */
  charge: string | null | undefined;
  /** Null: not told. */
  captured: { amount: number | null; currency: string | null };
}

export interface ProviderRefund {
  reference: string;
  /** Our refund that it was made for; null when it was begun at the provider; undefined: not told. */
  refundId: string | null | undefined;
  /** Null: not told. */
  amount: number | null;
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
  /** True when the same key is known to bring the same answer. */
  readonly stored: boolean;
  constructor(message: string, answered: boolean, stored = false) {
    super(message);
    this.name = 'ProviderUnavailable';
    this.answered = answered;
    this.stored = stored;
  }
}

/**
 * The answer lacks what cannot be done without. The operation has most likely been carried out, so that nothing may be
 * made anew: the provider is asked again, and an administrator told.
 */
export class ProviderIncomplete extends ProviderUnavailable {
  /** What the answer is about, if it says so. */
  readonly reference: string | null;
  constructor(reference: string | null, missing: string) {
    super(`An answer of the provider lacks ${missing} (${reference ?? 'of an unknown object'}).`, false);
    this.name = 'ProviderIncomplete';
    this.reference = reference;
  }
}
