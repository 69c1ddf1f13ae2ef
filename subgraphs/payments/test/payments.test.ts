import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { newId } from '#shared/data/database.ts';
import { eventually, viewerWith } from '#shared/test/world.ts';
import { PAYMENT, startWorld, type World } from './world.ts';

let world: World;

beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world?.stop());

test('a requested payment is known to Stripe, confirmed with a card, and told of once', async () => {
  const { buyer, orderId, paymentId, payment } = await world.order();
  expect(payment).toMatchObject({
    status: 'REQUIRES_PAYMENT_METHOD',
    amount: { amount: 5_000, currency: 'EUR' },
    clientSecret: expect.stringContaining('_secret_'),
    providerReference: expect.stringMatching(/^pi_/),
  });
  const confirmed = await world.confirm(buyer, paymentId);
  expect(confirmed).toMatchObject({ __typename: 'Payment', status: 'SUCCEEDED', clientSecret: null });
  await world.settled();
  expect(await world.outcomes(orderId)).toEqual([
    { orderId, paymentId, outcome: 'SUCCEEDED', amount: { amount: 5_000, currency: 'EUR' }, reason: null },
  ]);
  const updates = await world.updates(paymentId);
  expect(updates.map(({ status }) => status)).toEqual(['REQUIRES_PAYMENT_METHOD', 'SUCCEEDED']);
  const intent = await world.stripe.paymentIntents.retrieve(payment.providerReference);
  expect(intent.metadata).toEqual({ paymentId, orderId });
  const results = await world.emitted('payment.card.result');
  expect(results.filter(result => result.paymentId === paymentId)).toEqual([
    expect.objectContaining({ success: true, status: 'SUCCEEDED', requiresAction: false, error: null }),
  ]);
});

test('a declined card leaves the payment open, and another card pays it', async () => {
  const { buyer, orderId, paymentId } = await world.order();
  const declined = await world.confirm(buyer, paymentId, 'pm_card_chargeDeclined');
  expect(declined).toMatchObject({
    __typename: 'Payment',
    status: 'REQUIRES_PAYMENT_METHOD',
    failureCode: 'card_declined',
    failureMessage: 'Your card was declined.',
    clientSecret: expect.any(String),
  });
  expect(await world.outcomes(orderId)).toEqual([]);
  // The same refusal once more is one more attempt.
  await world.confirm(buyer, paymentId, 'pm_card_chargeDeclined');
  const paid = await world.confirm(buyer, paymentId);
  expect(paid).toMatchObject({ status: 'SUCCEEDED', failureCode: null });
  await world.settled();
  const results = (await world.emitted('payment.card.result')).filter(r => r.paymentId === paymentId);
  expect(results.map(({ success, error }) => [success, error])).toEqual([
    [false, 'Your card was declined.'],
    [false, 'Your card was declined.'],
    [true, null],
  ]);
  expect(await world.outcomes(orderId)).toHaveLength(1);
});

test('a card that needs 3-D Secure leads the buyer to the bank, and back', async () => {
  const { buyer, orderId, paymentId, payment } = await world.order();
  const challenge = () => world.confirm(buyer, paymentId, 'pm_card_threeDSecure2Required');
  const bank = (outcome: string) =>
    fetch(`${world.sandbox.url}/3ds/${payment.providerReference}/${outcome}`, {
      method: 'POST',
      redirect: 'manual',
    });
  const challenged = await challenge();
  expect(challenged).toMatchObject({ status: 'REQUIRES_ACTION', nextActionUrl: expect.any(String) });
  await bank('fail');
  const failed = await world.reaches(paymentId, 'REQUIRES_PAYMENT_METHOD');
  expect(failed).toMatchObject({
    failureCode: 'payment_intent_authentication_failure',
    nextActionUrl: null,
  });
  await challenge();
  await bank('complete');
  await world.reaches(paymentId, 'SUCCEEDED');
  expect(await world.outcomes(orderId)).toHaveLength(1);
});

