import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { newId } from '#shared/data/database.ts';
import { eventually, viewerWith } from '#shared/test/world.ts';
import { openShop, PAYMENT, type Shop } from './world.ts';

let shop: Shop;

beforeAll(async () => {
  shop = await openShop();
});
afterAll(() => shop?.stop());

test('a requested payment is known to Stripe, confirmed with a card, and told of once', async () => {
  const { buyer, orderId, paymentId, payment } = await shop.order();
  expect(payment).toMatchObject({
    status: 'REQUIRES_PAYMENT_METHOD',
    amount: { amount: 5_000, currency: 'EUR' },
    clientSecret: expect.stringContaining('_secret_'),
    providerReference: expect.stringMatching(/^pi_/),
  });
  const confirmed = await shop.confirm(buyer, paymentId);
  expect(confirmed).toMatchObject({ __typename: 'Payment', status: 'SUCCEEDED', clientSecret: null });
  await shop.settled();
  expect(await shop.outcomes(orderId)).toEqual([
    { orderId, paymentId, outcome: 'SUCCEEDED', amount: { amount: 5_000, currency: 'EUR' }, reason: null },
  ]);
  const updates = await shop.updates(paymentId);
  expect(updates.map(({ status }) => status)).toEqual(['REQUIRES_PAYMENT_METHOD', 'SUCCEEDED']);
  const intent = await shop.stripe.paymentIntents.retrieve(payment.providerReference);
  expect(intent.metadata).toEqual({ paymentId, orderId });
  const results = await shop.emitted('payment.card.result');
  expect(results.filter(result => result.paymentId === paymentId)).toEqual([
    expect.objectContaining({ success: true, status: 'SUCCEEDED', requiresAction: false, error: null }),
  ]);
});

test('a declined card leaves the payment open, and another card pays it', async () => {
  const { buyer, orderId, paymentId } = await shop.order();
  const declined = await shop.confirm(buyer, paymentId, 'pm_card_chargeDeclined');
  expect(declined).toMatchObject({
    __typename: 'Payment',
    status: 'REQUIRES_PAYMENT_METHOD',
    failureCode: 'card_declined',
    failureMessage: 'Your card was declined.',
    clientSecret: expect.any(String),
  });
  expect(await shop.outcomes(orderId)).toEqual([]);
  // The same refusal once more is one more attempt.
  await shop.confirm(buyer, paymentId, 'pm_card_chargeDeclined');
  const paid = await shop.confirm(buyer, paymentId);
  expect(paid).toMatchObject({ status: 'SUCCEEDED', failureCode: null });
  await shop.settled();
  const results = (await shop.emitted('payment.card.result')).filter(r => r.paymentId === paymentId);
  expect(results.map(({ success, error }) => [success, error])).toEqual([
    [false, 'Your card was declined.'],
    [false, 'Your card was declined.'],
    [true, null],
  ]);
  expect(await shop.outcomes(orderId)).toHaveLength(1);
});

test('a card that needs 3-D Secure leads the buyer to the bank, and back', async () => {
  const { buyer, orderId, paymentId, payment } = await shop.order();
  const challenge = () => shop.confirm(buyer, paymentId, 'pm_card_threeDSecure2Required');
  const bank = (outcome: string) =>
    fetch(`${shop.sandbox.url}/3ds/${payment.providerReference}/${outcome}`, {
      method: 'POST',
      redirect: 'manual',
    });
  const challenged = await challenge();
  expect(challenged).toMatchObject({ status: 'REQUIRES_ACTION', nextActionUrl: expect.any(String) });
  await bank('fail');
  const failed = await shop.reaches(paymentId, 'REQUIRES_PAYMENT_METHOD');
  expect(failed).toMatchObject({
    failureCode: 'payment_intent_authentication_failure',
    nextActionUrl: null,
  });
  await challenge();
  await bank('complete');
  await shop.reaches(paymentId, 'SUCCEEDED');
  expect(await shop.outcomes(orderId)).toHaveLength(1);
});

test('a bank debit is processed, and its outcome follows days later', async () => {
  for (const outcome of ['failed', 'succeeded']) {
    const { buyer, orderId, paymentId, payment } = await shop.order();
    const confirmed = await shop.confirm(buyer, paymentId, 'pm_usBankAccount_processing');
    expect(confirmed.status).toBe('PROCESSING');
    expect((await shop.see(buyer, paymentId)).clientSecret).toBeNull();
    const again = await shop.confirm(buyer, paymentId);
    expect(again).toMatchObject({
      __typename: 'PaymentNotConfirmable',
      message: 'The bank is processing this payment. Its outcome will follow.',
    });
    await shop.world('POST', `payment_intents/${payment.providerReference}/settle`, { outcome });
    const status = outcome === 'succeeded' ? 'SUCCEEDED' : 'REQUIRES_PAYMENT_METHOD';
    await shop.reaches(paymentId, status);
    expect(await shop.outcomes(orderId)).toHaveLength(outcome === 'succeeded' ? 1 : 0);
  }
});

