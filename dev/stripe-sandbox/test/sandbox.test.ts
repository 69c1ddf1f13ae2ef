import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { connect, refused, startTestSandbox, type TestSandbox } from './world.ts';

let world: TestSandbox;
beforeAll(async () => {
  world = await startTestSandbox();
});
afterAll(() => world.stop());

const card = (payment_method = 'pm_card_visa') => ({
  amount: 4200,
  currency: 'eur',
  payment_method,
  confirm: true,
  return_url: 'http://localhost:3000/paid?order=7',
});
const post = (url: string, form: Record<string, string> = {}) =>
  fetch(url, { method: 'POST', body: new URLSearchParams(form), redirect: 'manual' });

describe('payment intents', () => {
  test('a payment goes from created over confirmed to succeeded', async () => {
    const { paymentIntents } = world.stripe;
    const created = await paymentIntents.create({
      amount: 4200,
      currency: 'EUR',
      metadata: { order: '7', note: 'a&b=[c]' },
      automatic_payment_methods: { enabled: true, allow_redirects: 'never' },
    });
    expect(created).toMatchObject({
      status: 'requires_payment_method',
      currency: 'eur',
      metadata: { order: '7', note: 'a&b=[c]' },
    });
    expect(created.client_secret).toMatch(new RegExp(`^${created.id}_secret_`));
    const updated = await paymentIntents.update(created.id, { payment_method: 'pm_card_mastercard' });
    expect(updated.status).toBe('requires_confirmation');
    const paid = await paymentIntents.confirm(created.id, { expand: ['latest_charge'] });
    expect(paid).toMatchObject({
      status: 'succeeded',
      amount_received: 4200,
      latest_charge: {
        object: 'charge',
        paid: true,
        payment_method_details: { card: { brand: 'mastercard' } },
      },
    });
    const again = await paymentIntents.retrieve(created.id);
    expect(again.latest_charge).toMatch(/^ch_/);
  });

  test.each([
    ['pm_card_chargeDeclined', 'card_declined', 'generic_decline'],
    ['pm_card_chargeDeclinedInsufficientFunds', 'card_declined', 'insufficient_funds'],
    ['pm_card_chargeDeclinedExpiredCard', 'expired_card', 'expired_card'],
    ['pm_card_chargeDeclinedProcessingError', 'processing_error', 'processing_error'],
  ])('%s is declined and leaves the payment open for another card', async (method, code, decline_code) => {
    const error = await refused(world.stripe.paymentIntents.create(card(method)));
    expect(error).toMatchObject({ type: 'StripeCardError', statusCode: 402, code, decline_code });
    const { id } = error.payment_intent!;
    const open = await world.stripe.paymentIntents.retrieve(id);
    expect(open).toMatchObject({
      status: 'requires_payment_method',
      payment_method: null,
      last_payment_error: { code, decline_code, type: 'card_error' },
    });
    const paid = await world.stripe.paymentIntents.confirm(id, {
      payment_method: 'pm_card_visa',
      return_url: 'http://localhost:3000/paid',
    });
    expect(paid).toMatchObject({ status: 'succeeded', last_payment_error: null });
    expect((await world.stripe.charges.list({ payment_intent: id })).data.map(c => c.status)).toEqual([
      'succeeded',
      'failed',
    ]);
  });

  test('3-D Secure sends the customer to a page and back when it is completed', async () => {
    const intent = await world.stripe.paymentIntents.create(card('pm_card_threeDSecure2Required'));
    expect(intent).toMatchObject({ status: 'requires_action', next_action: { type: 'redirect_to_url' } });
    const { url } = intent.next_action!.redirect_to_url!;
    expect(await (await fetch(url!)).text()).toContain('€42.00');
    const back = await post(`${url}/complete`);
    expect(back.status).toBe(303);
    const target = new URL(back.headers.get('location')!);
    expect(Object.fromEntries(target.searchParams)).toEqual({
      order: '7',
      payment_intent: intent.id,
      payment_intent_client_secret: intent.client_secret,
      redirect_status: 'succeeded',
    });
    expect((await world.stripe.paymentIntents.retrieve(intent.id)).status).toBe('succeeded');
    expect((await post(`${url}/complete`)).status).toBe(400);
  });

  test('failed 3-D Secure leaves the payment open and charges nothing', async () => {
    const intent = await world.stripe.paymentIntents.create(card('pm_card_authenticationRequired'));
    await post(`${world.sandbox.url}/3ds/${intent.id}/fail`);
    const after = await world.stripe.paymentIntents.retrieve(intent.id);
    expect(after).toMatchObject({
      status: 'requires_payment_method',
      last_payment_error: { code: 'payment_intent_authentication_failure' },
      latest_charge: null,
    });
  });

  test('a customer who is away cannot authenticate, so the payment is declined', async () => {
    const asked = { ...card('pm_card_authenticationRequired'), off_session: true };
    expect(await refused(world.stripe.paymentIntents.create(asked))).toMatchObject({
      statusCode: 402,
      code: 'authentication_required',
    });
  });

  test.each(['succeeded', 'failed'])('a bank debit is processing until it has %s', async outcome => {
    const intent = await world.stripe.paymentIntents.create(card('pm_sepa_debit'));
    expect(intent.status).toBe('processing');
    expect((await refused(world.stripe.paymentIntents.cancel(intent.id))).code).toBe(
      'payment_intent_unexpected_state',
    );
    await world.control('POST', `payment_intents/${intent.id}/settle`, { outcome });
    const { status } = await world.stripe.paymentIntents.retrieve(intent.id);
    expect(status).toBe(outcome === 'succeeded' ? 'succeeded' : 'requires_payment_method');
  });

  test('a payment that has ended can be neither confirmed, canceled nor changed in its amount', async () => {
    const paid = await world.stripe.paymentIntents.create(card());
    const canceled = await world.stripe.paymentIntents.create({ amount: 1, currency: 'eur' });
    expect(await world.stripe.paymentIntents.cancel(canceled.id)).toMatchObject({ status: 'canceled' });
    for (const { id } of [paid, canceled]) {
      const confirm = { payment_method: 'pm_card_visa', return_url: 'http://localhost:3000' };
      for (const refusal of [
        await refused(world.stripe.paymentIntents.confirm(id, confirm)),
        await refused(world.stripe.paymentIntents.cancel(id)),
        await refused(world.stripe.paymentIntents.update(id, { amount: 2 })),
      ]) {
        expect(refusal).toMatchObject({ statusCode: 400, code: 'payment_intent_unexpected_state' });
        expect(refusal.payment_intent?.id).toBe(id);
      }
    }
    const noted = await world.stripe.paymentIntents.update(paid.id, { metadata: { order: '8' } });
    expect(noted.metadata).toEqual({ order: '8' });
  });

  test('wrong parameters are refused as Stripe refuses them', async () => {
    const create = (params: object) =>
      refused(
        world.stripe.paymentIntents.create(
          params as Parameters<typeof world.stripe.paymentIntents.create>[0],
        ),
      );
    expect(await create({ currency: 'eur' })).toMatchObject({ code: 'parameter_missing', param: 'amount' });
    for (const amount of [0, -1, 1.5, 'x', 2 ** 31]) {
      const error = await create({ amount, currency: 'eur' });
      expect(error).toMatchObject({ statusCode: 400, code: 'parameter_invalid_integer', param: 'amount' });
    }
    expect(await create({ amount: 1, currency: 'eu' })).toMatchObject({ param: 'currency' });
    expect(await create({ amount: 1, currency: 'eur', colour: 'red' })).toMatchObject({
      code: 'parameter_unknown',
      param: 'colour',
    });
    expect(await create({ ...card(), return_url: undefined })).toMatchObject({ param: 'return_url' });
    expect(await create(card('pm_nobody'))).toMatchObject({
      statusCode: 404,
      code: 'resource_missing',
      param: 'payment_method',
    });
    expect(await refused(world.stripe.paymentIntents.retrieve('pi_nobody'))).toMatchObject({
      type: 'StripeInvalidRequestError',
      statusCode: 404,
      code: 'resource_missing',
    });
  });

  test('a publishable key opens a payment against its client secret only', async () => {
    const browser = connect(world.sandbox, { key: 'pk_test_guichet' });
    const intent = await world.stripe.paymentIntents.create({ amount: 1, currency: 'eur' });
    const client_secret = intent.client_secret!;
    expect((await browser.paymentIntents.retrieve(intent.id, { client_secret })).id).toBe(intent.id);
    expect((await refused(browser.paymentIntents.retrieve(intent.id))).statusCode).toBe(404);
    const guessed = { client_secret: `${intent.id}_secret_guessed` };
    expect((await refused(browser.paymentIntents.retrieve(intent.id, guessed))).param).toBe('client_secret');
    expect((await refused(browser.refunds.list())).statusCode).toBe(401);
  });
});

