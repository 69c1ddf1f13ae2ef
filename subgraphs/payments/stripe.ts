/** Stripe, behind the few calls that Guichet makes. Secrets of its answers and errors stay in this file. */
import Stripe from 'stripe';
import type { CheckoutSession } from './checkout-session.entity.ts';
import type { PaymentsSettings } from './env.ts';
import type { Payment, PaymentStatus } from './payment.entity.ts';
import {
  type ProviderCheckout,
  type ProviderPayment,
  type ProviderRefund,
  ProviderRefusal,
  ProviderUnavailable,
} from './provider.ts';
import type { Refund, RefundStatus } from './refund.entity.ts';

const TIMEOUT_MS = 10_000;
const RETRIES = 2;
/** While a buyer waits: the gateway gives up after 10 s, and a job asks again anyway. */
const WHILE_WAITING = { timeout: 7_000, maxNetworkRetries: 0 };

const STATUSES: Partial<Record<Stripe.PaymentIntent.Status, PaymentStatus>> = {
  requires_payment_method: 'REQUIRES_PAYMENT_METHOD',
  requires_confirmation: 'REQUIRES_PAYMENT_METHOD',
  requires_action: 'REQUIRES_ACTION',
  processing: 'PROCESSING',
  requires_capture: 'PROCESSING',
  succeeded: 'SUCCEEDED',
  canceled: 'CANCELED',
};

const REFUND_STATUSES: Record<string, RefundStatus> = {
  succeeded: 'SUCCEEDED',
  failed: 'FAILED',
  canceled: 'FAILED',
};

/** A status of Stripe's refunds in our words. */
export const refundStatus = (status: string | null | undefined): RefundStatus =>
  REFUND_STATUSES[status ?? ''] ?? 'PENDING';

export type Provider = ReturnType<typeof connectStripe>;

/**
 * The provider's side of payments, refunds and checkouts. Whatever changes something takes an idempotency key made
 * from what was saved before.
 *
 * All calls throw ProviderRefusal when Stripe says no, and ProviderUnavailable when what has happened is not known.
 */
export function connectStripe(settings: PaymentsSettings) {
  const stripe = new Stripe(settings.STRIPE_SECRET_KEY, {
    ...addressOf(settings.STRIPE_API_URL),
    timeout: TIMEOUT_MS,
    maxNetworkRetries: RETRIES,
    telemetry: false,
  });

  const retrieve = async (reference: string) =>
    toPayment(await attempt(() => stripe.paymentIntents.retrieve(reference)));

  /** A replayed answer tells of the moment of its first call: what is true now is asked for. */
  const fresh = (intent: Stripe.Response<Stripe.PaymentIntent>) =>
    isReplay(intent.lastResponse.headers) ? retrieve(intent.id) : toPayment(intent);

  return {
    retrieve,

    async createCustomer(userId: string, { email, name }: { email: string; name: string }): Promise<string> {
      const { id } = await attempt(() =>
        stripe.customers.create(
          { email, name, metadata: { userId } },
          { idempotencyKey: `customer-${userId}` },
        ),
      );
      return id;
    },

    /** Makes the payment at the provider, without collecting yet. */
    async create(payment: Payment, customer: string): Promise<ProviderPayment> {
      const again = payment.retiredReferences.length;
      const intent = await attempt(() =>
        stripe.paymentIntents.create(
          {
            amount: payment.amount,
            currency: payment.currency.toLowerCase(),
            customer,
            description: payment.description,
            automatic_payment_methods: { enabled: true },
            metadata: metadataOf(payment),
          },
          { idempotencyKey: `payment-${payment.id}-intent${again > 0 ? `-${again}` : ''}` },
        ),
      );
      return fresh(intent);
    },

    /** Tries to collect with the saved attempt's method. A declined card is an outcome, not an error. */
    async confirm(payment: Payment): Promise<ProviderPayment> {
      try {
        const intent = await stripe.paymentIntents.confirm(
          payment.providerReference!,
          { payment_method: payment.confirmingMethod!, return_url: payment.returnUrl! },
          { idempotencyKey: `payment-${payment.id}-confirm-${payment.attempts}`, ...WHILE_WAITING },
        );
        return await fresh(intent);
      } catch (error) {
        if (error instanceof Stripe.errors.StripeCardError && error.payment_intent)
          return isReplay(error.headers)
            ? retrieve(error.payment_intent.id)
            : toPayment(error.payment_intent);
        throw translate(error);
      }
    },

    /** Cancels, or tells what it has come to when that is not possible any more. */
    async cancel(reference: string): Promise<ProviderPayment> {
      try {
        return toPayment(
          await attempt(() => stripe.paymentIntents.cancel(reference, { cancellation_reason: 'abandoned' })),
        );
      } catch (error) {
        if (error instanceof ProviderRefusal) return retrieve(reference);
        throw error;
      }
    },

    async refund(payment: Payment, refund: Refund): Promise<ProviderRefund> {
      const metadata = { refundId: refund.id, ...metadataOf(payment) };
      return toRefund(
        await attempt(() =>
          stripe.refunds.create(
            { payment_intent: payment.providerReference!, amount: refund.amount, metadata },
            { idempotencyKey: `refund-${refund.id}` },
          ),
        ),
      );
    },

    /** All refunds of a payment, whoever began them. */
    async listRefunds(reference: string): Promise<ProviderRefund[]> {
      const list = stripe.refunds.list({ payment_intent: reference, limit: 100 });
      return (await attempt(() => list.autoPagingToArray({ limit: 1_000 }))).map(toRefund);
    },

    async openCheckout(
      payment: Payment,
      customer: string,
      checkout: CheckoutSession,
    ): Promise<ProviderCheckout> {
      const { id, embedded, returnUrl, expiresAt } = checkout;
      const metadata = { ...metadataOf(payment), checkoutId: id };
      const price = {
        currency: payment.currency.toLowerCase(),
        unit_amount: payment.amount,
        product_data: { name: payment.description },
      };
      const session = await attempt(() =>
        stripe.checkout.sessions.create(
          {
            mode: 'payment',
            customer,
            client_reference_id: payment.id,
            line_items: [{ quantity: 1, price_data: price }],
            metadata,
            payment_intent_data: { description: payment.description, metadata },
            expires_at: Math.floor(expiresAt.getTime() / 1_000),
            ...(embedded
              ? { ui_mode: 'embedded_page' as const, return_url: returnUrl }
              : { ui_mode: 'hosted_page' as const, success_url: returnUrl }),
          },
          { idempotencyKey: `checkout-${id}` },
        ),
      );
      return toCheckout(session);
    },

    /** Ends a checkout, or tells what it has come to when it has ended already. */
    async expireCheckout(reference: string): Promise<ProviderCheckout> {
      try {
        return toCheckout(await attempt(() => stripe.checkout.sessions.expire(reference)));
      } catch (error) {
        if (!(error instanceof ProviderRefusal)) throw error;
        return toCheckout(await attempt(() => stripe.checkout.sessions.retrieve(reference)));
      }
    },

    retrieveCheckout: async (reference: string) =>
      toCheckout(await attempt(() => stripe.checkout.sessions.retrieve(reference))),

    /** The event in a webhook's raw body, or null when it is not signed by Stripe within the last minutes. */
    readWebhook(body: Buffer, signature: string | undefined): Stripe.Event | null {
      try {
        const { STRIPE_WEBHOOK_SECRET: secret, WEBHOOK_TOLERANCE: tolerance } = settings;
        return stripe.webhooks.constructEvent(body, signature ?? '', secret, tolerance);
      } catch {
        return null;
      }
    },
  };
}

