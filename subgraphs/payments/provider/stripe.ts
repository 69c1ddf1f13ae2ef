/** Stripe, behind the few calls that Guichet makes. Secrets of its answers and errors stay in this file. */
import Stripe from 'stripe';
import type { PaymentsSettings } from '../settings.ts';
import type { PaymentProvider, PaymentTerms, ProviderPayment } from './provider.ts';
import { ProviderIncomplete, ProviderRefusal, ProviderUnavailable } from './provider-errors.ts';
import {
  attempt,
  isReplay,
  isWhole,
  type Partly,
  toCheckout,
  toPayment,
  toRefund,
  translate,
} from './stripe-answers.ts';
import { toWebhook } from './stripe-webhooks.ts';

const TIMEOUT_MS = 10_000;
const RETRIES = 2;
/** Whoever makes something looks for it before it is asked again (idempotency-keys.ts); the library would not. */
const ONE_CALL = { maxNetworkRetries: 0 };
/** While a buyer waits: the gateway gives up after 10 s, and a job asks again anyway. */
const WHILE_WAITING = { maxNetworkRetries: 0, timeout: 7_000 };
/** What belongs to a payment was made after it; our clock may be ahead of Stripe's. */
const CLOCK_SKEW_MS = 3_600_000;
const PAGE = { limit: 100 };
const ALL_PAGES = { limit: 1_000 };

