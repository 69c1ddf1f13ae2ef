/** How buyers pay: by card, with 3-D Secure, or on the provider's own page. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Kind, Plan } from '../plans.ts';
import type { Following } from './follow.ts';
import { insist, lookAtOrder, postToPage, type Shop } from './shop.ts';
import { isOver, type News, rememberPayment, type Told } from './told.ts';

const CONFIRM = `mutation ($input: ConfirmPaymentInput!) { confirmPayment(input: $input) {
  __typename ... on Payment { id status nextActionUrl } ... on Error { message } } }`;
const CHECKOUT = `mutation ($input: CreateCheckoutInput!) { createCheckout(input: $input) {
  __typename ... on CheckoutSession { id url } ... on Error { message } } }`;
const RETURN_URL = 'https://shop.example/back';

/** The payment methods that a buyer tries, one after the other, until one is accepted. */
const METHODS: Partial<Record<Kind, string[]>> = {
  'declined, then card': ['pm_card_chargeDeclined', 'pm_card_visa'],
  '3-D Secure': ['pm_card_threeDSecure2Required'],
  '3-D Secure failed, then card': ['pm_card_threeDSecure2Required', 'pm_card_visa'],
  '3-D Secure abandoned': ['pm_card_threeDSecure2Required'],
};

const payable = ({ status, payments }: News) =>
  isOver(status) || (status === 'RESERVED' && payments?.some(({ clientSecret }) => clientSecret !== null));
const LOOK_AGAIN_MS = 15_000;

/** Pays the order, as far as the plan says. Returns when the buyer has done everything, or when the order has ended. */
export async function pay(shop: Shop, told: Told, plan: Plan, following: Following): Promise<void> {
  await following.until(news => payable(news) === true, LOOK_AGAIN_MS);
  await pause(plan.thinkMs);
  if (plan.kind === 'checkout') return payOnPage(shop, told);
  for (const method of METHODS[plan.kind] ?? ['pm_card_visa']) {
    const url = await confirm(shop, told, method, following);
    if (!url) continue;
    if (plan.kind === '3-D Secure abandoned') return;
    await postToPage(shop, `${url}/${plan.kind.includes('failed') ? 'fail' : 'complete'}`);
    await following.until(({ payments }) => payments?.every(p => p.status !== 'REQUIRES_ACTION'), 5_000);
  }
}

/**
 * Submits a payment method until the provider has answered. Returns the address to which the buyer has to go, if any.
 * After a lost answer, the payment itself shows what happened.
 */
async function confirm(
  shop: Shop,
  told: Told,
  paymentMethodId: string,
  following: Following,
): Promise<string | null> {
  for (let attempt = 0; attempt < 40 && !shop.signal.aborted; attempt++) {
    const order = await lookAtOrder(shop, told);
    if (order.status !== 'CREATED' && order.status !== 'RESERVED') return null;
    const open = order.payments.find(({ clientSecret }) => clientSecret !== null);
    if (order.payments.some(({ status }) => status === 'SUCCEEDED')) return null;
    if (open?.nextActionUrl && paymentMethodId.includes('threeD')) return open.nextActionUrl;
    if (open) {
      const input = { paymentId: open.id, paymentMethodId, returnUrl: RETURN_URL };
      const { confirmPayment: answer } = await insist(shop, 'confirmPayment', CONFIRM, { input });
      if (answer.__typename === 'Payment') {
        rememberPayment(told, answer.id, answer.status);
        if (answer.status === 'SUCCEEDED' || answer.status === 'REQUIRES_PAYMENT_METHOD') return null;
        if (answer.status === 'REQUIRES_ACTION') return answer.nextActionUrl;
      }
    }
    // It is being confirmed, or the provider does not know it yet: the live updates tell when to look again.
    const before = following.latest();
    await following.until(news => news !== before, 1_000);
    await pause(200);
  }
  return null;
}

async function payOnPage(shop: Shop, told: Told): Promise<void> {
  const input = { orderId: told.orderIds[0], returnUrl: RETURN_URL };
  for (let attempt = 0; attempt < 40 && !shop.signal.aborted; attempt++) {
    const { createCheckout: answer } = await insist(shop, 'createCheckout', CHECKOUT, { input });
    if (answer.__typename === 'CheckoutSession' && answer.url) {
      await postToPage(shop, `${answer.url}/pay`, { payment_method: 'pm_card_visa' });
      return;
    }
    if (isOver((await lookAtOrder(shop, told)).status)) return;
    await pause(500);
  }
}