describe('refunds', () => {
  test('parts can be refunded up to what was paid, and no further', async () => {
    const intent = await world.stripe.paymentIntents.create(card());
    const first = await world.stripe.refunds.create({
      payment_intent: intent.id,
      amount: 1000,
      reason: 'requested_by_customer',
      metadata: { order: '7' },
    });
    expect(first).toMatchObject({ status: 'succeeded', amount: 1000, payment_intent: intent.id });
    const tooMuch = await refused(world.stripe.refunds.create({ payment_intent: intent.id, amount: 3201 }));
    expect(tooMuch).toMatchObject({ statusCode: 400, param: 'amount' });
    expect(tooMuch.message).toContain('€32.00');
    const rest = await world.stripe.refunds.create({
      charge: String(intent.latest_charge),
      expand: ['charge'],
    });
    expect(rest).toMatchObject({ amount: 3200, charge: { amount_refunded: 4200, refunded: true } });
    expect((await refused(world.stripe.refunds.create({ payment_intent: intent.id }))).code).toBe(
      'charge_already_refunded',
    );
    const { data } = await world.stripe.refunds.list({ payment_intent: intent.id });
    expect(data.map(refund => refund.id)).toEqual([rest.id, first.id]);
  });

  test('50 refunds at once never give back more than was paid', async () => {
    const intent = await world.stripe.paymentIntents.create(card());
    const attempts = Array.from({ length: 50 }, () =>
      world.stripe.refunds.create({ payment_intent: intent.id, amount: 1000 }),
    );
    const done = (await Promise.allSettled(attempts)).filter(({ status }) => status === 'fulfilled');
    expect(done).toHaveLength(4);
    const charge = await world.stripe.charges.retrieve(String(intent.latest_charge));
    expect(charge).toMatchObject({ amount_refunded: 4000, refunded: false });
  });

  test('a pending refund can fail, and its money can be refunded again', async () => {
    const intent = await world.stripe.paymentIntents.create(card('pm_card_pendingRefund'));
    const refund = await world.stripe.refunds.create({ payment_intent: intent.id });
    expect(refund.status).toBe('pending');
    await world.control('POST', `refunds/${refund.id}/settle`, { outcome: 'failed' });
    expect(await world.stripe.refunds.retrieve(refund.id)).toMatchObject({ status: 'failed' });
    const again = await world.stripe.refunds.create({ payment_intent: intent.id });
    expect(again.amount).toBe(4200);
  });

  test('what was not paid cannot be refunded', async () => {
    const { id } = await world.stripe.paymentIntents.create({ amount: 1, currency: 'eur' });
    expect((await refused(world.stripe.refunds.create({ payment_intent: id }))).statusCode).toBe(400);
  });
});