/** Connects to Stripe, or to whatever stands at STRIPE_API_URL in its place. */
export function connectStripe(settings: PaymentsSettings): PaymentProvider {
  const stripe = new Stripe(settings.STRIPE_SECRET_KEY, {
    ...addressOf(settings.STRIPE_API_URL),
    timeout: TIMEOUT_MS,
    maxNetworkRetries: RETRIES,
    telemetry: false,
  });

  const retrieve = async (reference: string) =>
    toPayment(await attempt(() => stripe.paymentIntents.retrieve(reference)));

  /** What an answer lacks is asked for once; what cannot be told then is taken from the answer itself. */
  async function whole(intent: Partly<Stripe.PaymentIntent>): Promise<ProviderPayment> {
    const { id } = intent;
    if (!id || isWhole(intent)) return toPayment(intent);
    try {
      return toPayment({ ...intent, ...(await attempt(() => stripe.paymentIntents.retrieve(id))) });
    } catch (error) {
      if (!(error instanceof ProviderUnavailable)) throw error;
      return toPayment(intent);
    }
  }

  /** A replayed answer tells of the moment of its first call: what is true now is asked for. */
  const fresh = (intent: Stripe.Response<Stripe.PaymentIntent>) =>
    isReplay(intent.lastResponse.headers) && intent.id ? retrieve(intent.id) : whole(intent);

  /** @throws ProviderIncomplete also where it is no list. */
  async function listAll<T>(list: Stripe.ApiListPromise<T>): Promise<T[]> {
    try {
      return await list.autoPagingToArray(ALL_PAGES);
    } catch (error) {
      throw error instanceof Stripe.errors.StripeError
        ? translate(error)
        : new ProviderIncomplete(null, 'a list');
    }
  }

  return {
    retrieve,

    async createCustomer({ userId, email, name }, idempotencyKey) {
      const { id } = await attempt(() =>
        stripe.customers.create({ email, name, metadata: { userId } }, { idempotencyKey, ...ONE_CALL }),
      );
      if (!id) throw new ProviderIncomplete(null, 'id');
      return id;
    },

    async findCustomer({ userId, email }) {
      const found = await listAll(stripe.customers.list({ email, ...PAGE }));
      return found.find(({ id, metadata }) => id && metadata?.userId === userId)?.id ?? null;
    },

    async create(payment, customer, idempotencyKey) {
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
          { idempotencyKey, ...ONE_CALL },
        ),
      );
      return fresh(intent);
    },

    async findPayments({ id, createdAt }, customer) {
      const created = { gte: Math.floor((createdAt.getTime() - CLOCK_SKEW_MS) / 1_000) };
      const found = await listAll(stripe.paymentIntents.list({ customer, created, ...PAGE }));
      return found.filter(({ metadata }) => metadata?.paymentId === id).map(toPayment);
    },

    async confirm({ reference, paymentMethodId, returnUrl }, idempotencyKey) {
      const answer = await attempt(() =>
        stripe.paymentIntents
          .confirm(
            reference,
            { payment_method: paymentMethodId, return_url: returnUrl },
            { idempotencyKey, ...WHILE_WAITING },
          )
          .catch((error: unknown) => {
            if (error instanceof Stripe.errors.StripeCardError) return error;
            throw error;
          }),
      );
      if (!(answer instanceof Stripe.errors.StripeCardError)) return fresh(answer);
      if (isReplay(answer.headers)) return retrieve(reference);
      const { code, type, message, payment_intent: intent } = answer;
      const refusal = { code, type, message } as Stripe.PaymentIntent.LastPaymentError;
      return whole({ id: reference, ...intent, last_payment_error: intent?.last_payment_error ?? refusal });
    },

    async cancel(reference) {
      try {
        const reason = { cancellation_reason: 'abandoned' } as const;
        return await whole(await attempt(() => stripe.paymentIntents.cancel(reference, reason)));
      } catch (error) {
        if (error instanceof ProviderRefusal) return retrieve(reference);
        throw error;
      }
    },

    async refund({ reference, refundId, amount, payment }, idempotencyKey) {
      const metadata = { refundId, ...metadataOf(payment) };
      const made = await attempt(() =>
        stripe.refunds.create(
          { payment_intent: reference, amount, metadata },
          { idempotencyKey, ...ONE_CALL },
        ),
      );
      return { ...toRefund(made), refundId };
    },

    async listRefunds(reference) {
      return (await listAll(stripe.refunds.list({ payment_intent: reference, ...PAGE }))).map(toRefund);
    },

    async openCheckout(payment, customer, checkout, idempotencyKey) {
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
          { idempotencyKey },
        ),
      );
      if (!session.id || (session.status && (embedded ? session.client_secret : session.url))) {
        return toCheckout(session);
      }
      const again = await attempt(() => stripe.checkout.sessions.retrieve(session.id));
      return toCheckout({ ...session, ...again });
    },

    async findCheckout({ id, paymentId, createdAt }, customer) {
      const created = { gte: Math.floor((createdAt.getTime() - CLOCK_SKEW_MS) / 1_000) };
      const found = await listAll(stripe.checkout.sessions.list({ customer, created, ...PAGE }));
      const made = found.find(
        ({ metadata }) => metadata?.checkoutId === id && metadata.paymentId === paymentId,
      );
      return made ? toCheckout(made) : null;
    },

    async expireCheckout(reference) {
      try {
        const ended: Partly<Stripe.Checkout.Session> = await attempt(() =>
          stripe.checkout.sessions.expire(reference),
        );
        return toCheckout({ id: reference, status: 'expired', ...ended });
      } catch (error) {
        if (!(error instanceof ProviderRefusal)) throw error;
        return toCheckout(await attempt(() => stripe.checkout.sessions.retrieve(reference)));
      }
    },

    retrieveCheckout: async reference =>
      toCheckout(await attempt(() => stripe.checkout.sessions.retrieve(reference))),

    async readWebhook({ body, headers }) {
      try {
        const { STRIPE_WEBHOOK_SECRET: secret, WEBHOOK_TOLERANCE: tolerance } = settings;
        const signature = headers['stripe-signature'] ?? '';
        return toWebhook(stripe.webhooks.constructEvent(body, signature, secret, tolerance));
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
const metadataOf = ({ id, orderId, invoiceId }: PaymentTerms) => ({
  paymentId: id,
  ...(orderId && { orderId }),
  ...(invoiceId && { invoiceId }),
});
