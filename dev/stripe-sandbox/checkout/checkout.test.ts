import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type Stripe from 'stripe';
import { refused, startTestSandbox, type TestSandbox } from '../test/world.ts';

let world: TestSandbox;
beforeAll(async () => {
  world = await startTestSandbox();
});
afterAll(() => world.stop());

const order = (extra: Partial<Stripe.Checkout.SessionCreateParams> = {}) => ({
  mode: 'payment' as const,
  success_url: 'http://localhost:3000/thanks?session={CHECKOUT_SESSION_ID}',
  customer_email: 'ada@guichet.test',
  metadata: { order: '7' },
  payment_intent_data: { metadata: { order: '7' } },
  line_items: [
    {
      quantity: 2,
      price_data: { currency: 'eur', unit_amount: 2000, product_data: { name: '<b>Stalls</b>' } },
    },
    { quantity: 1, price_data: { currency: 'eur', unit_amount: 200, product_data: { name: 'Programme' } } },
  ],
  ...extra,
});
const pay = (session: Stripe.Checkout.Session, payment_method: string) =>
  fetch(`${world.sandbox.url}/checkout/${session.id}/pay`, {
    method: 'POST',
    body: new URLSearchParams({ payment_method }),
    redirect: 'manual',
  });

test('a hosted page shows the order, takes the payment and returns to the shop', async () => {
  const session = await world.stripe.checkout.sessions.create(order());
  expect(session).toMatchObject({ status: 'open', amount_total: 4200, payment_intent: null });
  expect(session.line_items).toBeUndefined();
  const page = await (await fetch(session.url!)).text();
  expect(page).toContain('&lt;b&gt;Stalls&lt;/b&gt;');
  expect(page).toContain('€42.00');

  const back = await pay(session, 'pm_card_visa');
  expect(back.headers.get('location')).toBe(`http://localhost:3000/thanks?session=${session.id}`);
  const complete = await world.stripe.checkout.sessions.retrieve(session.id, {
    expand: ['payment_intent.latest_charge', 'line_items'],
  });
  expect(complete).toMatchObject({
    status: 'complete',
    payment_status: 'paid',
    customer_details: { email: 'ada@guichet.test' },
    payment_intent: { status: 'succeeded', metadata: { order: '7' }, latest_charge: { amount: 4200 } },
  });
  expect(complete.line_items?.data.map(line => line.amount_total)).toEqual([4000, 200]);
  const event = await world.receiver.received('checkout.session.completed');
  expect(event.data.object).toMatchObject({ id: session.id, metadata: { order: '7' } });
});

test('a declined card leaves the session open, and the same payment takes the next one', async () => {
  const session = await world.stripe.checkout.sessions.create(order());
  const refusal = await pay(session, 'pm_card_chargeDeclined');
  expect(refusal.status).toBe(402);
  expect(await refusal.text()).toContain('Your card was declined.');
  const open = await world.stripe.checkout.sessions.retrieve(session.id);
  expect(open.status).toBe('open');
  await pay(session, 'pm_card_visa');
  const complete = await world.stripe.checkout.sessions.retrieve(session.id);
  expect(complete).toMatchObject({ status: 'complete', payment_intent: open.payment_intent });
});

test('3-D Secure comes between the page and the shop', async () => {
  const session = await world.stripe.checkout.sessions.create(order());
  const bank = (await pay(session, 'pm_card_threeDSecure2Required')).headers.get('location')!;
  const back = await fetch(`${bank}/complete`, { method: 'POST', redirect: 'manual' });
  const shop = await fetch(back.headers.get('location')!, { redirect: 'manual' });
  expect(shop.headers.get('location')).toContain('http://localhost:3000/thanks');
});

test('a bank debit completes the session unpaid and is paid later', async () => {
  const session = await world.stripe.checkout.sessions.create(order());
  await pay(session, 'pm_sepa_debit');
  const waiting = await world.stripe.checkout.sessions.retrieve(session.id);
  expect(waiting).toMatchObject({ status: 'complete', payment_status: 'unpaid' });
  await world.control('POST', `payment_intents/${waiting.payment_intent}/settle`, { outcome: 'succeeded' });
  const event = await world.receiver.received('checkout.session.async_payment_succeeded');
  expect(event.data.object).toMatchObject({ id: session.id, payment_status: 'paid' });
});

test('an expired session cannot be paid', async () => {
  const session = await world.stripe.checkout.sessions.create(order());
  await pay(session, 'pm_card_chargeDeclined');
  const expired = await world.stripe.checkout.sessions.expire(session.id);
  expect(expired).toMatchObject({ status: 'expired', url: null });
  expect(await world.stripe.paymentIntents.retrieve(String(expired.payment_intent))).toMatchObject({
    status: 'canceled',
  });
  expect((await pay(session, 'pm_card_visa')).status).toBe(400);
  expect((await refused(world.stripe.checkout.sessions.expire(session.id))).statusCode).toBe(400);
  await world.receiver.received('checkout.session.expired');
});

test('an embedded page has a client secret instead of an address', async () => {
  const asked = { ui_mode: 'embedded_page' as const, success_url: undefined };
  expect(await refused(world.stripe.checkout.sessions.create(order(asked)))).toMatchObject({
    code: 'parameter_missing',
    param: 'return_url',
  });
  const return_url = 'http://localhost:3000/thanks?session={CHECKOUT_SESSION_ID}';
  const session = await world.stripe.checkout.sessions.create(order({ ...asked, return_url }));
  expect(session.url).toBeNull();
  expect(session.client_secret).toMatch(/^cs_test_.+_secret_/);
  const back = await pay(session, 'pm_card_visa');
  expect(back.headers.get('location')).toBe(`http://localhost:3000/thanks?session=${session.id}`);
});