test('what cannot be confirmed says why', async () => {
  const { buyer, paymentId } = await shop.order();
  const wrong = await shop.confirm(buyer, paymentId, 'pm_does_not_exist');
  expect(wrong).toMatchObject({
    __typename: 'PaymentNotConfirmable',
    message: expect.stringContaining("No such PaymentMethod: 'pm_does_not_exist'"),
  });
  expect((await shop.see(buyer, paymentId)).status).toBe('REQUIRES_PAYMENT_METHOD');
  const address = await shop.mutate(buyer, 'confirmPayment', {
    paymentId,
    paymentMethodId: 'pm_card_visa',
    returnUrl: 'javascript:alert(1)',
  });
  expect(address.errors![0]!.extensions.code).toBe('BAD_USER_INPUT');
  expect((await shop.confirm(buyer, paymentId)).status).toBe('SUCCEEDED');
  expect(await shop.confirm(buyer, paymentId)).toMatchObject({
    __typename: 'PaymentNotConfirmable',
    message: 'This payment has succeeded already.',
  });
});

test('twenty confirmations at once are one attempt', async () => {
  const { buyer, orderId, paymentId, payment } = await shop.order();
  const answers = await Promise.all(Array.from({ length: 20 }, () => shop.confirm(buyer, paymentId)));
  expect(answers.filter(({ __typename }) => __typename === 'Payment')).toHaveLength(1);
  expect(answers.filter(({ message }) => message?.includes('another request'))).not.toHaveLength(0);
  const asked = await shop.asked('POST', `payment_intents/${payment.providerReference}/confirm`);
  expect(asked.map(({ idempotencyKey }) => idempotencyKey)).toEqual([`payment-${paymentId}-confirm-1`]);
  await shop.settled();
  expect(await shop.outcomes(orderId)).toHaveLength(1);
});

test('a request repeated under other ids, even at once, makes one payment and one customer', async () => {
  const buyer = viewerWith('CUSTOMER');
  const [request, second] = [shop.requestOf(buyer), shop.requestOf(buyer)];
  const deliveries = Array.from({ length: 10 }, () => [
    shop.messenger.deliver('payment-process-request', request),
    shop.messenger.deliver('payment-process-request', second),
  ]);
  await Promise.all(deliveries.flat());
  for (const { orderId } of [request, second]) {
    const paymentId = await shop.paymentIdOf(orderId);
    await eventually(async () => (await shop.see(buyer, paymentId)).clientSecret);
  }
  await eventually(async () => (await shop.sql('select 1 from inbox')).length >= 20);
  expect(await shop.sql('select 1 from payments where customer_id = $1', [buyer.id])).toHaveLength(2);
  const customers = await shop.emitted('stripe.customer.created');
  const [created, ...more] = customers.filter(({ userId }) => userId === buyer.id);
  expect(more).toEqual([]);
  const customer = await shop.stripe.customers.retrieve(created!.stripeCustomerId);
  expect(customer).toMatchObject({ email: buyer.email, metadata: { userId: buyer.id } });
});

test('a canceled order cancels its payment at Stripe; a request that comes later begins nothing', async () => {
  const { buyer, orderId, paymentId, payment } = await shop.order();
  await shop.messenger.deliver('payment-cancel-request', { orderId, reason: 'expired' });
  await shop.reaches(paymentId, 'CANCELED');
  expect((await shop.stripe.paymentIntents.retrieve(payment.providerReference)).status).toBe('canceled');
  expect(await shop.confirm(buyer, paymentId)).toMatchObject({ message: 'This payment has ended.' });
  await shop.settled();
  expect(await shop.outcomes(orderId)).toEqual([]);

  const request = shop.requestOf(buyer);
  await shop.messenger.deliver('payment-cancel-request', { orderId: request.orderId, reason: 'expired' });
  await eventually(
    async () => (await shop.sql('select 1 from closed_orders where order_id = $1', [request.orderId])).length,
  );
  await shop.messenger.deliver('payment-process-request', request);
  const marker = await shop.order();
  await shop.see(marker.buyer, marker.paymentId);
  expect(await shop.sql('select 1 from payments where order_id = $1', [request.orderId])).toEqual([]);
});

test('F12: an order canceled while its payment goes through learns of the payment', async () => {
  const { buyer, orderId, paymentId, payment } = await shop.order();
  await shop.world('POST', 'webhooks/pause');
  await shop.stripe.paymentIntents.confirm(payment.providerReference, {
    payment_method: 'pm_card_visa',
    return_url: 'http://localhost/',
  });
  await shop.messenger.deliver('payment-cancel-request', { orderId, reason: 'expired' });
  await shop.reaches(paymentId, 'SUCCEEDED');
  expect(await shop.outcomes(orderId)).toEqual([expect.objectContaining({ outcome: 'SUCCEEDED' })]);
  await shop.world('POST', 'webhooks/resume');
  expect((await shop.see(buyer, paymentId)).status).toBe('SUCCEEDED');
});

