import type Stripe from 'stripe';
import type { Call } from '../context.ts';
import { emit } from '../events.ts';

/** Brings the checkout session of a payment intent, if it has one, to the status that follows from its payment. */
export function followPaymentIntent(call: Call, intent: Stripe.PaymentIntent) {
  const session = findSessionOf(call, intent);
  if (session === undefined) return;
  const paid = intent.status === 'succeeded';
  if (session.status === 'open') {
    // A declined attempt leaves the session open for another.
    if (!paid && intent.status !== 'processing') return;
    Object.assign(session, { status: 'complete', url: null, payment_status: paid ? 'paid' : 'unpaid' });
    emit(call, 'checkout.session.completed', withoutLineItems(session));
  } else if (session.status === 'complete' && session.payment_status === 'unpaid') {
    if (paid) session.payment_status = 'paid';
    const outcome = paid ? 'async_payment_succeeded' : 'async_payment_failed';
    emit(call, `checkout.session.${outcome}`, withoutLineItems(session));
  }
}

/** The newest come last, and a payment follows soon after its session, so this looks from the end. */
function findSessionOf({ store }: Call, intent: Stripe.PaymentIntent) {
  return [...store.sessions.values()].findLast(session => session.payment_intent === intent.id);
}

/** A session as Stripe shows it unless `line_items` are asked for. */
export function withoutLineItems(session: Stripe.Checkout.Session): Stripe.Checkout.Session {
  const { line_items: _, ...shown } = session;
  return shown;
}
