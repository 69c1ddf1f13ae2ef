/** Compatible servers leave fields out of their answers, and may know no idempotency keys. */
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { Viewer } from '#shared/kernel/passport.ts';
import { eventually, viewerWith } from '#shared/test/world.ts';
import { startWorld, type World } from './world.ts';

let world: World;

beforeAll(async () => {
  world = await startWorld();
});
beforeEach(() => world.control('DELETE', 'faults'));
afterAll(() => world?.stop());

/** From here on every answer at the path lacks these fields, and no key is looked at. */
const lacking = (fields: string[], path = '', more: object = {}) =>
  world.control('POST', 'faults', {
    match: { path: `/v1/${path}`, ...more },
    kind: 'drop',
    fields,
    ignoreKey: true,
    times: 1_000,
  });

/** All intents of a payment at the provider, whatever their answers lack. */
const intentsOf = async (paymentId: string) => {
  await world.control('DELETE', 'faults');
  const { data } = await world.stripe.paymentIntents.list({ limit: 100 });
  return data.filter(({ metadata }) => metadata.paymentId === paymentId);
};
const flagOf = async (paymentId: string) =>
  (await world.sql('select flag from payments where id = $1', [paymentId]))[0]!.flag as string | null;

/** An order whose payment has a reference at the provider. */
async function place(buyer: Viewer = viewerWith('CUSTOMER')) {
  const request = world.requestOf(buyer);
  await world.messenger.deliver('payment-process-request', request);
  const paymentId = await world.paymentIdOf(request.orderId);
  await eventually(async () => (await world.see(buyer, paymentId)).providerReference);
  return { buyer, paymentId, orderId: request.orderId };
}

const OPTIONAL = [
  ['metadata'],
  ['client_secret'],
  ['currency'],
  ['last_payment_error', 'next_action', 'latest_charge'],
  ['amount_received'],
  [
    'metadata',
    'client_secret',
    'currency',
    'amount_received',
    'description',
    'customer',
    'livemode',
    'object',
  ],
];

test.each(OPTIONAL)(
  'answers that lack %s do no harm: an order is declined, paid and refunded once',
  async (...fields) => {
    await lacking(fields);
    const { buyer, paymentId, orderId } = await place();
    const declined = await world.confirm(buyer, paymentId, 'pm_card_chargeDeclined');
    expect(declined).toMatchObject({ status: 'REQUIRES_PAYMENT_METHOD', failureCode: 'card_declined' });
    const paid = await world.confirm(buyer, paymentId);
    expect(paid).toMatchObject({ __typename: 'Payment', status: 'SUCCEEDED' });
    expect(await world.outcomes(orderId)).toMatchObject([{ amount: { amount: 5_000, currency: 'EUR' } }]);
    const refunded = await world.refund(paymentId, { amount: { amount: 2_000, currency: 'EUR' } });
    expect(refunded).toMatchObject({
      refundedAmount: { amount: 2_000, currency: 'EUR' },
      refunds: [{ status: 'SUCCEEDED', external: false }],
    });
    await world.settled();
    expect((await world.see(buyer, paymentId)).refunds).toHaveLength(1);
    expect((await intentsOf(paymentId)).map(({ status }) => status)).toEqual(['succeeded']);
    const { data } = await world.stripe.refunds.list({ payment_intent: paid.providerReference });
    expect(data).toHaveLength(1);
    expect(await world.sql('select name, error from dead_letters')).toEqual([]);
  },
);

test('a captured amount that is not told is taken as asked, and flagged', async () => {
  const { buyer, paymentId } = await place();
  await lacking(['amount_received']);
  expect((await world.confirm(buyer, paymentId)).status).toBe('SUCCEEDED');
  expect(await flagOf(paymentId)).toBe('captured, but the provider does not tell how much');
});

test('a client secret that was missing at first is there later', async () => {
  await lacking(['client_secret']);
  const { buyer, paymentId } = await place();
  expect((await world.see(buyer, paymentId)).clientSecret).toBeNull();
  await world.control('DELETE', 'faults');
  await world.confirm(buyer, paymentId, 'pm_card_chargeDeclined');
  expect((await world.see(buyer, paymentId)).clientSecret).toContain('_secret_');
});