test('a bank debit is processed, and its outcome follows days later', async () => {
  for (const outcome of ['failed', 'succeeded']) {
    const { buyer, orderId, paymentId, payment } = await world.order();
    const confirmed = await world.confirm(buyer, paymentId, 'pm_usBankAccount_processing');
    expect(confirmed.status).toBe('PROCESSING');
    expect((await world.see(buyer, paymentId)).clientSecret).toBeNull();
    const again = await world.confirm(buyer, paymentId);
    expect(again).toMatchObject({
      __typename: 'PaymentNotConfirmable',
      message: 'The bank is processing this payment. Its outcome will follow.',
    });
    await world.control('POST', `payment_intents/${payment.providerReference}/settle`, { outcome });
    const status = outcome === 'succeeded' ? 'SUCCEEDED' : 'REQUIRES_PAYMENT_METHOD';
    await world.reaches(paymentId, status);
    expect(await world.outcomes(orderId)).toHaveLength(outcome === 'succeeded' ? 1 : 0);
  }
});

test('what cannot be confirmed says why', async () => {
  const { buyer, paymentId } = await world.order();
  const wrong = await world.confirm(buyer, paymentId, 'pm_does_not_exist');
  expect(wrong).toMatchObject({
    __typename: 'PaymentNotConfirmable',
    message: expect.stringContaining("No such PaymentMethod: 'pm_does_not_exist'"),
  });
  expect((await world.see(buyer, paymentId)).status).toBe('REQUIRES_PAYMENT_METHOD');
  const address = await world.mutate(buyer, 'confirmPayment', {
    paymentId,
    paymentMethodId: 'pm_card_visa',
    returnUrl: 'javascript:alert(1)',
  });
  expect(address.errors![0]!.extensions.code).toBe('BAD_USER_INPUT');
  expect((await world.confirm(buyer, paymentId)).status).toBe('SUCCEEDED');
  expect(await world.confirm(buyer, paymentId)).toMatchObject({
    __typename: 'PaymentNotConfirmable',
    message: 'This payment has succeeded already.',
  });
});

test('twenty confirmations at once are one attempt', async () => {
  const { buyer, orderId, paymentId, payment } = await world.order();
  const answers = await Promise.all(Array.from({ length: 20 }, () => world.confirm(buyer, paymentId)));
  expect(answers.filter(({ __typename }) => __typename === 'Payment')).toHaveLength(1);
  expect(answers.filter(({ message }) => message?.includes('another request'))).not.toHaveLength(0);
  const asked = await world.asked('POST', `payment_intents/${payment.providerReference}/confirm`);
  expect(asked.map(({ idempotencyKey }) => idempotencyKey)).toEqual([`payment-${paymentId}-confirm-1`]);
  await world.settled();
  expect(await world.outcomes(orderId)).toHaveLength(1);
});

test('a request repeated under other ids, even at once, makes one payment and one customer', async () => {
  const buyer = viewerWith('CUSTOMER');
  const [request, second] = [world.requestOf(buyer), world.requestOf(buyer)];
  const deliveries = Array.from({ length: 10 }, () => [
    world.messenger.deliver('payment-process-request', request),
    world.messenger.deliver('payment-process-request', second),
  ]);
  await Promise.all(deliveries.flat());
  for (const { orderId } of [request, second]) {
    const paymentId = await world.paymentIdOf(orderId);
    await eventually(async () => (await world.see(buyer, paymentId)).clientSecret);
  }
  await eventually(async () => (await world.sql('select 1 from inbox')).length >= 20);
  expect(await world.sql('select 1 from payments where customer_id = $1', [buyer.id])).toHaveLength(2);
  const customers = await world.emitted('stripe.customer.created');
  const [created, ...more] = customers.filter(({ userId }) => userId === buyer.id);
  expect(more).toEqual([]);
  const customer = await world.stripe.customers.retrieve(created!.stripeCustomerId);
  expect(customer).toMatchObject({ email: buyer.email, metadata: { userId: buyer.id } });
});