function addressOf(url: string | undefined) {
  if (!url) return {};
  const { protocol, hostname, port } = new URL(url);
  const plain = protocol === 'http:';
  return { host: hostname, port: port || (plain ? 80 : 443), protocol: plain ? 'http' : 'https' } as const;
}

/** By these a webhook finds its payment, also before the reference was saved. */
const metadataOf = ({ id, orderId, invoiceId }: Payment) => ({
  paymentId: id,
  ...(orderId && { orderId }),
  ...(invoiceId && { invoiceId }),
});

const isReplay = (headers: Record<string, string> | undefined) => headers?.['idempotent-replayed'] === 'true';

const idOf = (object: string | { id: string } | null | undefined) =>
  (typeof object === 'string' ? object : object?.id) ?? null;

async function attempt<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw translate(error);
  }
}

/** Stripe's errors carry whole objects with client secrets (I12): only words go on. */
function translate(error: unknown): unknown {
  if (!(error instanceof Stripe.errors.StripeError)) return error;
  const { statusCode = 0, code, type, message, requestId } = error;
  // Wrong keys, conflicts and limits pass; for all else that Stripe refuses, it would refuse again.
  const passing = [401, 403, 409, 429].includes(statusCode);
  if (statusCode >= 400 && statusCode < 500 && !passing) return new ProviderRefusal(code ?? type, message);
  const detail = [type, code, requestId].filter(Boolean).join(' ');
  return new ProviderUnavailable(`Stripe did not answer as it should (${detail}).`, statusCode >= 500);
}

function toPayment(intent: Stripe.PaymentIntent): ProviderPayment {
  const { id, metadata, status, client_secret, next_action, last_payment_error: error } = intent;
  return {
    reference: id,
    paymentId: metadata.paymentId ?? null,
    checkoutId: metadata.checkoutId ?? null,
    // A status that Stripe adds one day is one on the way.
    status: STATUSES[status] ?? 'PROCESSING',
    clientSecret: client_secret,
    nextActionUrl: next_action?.redirect_to_url?.url ?? null,
    failure: error && {
      code: error.code ?? error.type,
      message: error.message ?? 'The payment was refused.',
    },
    charge: idOf(intent.latest_charge),
    captured: { amount: intent.amount_received, currency: intent.currency.toUpperCase() },
  };
}

const toRefund = ({
  id,
  metadata,
  amount,
  status,
  reason,
  failure_reason,
}: Stripe.Refund): ProviderRefund => ({
  reference: id,
  refundId: metadata?.refundId ?? null,
  amount,
  status: refundStatus(status),
  reason: failure_reason ?? reason,
});

const toCheckout = (session: Stripe.Checkout.Session): ProviderCheckout => ({
  reference: session.id,
  status: session.status === 'open' ? 'OPEN' : session.status === 'complete' ? 'COMPLETE' : 'EXPIRED',
  url: session.url,
  clientSecret: session.client_secret,
  payment: idOf(session.payment_intent),
});