test('a payment whose status is not told is followed, flagged, and never made a second time', async () => {
  await lacking(['status'], 'payment_intents');
  const { buyer, paymentId } = await place();
  await eventually(async () => {
    const [row] = await world.sql(
      `select count(*)::int as n from outbox where name = 'payments/create-intent' and pending <> '{}'`,
    );
    return row!.n === 0;
  });
  expect(await flagOf(paymentId)).toContain('lacks id or status');
  expect(await intentsOf(paymentId)).toHaveLength(1);
  expect((await world.confirm(buyer, paymentId)).status).toBe('SUCCEEDED');
});

test('a confirmation whose outcome is not told is asked for until it is, and captured once', async () => {
  await world.control('POST', 'webhooks/pause');
  const { buyer, paymentId } = await place();
  const { providerReference } = await world.see(buyer, paymentId);
  await lacking(['status'], 'payment_intents');
  expect((await world.confirm(buyer, paymentId)).status).toBe('PROCESSING');
  await world.hasten('reconcile-payment');
  await eventually(async () => (await flagOf(paymentId)) !== null);
  await world.control('DELETE', 'faults');
  await eventually(async () => {
    await world.hasten('reconcile-payment');
    return (await world.see(buyer, paymentId)).status === 'SUCCEEDED';
  });
  const { data } = await world.stripe.charges.list({ payment_intent: providerReference });
  expect(data).toHaveLength(1);
  await world.control('POST', 'webhooks/resume');
});

test('answers without ids make one customer, one payment and one refund, found by a look at the lists', async () => {
  await world.control('POST', 'webhooks/pause');
  const buyer = viewerWith('CUSTOMER');
  for (const path of ['customers', 'payment_intents', 'refunds', 'checkout/sessions'])
    await lacking(['id'], path, { method: 'POST' });
  const { paymentId, orderId } = await place(buyer);
  expect(await flagOf(paymentId)).toContain('lacks id');
  const input = { orderId, returnUrl: 'http://localhost:3000/paid' };
  const opened = await eventually(async () => {
    const { data } = await world.mutate(buyer, 'createCheckout', input, '... on CheckoutSession { url }');
    return data?.createCheckout?.url as string | undefined;
  });
  const { data: sessions } = await world.stripe.checkout.sessions.list({ limit: 100 });
  expect(sessions.filter(({ metadata }) => metadata?.paymentId === paymentId)).toHaveLength(1);
  expect(
    (await fetch(`${opened}/pay`, { method: 'POST', redirect: 'manual', body: new URLSearchParams() }))
      .status,
  ).toBe(303);
  expect((await world.confirm(buyer, paymentId)).status).toBe('SUCCEEDED');
  expect((await world.refund(paymentId)).refundedAmount.amount).toBe(0);
  await eventually(async () => {
    await world.hasten('execute-refund');
    return (await world.see(buyer, paymentId)).refundedAmount.amount === 5_000;
  });
  const made = await intentsOf(paymentId);
  expect(made.map(({ status }) => status).sort()).toEqual(['canceled', 'succeeded']);
  const captured = made.find(({ status }) => status === 'succeeded')!.id;
  const { data: refunds } = await world.stripe.refunds.list({ payment_intent: captured });
  expect(refunds).toHaveLength(1);
  const { data: customers } = await world.stripe.customers.list({ limit: 100 });
  expect(customers.filter(({ metadata }) => metadata.userId === buyer.id)).toHaveLength(1);
  await world.control('POST', 'webhooks/resume');
});

test('errors of a server that knows no keys make one payment, one capture and one refund', async () => {
  await world.control('POST', 'webhooks/pause');
  const cut = (path: string) =>
    world.control('POST', 'faults', {
      match: { method: 'POST', path: `/v1/${path}` },
      kind: 'fail-after',
      marked: false,
      ignoreKey: true,
    });
  await cut('payment_intents');
  const { buyer, paymentId } = await place();
  await cut('payment_intents/');
  expect((await world.confirm(buyer, paymentId)).status).toBe('SUCCEEDED');
  await cut('refunds');
  const refunded = await world.refund(paymentId, { amount: { amount: 1_000, currency: 'EUR' } });
  expect(refunded).toMatchObject({ refundedAmount: { amount: 1_000 } });
  const made = await intentsOf(paymentId);
  expect(made.map(({ status }) => status)).toEqual(['succeeded']);
  for (const list of [world.stripe.charges, world.stripe.refunds])
    expect((await list.list({ payment_intent: made[0]!.id })).data).toHaveLength(1);
  await world.control('POST', 'webhooks/resume');
});
