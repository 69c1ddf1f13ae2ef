import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Viewer } from '#shared/kernel/passport.ts';
import { eventually, viewerWith } from '#shared/test/world.ts';
import { startWorld, type World } from './world.ts';

let world: World;

beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world?.stop());

const RETURN = 'http://localhost:3000/paid';

async function open(buyer: Viewer, orderId: string, more: object = {}) {
  const input = { orderId, returnUrl: RETURN, ...more };
  const selection = '... on CheckoutSession { id url clientSecret expiresAt }';
  return (await world.mutate(buyer, 'createCheckout', input, selection)).data.createCheckout;
}
const pay = (url: string, payment_method = 'pm_card_visa') =>
  fetch(`${url}/pay`, {
    method: 'POST',
    redirect: 'manual',
    body: new URLSearchParams({ payment_method }),
  });
const intentsOf = async (paymentId: string) => {
  const { data } = await world.stripe.paymentIntents.list({ limit: 100 });
  return data.filter(({ metadata }) => metadata.paymentId === paymentId).map(({ status }) => status);
};

test('an order is paid on Stripe’s page; the first payment intent can no longer capture', async () => {
  const { buyer, orderId, paymentId, payment } = await world.order();
  const checkout = await open(buyer, orderId);
  expect(checkout).toMatchObject({
    __typename: 'CheckoutSession',
    url: expect.stringContaining('/checkout/cs_'),
    clientSecret: null,
  });
  expect(Date.parse(checkout.expiresAt)).toBeGreaterThan(Date.now() + 1_800_000);
  expect(await world.see(buyer, paymentId)).toMatchObject({
    status: 'REQUIRES_PAYMENT_METHOD',
    clientSecret: null,
    providerReference: null,
  });
  const old = await world.stripe.paymentIntents.retrieve(payment.providerReference);
  expect(old.status).toBe('canceled');

  expect((await pay(checkout.url, 'pm_card_chargeDeclined')).status).toBe(402);
  await eventually(async () => (await world.see(buyer, paymentId)).failureCode === 'card_declined');
  expect((await world.see(buyer, paymentId)).clientSecret).toBeNull();
  const paid = await pay(checkout.url);
  expect(paid.headers.get('location')).toBe(RETURN);
  const shown = await world.reaches(paymentId, 'SUCCEEDED');
  expect(shown.providerReference).not.toBe(payment.providerReference);
  await world.settled();
  expect(await world.outcomes(orderId)).toHaveLength(1);
  expect((await intentsOf(paymentId)).sort()).toEqual(['canceled', 'succeeded']);
  expect(await open(buyer, orderId)).toMatchObject({ __typename: 'OrderNotPayable' });
  const statuses = (await world.updates(paymentId)).map(({ status }) => status);
  expect(statuses).not.toContain('CANCELED');
  // What was paid there is refunded like any other.
  expect(await world.refund(paymentId)).toMatchObject({ refundedAmount: { amount: 5_000 } });
});

test('the open session is answered again, also to many at once; other terms take its place', async () => {
  const { buyer, orderId, paymentId } = await world.order();
  const answers = await Promise.all(Array.from({ length: 5 }, () => open(buyer, orderId)));
  const urls = new Set(answers.map(({ url }) => url));
  expect(urls.size).toBe(1);
  const embedded = await open(buyer, orderId, { embedded: true });
  expect(embedded).toMatchObject({ url: null, clientSecret: expect.stringContaining('_secret_') });
  const [first] = urls;
  expect((await fetch(first)).status).toBe(410);
  const { data } = await world.stripe.checkout.sessions.list({ limit: 100 });
  const ours = data.filter(({ metadata }) => metadata?.paymentId === paymentId);
  expect(ours.map(({ status }) => status).sort()).toEqual(['expired', 'open']);
});

test('confirming by card ends the page: only one of them can collect', async () => {
  const { buyer, orderId, paymentId } = await world.order();
  const checkout = await open(buyer, orderId);
  await pay(checkout.url, 'pm_card_chargeDeclined');
  const confirmed = await world.confirm(buyer, paymentId);
  expect(confirmed.status).toBe('SUCCEEDED');
  expect((await pay(checkout.url)).status).toBe(400);
  await world.settled();
  expect((await intentsOf(paymentId)).sort()).toEqual(['canceled', 'canceled', 'succeeded']);
  expect(await world.outcomes(orderId)).toHaveLength(1);
});