test('a payment that Stripe cannot begin, or that PayPal should collect, fails its order', async () => {
  const buyer = viewerWith('CUSTOMER');
  const paypal = { ...shop.requestOf(buyer), provider: 'PAYPAL' as const };
  await shop.messenger.deliver('payment-process-request', paypal);
  const [outcome] = await eventually(async () => {
    const found = await shop.outcomes(paypal.orderId);
    return found.length > 0 && found;
  });
  expect(outcome).toMatchObject({
    outcome: 'FAILED',
    reason: 'Payments through PAYPAL are not offered yet.',
  });
  const strange = { ...shop.requestOf(buyer), total: { amount: 5_000, currency: 'X$Y' } };
  await shop.messenger.deliver('payment-process-request', strange);
  const [refused] = await eventually(async () => {
    const found = await shop.outcomes(strange.orderId);
    return found.length > 0 && found;
  });
  expect(refused).toMatchObject({ outcome: 'FAILED' });
});

test('A20: of another buyer nothing can be seen, and it looks as if it did not exist', async () => {
  const { buyer, orderId, paymentId } = await shop.order();
  const stranger = viewerWith('CUSTOMER');
  const answersOf = async (id: string, order: string) => [
    await shop.ask(stranger, `query ($id: ID!) { payment(id: $id) { ${PAYMENT} } }`, { id }),
    await shop.mutate(stranger, 'confirmPayment', { paymentId: id, paymentMethodId: 'pm_card_visa' }),
    (
      await shop.mutate(
        stranger,
        'createCheckout',
        { orderId: order, returnUrl: 'http://localhost/' },
        '... on CheckoutSession { id }',
      )
    ).data,
    (
      await shop.ask(
        stranger,
        `query ($r: [_Any!]!) { _entities(representations: $r) { ... on Payment { id } ... on Order { payments { id } }
          ... on User { all: payments { nodes { id } totalCount } } } }`,
        {
          r: [
            { __typename: 'Payment', id },
            { __typename: 'Order', id: order },
            { __typename: 'User', id: buyer.id },
          ],
        },
      )
    ).data,
  ];
  const others = await answersOf(paymentId, orderId);
  expect(others).toEqual(await answersOf(newId(), newId()));
  expect(others).toEqual(await answersOf('not an id', 'not an id'));
  expect(others[0]).toMatchObject({ errors: [{ extensions: { code: 'NOT_FOUND' } }] });
  expect(others[3]).toEqual({
    _entities: [null, { payments: [] }, { all: { nodes: [], totalCount: 0 } }],
  });
  // An administrator sees it, but not the secret; and may not use the buyer's cards.
  const seen = await shop.see(shop.admin, paymentId);
  expect(seen).toMatchObject({ id: paymentId, clientSecret: null });
  const tried = await shop.mutate(shop.admin, 'confirmPayment', {
    paymentId,
    paymentMethodId: 'pm_card_visa',
  });
  expect(tried.errors![0]!.extensions.code).toBe('NOT_FOUND');
  const list = await shop.ask(stranger, '{ payments { nodes { id } totalCount } }');
  expect(list.data.payments).toEqual({ nodes: [], totalCount: 0 });
});

test('lists and joins show the newest first', async () => {
  const buyer = viewerWith('CUSTOMER');
  const first = await shop.order(buyer);
  const second = await shop.order(buyer);
  await shop.confirm(buyer, first.paymentId);
  const { data } = await shop.ask(
    buyer,
    `query ($r: [_Any!]!) { payments(first: 1) { nodes { id } pageInfo { hasNextPage } totalCount }
      paid: payments(status: SUCCEEDED) { nodes { id } }
      _entities(representations: $r) { ... on Order { payments { id status } } ... on User { all: payments { nodes { id } } } } }`,
    {
      r: [
        { __typename: 'Order', id: first.orderId },
        { __typename: 'Order', id: second.orderId },
        { __typename: 'User', id: buyer.id },
      ],
    },
  );
  expect(data.payments).toEqual({
    nodes: [{ id: second.paymentId }],
    pageInfo: { hasNextPage: true },
    totalCount: 2,
  });
  expect(data.paid.nodes).toEqual([{ id: first.paymentId }]);
  expect(data._entities).toEqual([
    { payments: [{ id: first.paymentId, status: 'SUCCEEDED' }] },
    { payments: [{ id: second.paymentId, status: 'REQUIRES_PAYMENT_METHOD' }] },
    { all: { nodes: [{ id: second.paymentId }, { id: first.paymentId }] } },
  ]);
});
