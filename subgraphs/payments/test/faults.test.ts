import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { eventually, viewerWith } from '#shared/test/world.ts';
import { ProviderRefusal } from '../provider/provider-errors.ts';
import { connectStripe } from '../provider/stripe.ts';
import { readPaymentsSettings } from '../settings.ts';
import { startWorld, type World } from './world.ts';

let world: World;

beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world?.stop());

const CONFIRM = '/v1/payment_intents/';
/** Arranges a fault at Stripe; the library repeats a cut call once by itself. */
const fault = (kind: string, path: string, times: number, more: object = {}) =>
  world.control('POST', 'faults', { match: { method: 'POST', path }, kind, times, ...more });

/** No webhook tells: what becomes known, we have found out. */
async function deaf<T>(work: () => Promise<T>): Promise<T> {
  await world.control('POST', 'webhooks/pause');
  try {
    return await work();
  } finally {
    await world.control('DELETE', 'faults');
    await world.control('POST', 'webhooks/resume');
  }
}

test('F3: a confirmation whose answer is lost is asked for again until it is known, and captured once', () =>
  deaf(async () => {
    const { buyer, orderId, paymentId, payment } = await world.order();
    await fault('cut-after', CONFIRM, 2);
    const unknown = await world.confirm(buyer, paymentId);
    expect(unknown).toMatchObject({ __typename: 'Payment', status: 'PROCESSING', failureCode: null });
    expect(await world.outcomes(orderId)).toEqual([]);
    expect(await world.confirm(buyer, paymentId)).toMatchObject({
      message: 'This payment is being confirmed by another request.',
    });
    await world.hasten('reconcile-payment');
    await world.reaches(paymentId, 'SUCCEEDED');
    expect(await world.outcomes(orderId)).toHaveLength(1);
    const { data } = await world.stripe.charges.list({ payment_intent: payment.providerReference });
    expect(data).toHaveLength(1);
    const asked = await world.asked('POST', `payment_intents/${payment.providerReference}/confirm`);
    expect(new Set(asked.map(({ idempotencyKey }) => idempotencyKey)).size).toBe(1);
  }));

test('F3: a confirmation that never arrived is carried out by its job; a declined one is declined once', () =>
  deaf(async () => {
    for (const [method, status] of [
      ['pm_card_visa', 'SUCCEEDED'],
      ['pm_card_chargeDeclined', 'REQUIRES_PAYMENT_METHOD'],
    ] as const) {
      const { buyer, paymentId, payment } = await world.order();
      await fault(status === 'SUCCEEDED' ? 'cut-before' : 'cut-after', CONFIRM, 2);
      expect((await world.confirm(buyer, paymentId, method)).status).toBe('PROCESSING');
      await world.hasten('reconcile-payment');
      await world.reaches(paymentId, status);
      const { data } = await world.stripe.charges.list({ payment_intent: payment.providerReference });
      expect(data).toHaveLength(1);
      const results = (await world.emitted('payment.card.result')).filter(r => r.paymentId === paymentId);
      expect(results).toHaveLength(1);
    }
  }));

test('F3: Stripe answers with errors for a while: the job comes back until it answers', () =>
  deaf(async () => {
    const { buyer, paymentId } = await world.order();
    await fault('status', CONFIRM, 20, { status: 503 });
    expect((await world.confirm(buyer, paymentId)).status).toBe('PROCESSING');
    await world.hasten('reconcile-payment');
    await eventually(
      async () =>
        (await world.asked('POST', 'payment_intents/')).filter(({ replayed }) => !replayed).length > 2,
    );
    await world.control('DELETE', 'faults');
    await world.reaches(paymentId, 'SUCCEEDED');
  }));