test('a page paid in the moment the buyer confirms by card is found to be paid', async () => {
  await world.control('POST', 'webhooks/pause');
  const { buyer, orderId, paymentId } = await world.order();
  const checkout = await open(buyer, orderId);
  await pay(checkout.url);
  const confirmed = await world.confirm(buyer, paymentId);
  await world.control('POST', 'webhooks/resume');
  expect(confirmed).toMatchObject({ __typename: 'Payment', status: 'SUCCEEDED' });
  await world.settled();
  expect((await intentsOf(paymentId)).sort()).toEqual(['canceled', 'succeeded']);
  expect(await world.outcomes(orderId)).toHaveLength(1);
});

test('a page that expires leaves the payment to be paid in another way', async () => {
  const { buyer, orderId, paymentId } = await world.order();
  await open(buyer, orderId);
  const [row] = await world.sql(
    `select provider_reference as r from checkout_sessions where payment_id = $1`,
    [paymentId],
  );
  await world.stripe.checkout.sessions.expire(row!.r as string);
  await eventually(async () => (await world.see(buyer, paymentId)).clientSecret !== null);
  expect((await world.confirm(buyer, paymentId)).status).toBe('SUCCEEDED');
  expect(await world.outcomes(orderId)).toHaveLength(1);
});

test('a debit that fails after its page is complete leaves the payment to be paid in another way', async () => {
  const { buyer, orderId, paymentId } = await world.order();
  const checkout = await open(buyer, orderId);
  await pay(checkout.url, 'pm_sepa_debit');
  const { providerReference } = await world.reaches(paymentId, 'PROCESSING');
  await world.settled();
  await world.control('POST', `payment_intents/${providerReference}/settle`, { outcome: 'failed' });
  await eventually(async () => (await world.see(buyer, paymentId)).clientSecret !== null);
  const results = (await world.emitted('payment.card.result')).filter(r => r.paymentId === paymentId);
  expect(results).toEqual([expect.objectContaining({ success: false, error: 'The payment failed.' })]);
  expect((await world.confirm(buyer, paymentId)).status).toBe('SUCCEEDED');
  expect(await world.outcomes(orderId)).toHaveLength(1);
});

test('a canceled order closes its page', async () => {
  const { buyer, orderId, paymentId } = await world.order();
  const checkout = await open(buyer, orderId);
  await world.messenger.deliver('payment-cancel-request', { orderId, reason: 'expired' });
  await world.reaches(paymentId, 'CANCELED');
  expect((await pay(checkout.url)).status).toBe(400);
  await world.settled();
  expect(await world.outcomes(orderId)).toEqual([]);
  expect((await intentsOf(paymentId)).every(status => status === 'canceled')).toBe(true);
});

test('an opening that was interrupted is undone by its job', async () => {
  const { buyer, orderId, paymentId } = await world.order();
  await world.control('POST', 'faults', {
    match: { method: 'POST', path: '/v1/checkout' },
    kind: 'cut-after',
    times: 4,
  });
  const lost = await world.mutate(
    buyer,
    'createCheckout',
    { orderId, returnUrl: RETURN },
    '... on CheckoutSession { id }',
  );
  expect(lost.errors![0]!.extensions.code).toBe('UNAVAILABLE');
  await world.control('DELETE', 'faults');
  await world.hasten('open-checkout');
  await eventually(async () => (await world.see(buyer, paymentId)).clientSecret !== null);
  const { data } = await world.stripe.checkout.sessions.list({ limit: 100 });
  const ours = data.filter(({ metadata }) => metadata?.paymentId === paymentId);
  expect(ours.map(({ status }) => status)).toEqual(['expired']);
  expect((await world.confirm(buyer, paymentId)).status).toBe('SUCCEEDED');
});

test('what cannot be paid, and where nobody can come back to, is refused', async () => {
  const { buyer, orderId } = await world.order();
  for (const returnUrl of ['javascript:alert(1)', 'nowhere', '/relative'])
    expect(await open(buyer, orderId, { returnUrl })).toMatchObject({
      __typename: 'InvalidInput',
      message: 'returnUrl: must be an http or https address',
    });
  for (const [viewer, id] of [
    [viewerWith('CUSTOMER'), orderId],
    [world.admin, orderId],
    [buyer, 'not an id'],
  ] as const)
    expect(await open(viewer, id)).toMatchObject({
      __typename: 'OrderNotPayable',
      message: 'The order does not await a payment.',
    });
});