test('a canceled order cancels its payment at Stripe; a request that comes later begins nothing', async () => {
  const { buyer, orderId, paymentId, payment } = await world.order();
  await world.messenger.deliver('payment-cancel-request', { orderId, reason: 'expired' });
  await world.reaches(paymentId, 'CANCELED');
  expect((await world.stripe.paymentIntents.retrieve(payment.providerReference)).status).toBe('canceled');
  expect(await world.confirm(buyer, paymentId)).toMatchObject({ message: 'This payment has ended.' });
  await world.settled();
  expect(await world.outcomes(orderId)).toEqual([]);

  const request = world.requestOf(buyer);
  await world.messenger.deliver('payment-cancel-request', { orderId: request.orderId, reason: 'expired' });
  await eventually(
    async () =>
      (await world.sql('select 1 from closed_orders where order_id = $1', [request.orderId])).length,
  );
  await world.messenger.deliver('payment-process-request', request);
  const marker = await world.order();
  await world.see(marker.buyer, marker.paymentId);
  expect(await world.sql('select 1 from payments where order_id = $1', [request.orderId])).toEqual([]);
});

test('F12: an order canceled while its payment goes through learns of the payment', async () => {
  const { buyer, orderId, paymentId, payment } = await world.order();
  await world.control('POST', 'webhooks/pause');
  await world.stripe.paymentIntents.confirm(payment.providerReference, {
    payment_method: 'pm_card_visa',
    return_url: 'http://localhost/',
  });
  await world.messenger.deliver('payment-cancel-request', { orderId, reason: 'expired' });
  await world.reaches(paymentId, 'SUCCEEDED');
  expect(await world.outcomes(orderId)).toEqual([expect.objectContaining({ outcome: 'SUCCEEDED' })]);
  await world.control('POST', 'webhooks/resume');
  expect((await world.see(buyer, paymentId)).status).toBe('SUCCEEDED');
});

test('a payment that Stripe cannot begin, or that PayPal should collect, fails its order', async () => {
  const buyer = viewerWith('CUSTOMER');
  const paypal = { ...world.requestOf(buyer), provider: 'PAYPAL' as const };
  await world.messenger.deliver('payment-process-request', paypal);
  const [outcome] = await eventually(async () => {
    const found = await world.outcomes(paypal.orderId);
    return found.length > 0 && found;
  });
  expect(outcome).toMatchObject({
    outcome: 'FAILED',
    reason: 'Payments through PAYPAL are not offered yet.',
  });
  const strange = { ...world.requestOf(buyer), total: { amount: 5_000, currency: 'X$Y' } };
  await world.messenger.deliver('payment-process-request', strange);
  const [refused] = await eventually(async () => {
    const found = await world.outcomes(strange.orderId);
    return found.length > 0 && found;
  });
  expect(refused).toMatchObject({ outcome: 'FAILED' });
});

test('A20: of another buyer nothing can be seen, and it looks as if it did not exist', async () => {
  const { buyer, orderId, paymentId } = await world.order();
  const stranger = viewerWith('CUSTOMER');
  const answersOf = async (id: string, order: string) => [
    await world.ask(stranger, `query ($id: ID!) { payment(id: $id) { ${PAYMENT} } }`, { id }),
    await world.mutate(stranger, 'confirmPayment', { paymentId: id, paymentMethodId: 'pm_card_visa' }),
    (
      await world.mutate(
        stranger,
        'createCheckout',
        { orderId: order, returnUrl: 'http://localhost/' },
        '... on CheckoutSession { id }',
      )
    ).data,
    (
      await world.ask(
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
  const seen = await world.see(world.admin, paymentId);
  expect(seen).toMatchObject({ id: paymentId, clientSecret: null });
  const tried = await world.mutate(world.admin, 'confirmPayment', {
    paymentId,
    paymentMethodId: 'pm_card_visa',
  });
  expect(tried.errors![0]!.extensions.code).toBe('NOT_FOUND');
  const list = await world.ask(stranger, '{ payments { nodes { id } totalCount } }');
  expect(list.data.payments).toEqual({ nodes: [], totalCount: 0 });
});

test('lists and joins show the newest first', async () => {
  const buyer = viewerWith('CUSTOMER');
  const first = await world.order(buyer);
  const second = await world.order(buyer);
  await world.confirm(buyer, first.paymentId);
  const { data } = await world.ask(
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
