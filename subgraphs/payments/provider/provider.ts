/**
 * What Guichet asks of a payment provider, in Guichet's words. An implementation of PaymentProvider (stripe.ts) is the
 * only code that knows the provider's own words, shapes and library.
 */
import type { IncomingHttpHeaders } from 'node:http';
import type { CheckoutSession } from '../checkout/checkout-session.entity.ts';
import type { Payment, PaymentStatus } from '../collect/payment.entity.ts';
import type { RefundStatus } from '../refund/refund.entity.ts';

/**
 * The port to a provider.
 *
 * Idempotency: what makes something takes a key. The same key with the same arguments makes it once, however often it
 * is asked for, for at least a day. Behind an error it may have been made all the same: the `find…` beside it tells.
 * What takes no key may be called any number of times.
 *
 * Errors (provider-errors.ts): every method throws ProviderRefusal when the provider says no, ProviderUnavailable when what has happened is
 * not known until it is asked again, and ProviderIncomplete when the answer lacks what cannot be done without. Their
 * messages contain no secret.
 */
export interface PaymentProvider {
  /** Makes a customer of a user. @returns the provider's id of it. */
  createCustomer(customer: CustomerDetails, idempotencyKey: string): Promise<string>;
  /** The provider's id of the customer that was made of a user; null when there is none. */
  findCustomer(customer: CustomerDetails): Promise<string | null>;

  /** Makes a payment, without collecting yet. `customer` is the provider's id. */
  create(payment: PaymentTerms, customer: string, idempotencyKey: string): Promise<ProviderPayment>;
  /** All that was made for a payment of ours, newest first, whatever has become of it. */
  findPayments(payment: PaymentTerms, customer: string): Promise<ProviderPayment[]>;
  /** Tries to collect. A declined card is an answer with `failure`, not an error. */
  confirm(attempt: PaymentAttempt, idempotencyKey: string): Promise<ProviderPayment>;
  /** Makes sure that nothing can be captured any more, or tells what it has come to when that is too late. */
  cancel(reference: string): Promise<ProviderPayment>;
  /** The payment as it is now. @throws ProviderRefusal where there is none. */
  retrieve(reference: string): Promise<ProviderPayment>;

  /** Gives back a part of what was captured, or all of it. */
  refund(refund: RefundTerms, idempotencyKey: string): Promise<ProviderRefund>;
  /** All refunds of a payment, whoever began them. */
  listRefunds(reference: string): Promise<ProviderRefund[]>;

  /** Opens a page on which the payment can be paid until the checkout expires. The page makes a payment of its own. */
  openCheckout(
    payment: PaymentTerms,
    customer: string,
    checkout: CheckoutTerms,
    idempotencyKey: string,
  ): Promise<ProviderCheckout>;
  /** The page that was made for a checkout of ours; null when there is none. */
  findCheckout(checkout: CheckoutTerms, customer: string): Promise<ProviderCheckout | null>;
  /** Ends a page, so that no payment can begin there, or tells what it has come to when it has ended before. */
  expireCheckout(reference: string): Promise<ProviderCheckout>;
  /** The page as it is now. @throws ProviderRefusal where there is none. */
  retrieveCheckout(reference: string): Promise<ProviderCheckout>;

  /**
   * A webhook in our words; null when the provider has not signed these very bytes a moment ago, or when they are no
   * event. It is a promise because some providers have to be asked about a signature.
   */
  readWebhook(request: WebhookRequest): Promise<ProviderWebhook | null>;
}

/** What a provider gets to know of a user. */
export interface CustomerDetails {
  userId: string;
  email: string;
  name: string;
}

/** What a provider gets to know of a payment. */
export type PaymentTerms = Pick<
  Payment,
  'id' | 'orderId' | 'invoiceId' | 'amount' | 'currency' | 'description' | 'createdAt'
>;
export type CheckoutTerms = Pick<
  CheckoutSession,
  'id' | 'paymentId' | 'embedded' | 'returnUrl' | 'expiresAt' | 'createdAt'
>;

export interface PaymentAttempt {
  /** The provider's id of the payment. */
  reference: string;
  paymentMethodId: string;
  /** Where the buyer comes back to after 3-D Secure. */
  returnUrl: string;
}

export interface RefundTerms {
  /** The provider's id of the payment. */
  reference: string;
  refundId: string;
  /** Minor units of the currency that was captured. */
  amount: number;
  payment: PaymentTerms;
}

/** A payment as the provider sees it at one moment. */
export interface ProviderPayment {
  /** The provider's id. */
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

/** A webhook's request: the bytes as they came, for the signature is over them. */
export interface WebhookRequest {
  body: Buffer;
  headers: IncomingHttpHeaders;
}

/** What a webhook is about. It only says where to look: nothing else of it is believed. */
export interface WebhookNews {
  /** `other`: nothing that Guichet follows. */
  about: 'payment' | 'refund' | 'checkout' | 'other';
  /** The provider's id of the payment, refund or checkout. */
  reference: string | null;
  /** The provider's id of the payment: itself, or the one that the refund belongs to. */
  paymentReference: string | null;
  /** Our payment and checkout session that it was made for. */
  paymentId: string | null;
  checkoutId: string | null;
  /** True when it tells that the payment has been made, and no more. */
  isCreation: boolean;
  /** Of a refund; null: not told. */
  refundStatus: RefundStatus | null;
  /** All that went back of the payment so far, in minor units; null: not told. */
  refundedAmount: number | null;
}

export interface ProviderWebhook extends WebhookNews {
  /** The event's id: a repeat has the same, no other event of any provider has it. */
  id: string;
  /** The provider's name of the event, for whoever looks at the records. */
  type: string;
}
