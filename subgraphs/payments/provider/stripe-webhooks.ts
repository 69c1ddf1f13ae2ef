/** Reading Stripe's events (https://docs.stripe.com/api/events/types). */
import type Stripe from 'stripe';
import type { ProviderWebhook, WebhookNews } from './provider.ts';
import { idOf, ownId, type Partly, refundStatus } from './stripe-answers.ts';

/** The parts of an event's object that say what it is about. */
interface EventObject {
  id?: string;
  payment_intent?: string | { id: string } | null;
  metadata?: { paymentId?: string; checkoutId?: string } | null;
  /** Of a refund. */
  status?: string;
  /** Of a charge. */
  amount_refunded?: number;
}

const CHECKOUT_EVENTS = ['checkout.session.completed', 'checkout.session.expired'];

/** A signed event in our words; null where it lacks an id or a type. */
export function toWebhook({ id, type, data }: Partly<Stripe.Event>): ProviderWebhook | null {
  if (typeof id !== 'string' || typeof type !== 'string') return null;
  const object = (data?.object ?? {}) as EventObject;
  const about = object.id ? aboutOf(type) : 'other';
  return {
    id,
    type,
    about,
    reference: object.id ?? null,
    paymentReference: about === 'payment' ? object.id! : idOf(object.payment_intent),
    paymentId: ownId(object.metadata?.paymentId),
    checkoutId: ownId(object.metadata?.checkoutId),
    isCreation: type === 'payment_intent.created',
    refundStatus: about === 'refund' && object.status ? refundStatus(object.status) : null,
    refundedAmount: object.amount_refunded ?? null,
  };
}

function aboutOf(type: string): WebhookNews['about'] {
  if (type.startsWith('payment_intent.')) return 'payment';
  if (type.startsWith('refund.') || type.startsWith('charge.refund')) return 'refund';
  return CHECKOUT_EVENTS.includes(type) ? 'checkout' : 'other';
}