test('F2: killed after Stripe has collected and before our commit, one capture is found again', () =>
  deaf(async () => {
    const { orderId, paymentId, payment } = await world.order();
    // What a killed process leaves behind: the saved attempt, its job, and a success at Stripe.
    const returnUrl = 'http://localhost:4000/playground';
    await world.sql(
      `update payments set attempts = 1, confirming_since = now(), confirming_method = 'pm_card_visa', return_url = $2
        where id = $1`,
      [paymentId, returnUrl],
    );
    await world.stripe.paymentIntents.confirm(
      payment.providerReference,
      { payment_method: 'pm_card_visa', return_url: returnUrl },
      { idempotencyKey: `payment-${paymentId}-confirm-1` },
    );
    await world.runJob('reconcile-payment', { paymentId });
    await world.reaches(paymentId, 'SUCCEEDED');
    expect(await world.outcomes(orderId)).toHaveLength(1);
    const { data } = await world.stripe.charges.list({ payment_intent: payment.providerReference });
    expect(data).toHaveLength(1);
  }));

test('F2: killed before Stripe was asked, the attempt is carried out; of a closed order, it is canceled', () =>
  deaf(async () => {
    for (const closed of [false, true]) {
      const { orderId, paymentId } = await world.order();
      await world.sql(
        `update payments set attempts = 1, confirming_since = now(), confirming_method = 'pm_card_visa',
          return_url = 'http://localhost/' where id = $1`,
        [paymentId],
      );
      if (closed)
        await world.sql(`insert into closed_orders (order_id, reason) values ($1, 'expired')`, [orderId]);
      await world.runJob('reconcile-payment', { paymentId });
      await world.reaches(paymentId, closed ? 'CANCELED' : 'SUCCEEDED');
      const [row] = await world.sql('select confirming_since from payments where id = $1', [paymentId]);
      expect(row!.confirming_since).toBeNull();
    }
  }));

test('a replayed old answer does not bring back what has passed', () =>
  deaf(async () => {
    const { buyer, paymentId, payment } = await world.order();
    await fault('cut-after', CONFIRM, 2);
    await world.confirm(buyer, paymentId, 'pm_card_threeDSecure2Required');
    await fetch(`${world.sandbox.url}/3ds/${payment.providerReference}/fail`, {
      method: 'POST',
      redirect: 'manual',
    });
    // Under its key Stripe still answers that 3-D Secure is needed.
    await world.hasten('reconcile-payment');
    const failed = await world.reaches(paymentId, 'REQUIRES_PAYMENT_METHOD');
    expect(failed.failureCode).toBe('payment_intent_authentication_failure');
    const statuses = (await world.updates(paymentId)).map(({ status }) => status);
    expect(statuses).toEqual(['REQUIRES_PAYMENT_METHOD', 'PROCESSING', 'REQUIRES_PAYMENT_METHOD']);
  }));

test('Stripe is away when a payment begins and when its order is canceled: both are made up for', () =>
  deaf(async () => {
    const buyer = viewerWith('CUSTOMER');
    const request = world.requestOf(buyer);
    await fault('cut-after', '/v1/payment_intents', 3);
    await world.messenger.deliver('payment-process-request', request);
    const paymentId = await world.paymentIdOf(request.orderId);
    const payment = await eventually(async () => {
      const shown = await world.see(buyer, paymentId);
      return shown.clientSecret !== null && shown;
    });
    const { data } = await world.stripe.paymentIntents.list({ limit: 100 });
    expect(data.filter(({ metadata }) => metadata.paymentId === paymentId)).toHaveLength(1);
    await fault('status', CONFIRM, 3, { status: 500 });
    await world.messenger.deliver('payment-cancel-request', { orderId: request.orderId, reason: 'expired' });
    await world.reaches(paymentId, 'CANCELED');
    expect((await world.stripe.paymentIntents.retrieve(payment.providerReference)).status).toBe('canceled');
  }));

test('no error of Stripe’s carries a client secret (I12)', async () => {
  const { payment } = await world.order();
  await world.stripe.paymentIntents.cancel(payment.providerReference);
  const provider = connectStripe(readPaymentsSettings(world.environment));
  const attempt = {
    reference: payment.providerReference,
    paymentMethodId: 'pm_card_visa',
    returnUrl: 'http://localhost/',
  };
  const error = await provider.confirm(attempt, 'no key').catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(ProviderRefusal);
  const everything = JSON.stringify(error, Object.getOwnPropertyNames(error));
  expect(everything).toContain('PaymentIntent');
  expect(everything).not.toContain('_secret_');
});