describe('customers and their payment methods', () => {
  test('customers are found by email, changed, and listed page by page', async () => {
    const email = 'ada@guichet.test';
    const customers = [];
    for (const name of ['Ada 1', 'Ada 2', 'Ada 3']) {
      customers.push(await world.stripe.customers.create({ email, name, metadata: { a: '1', b: '2' } }));
    }
    await world.stripe.customers.create({ email: 'bob@guichet.test' });
    const found = await world.stripe.customers.list({ email, limit: 2 }).autoPagingToArray({ limit: 10 });
    expect(found.map(customer => customer.name)).toEqual(['Ada 3', 'Ada 2', 'Ada 1']);
    const changed = await world.stripe.customers.update(customers[0]!.id, { name: '', metadata: { a: '' } });
    expect(changed).toMatchObject({ name: null, email, metadata: { b: '2' } });
    expect(await world.stripe.customers.retrieve(changed.id)).toEqual(changed);
  });

  test('a card made from a token is attached to its customer and pays', async () => {
    const customer = await world.stripe.customers.create({ email: 'carol@guichet.test' });
    const method = await world.stripe.paymentMethods.create({ type: 'card', card: { token: 'tok_visa' } });
    const attached = await world.stripe.paymentMethods.attach(method.id, { customer: customer.id });
    expect(attached).toMatchObject({ customer: customer.id, card: { last4: '4242' } });
    const asked = { ...card(method.id), customer: customer.id, expand: ['customer', 'payment_method'] };
    const intent = await world.stripe.paymentIntents.create(asked);
    expect(intent).toMatchObject({
      status: 'succeeded',
      customer: { email: 'carol@guichet.test' },
      payment_method: { id: method.id },
    });
  });
});

describe('the server', () => {
  test('an unknown path and a missing or live key are refused in Stripe’s shape', async () => {
    const url = `${world.sandbox.url}/v1/customers`;
    const answer = await fetch(url);
    expect(answer.status).toBe(401);
    expect(await answer.json()).toMatchObject({ error: { type: 'invalid_request_error' } });
    const basic = `Basic ${Buffer.from('sk_test_guichet:').toString('base64')}`;
    expect((await fetch(url, { headers: { authorization: basic } })).status).toBe(200);
    const live = connect(world.sandbox, { key: 'sk_live_oops' });
    expect((await refused(live.customers.list())).type).toBe('StripeAuthenticationError');
    expect((await refused(world.stripe.products.list())).statusCode).toBe(404);
    expect((await fetch(`${world.sandbox.url}/health`)).status).toBe(200);
  });
});
