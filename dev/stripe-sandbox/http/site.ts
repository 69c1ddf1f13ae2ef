import { afterPayment, paySession } from '../checkout/checkout.ts';
import { type Call, idOf } from '../context.ts';
import { finishAuthentication } from '../payments/payment-attempts.ts';
import { getResource } from '../resources.ts';
import { ApiError } from './errors.ts';
import { authenticationPage, checkoutPage, messagePage } from './pages.ts';

/** What a page answers: HTML, or the address to go on to. */
export type PageAnswer = { status: number; html: string } | { status: 303; location: string };
export type Page = (call: Call) => PageAnswer;

const shown = (html: string, status = 200): PageAnswer => ({ status, html });
const goTo = (location: string): PageAnswer => ({ status: 303, location });

export const showAuthentication: Page = call => {
  const intent = getResource(call.store, 'pi_', call.id);
  if (intent.status !== 'requires_action') {
    return shown(
      messagePage('3-D Secure', `Nothing is to be authenticated: this payment is ${intent.status}.`),
    );
  }
  return shown(authenticationPage(intent, intent.next_action?.redirect_to_url?.return_url ?? null));
};

const authenticate =
  (outcome: 'succeeded' | 'failed'): Page =>
  call => {
    const intent = getResource(call.store, 'pi_', call.id);
    const returnUrl = intent.next_action?.redirect_to_url?.return_url;
    finishAuthentication(call, intent, outcome);
    if (!returnUrl) return shown(messagePage('3-D Secure', `The authentication has ${outcome}.`));
    const target = new URL(returnUrl);
    target.searchParams.set('payment_intent', intent.id);
    target.searchParams.set('payment_intent_client_secret', intent.client_secret!);
    target.searchParams.set('redirect_status', outcome);
    return goTo(target.href);
  };
export const completeAuthentication = authenticate('succeeded');
export const failAuthentication = authenticate('failed');

export const showCheckout: Page = call => {
  const session = getResource(call.store, 'cs_', call.id);
  if (session.status === 'expired') return shown(messagePage('Checkout', 'This checkout has expired.'), 410);
  const target = afterPayment(session);
  if (session.status === 'complete') {
    return target === null ? shown(messagePage('Checkout', 'Thank you, it is paid.')) : goTo(target);
  }
  const intent = call.store.paymentIntents.get(idOf(session.payment_intent) ?? '');
  return shown(checkoutPage(session, intent?.last_payment_error?.message));
};

export const payCheckout: Page = call => {
  const session = getResource(call.store, 'cs_', call.id);
  try {
    const intent = paySession(call, session, String(call.params.payment_method ?? 'pm_card_visa'));
    const bank = intent.next_action?.redirect_to_url?.url;
    return bank ? goTo(bank) : showCheckout(call);
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 402) throw error;
    return shown(checkoutPage(session, error.message), 402);
  }
};
