/** A37: what Stripe's stored errors must not do. An answered 500 comes back under its key for a day. */
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { Viewer } from '#shared/kernel/passport.ts';
import { eventually, viewerWith } from '#shared/test/world.ts';
import { startPayments } from '../server.ts';
import { startWorld, type World } from './world.ts';

let world: World;

beforeAll(async () => {
  world = await startWorld();
});
beforeEach(() => world.control('DELETE', 'faults'));
afterAll(() => world?.stop());

/** The operation behind the error was not carried out, or it was. */
const KINDS = ['fail-before', 'fail-after'] as const;
/** Replays say that they are replays, as Stripe's do, or not, as those of compatible servers. */
const CASES = KINDS.flatMap(kind => [true, false].map(marked => ({ kind, marked })));

/** The next request at the path is answered with an error that its key replays. */
const storedError = (path: string, more: object) =>
  world.control('POST', 'faults', { match: { method: 'POST', path: `/v1/${path}` }, ...more });

/** No webhook tells: what becomes known, we have found out. */
async function deaf<T>(work: () => Promise<T>): Promise<T> {
  await world.control('POST', 'webhooks/pause');
  try {
    return await work();
  } finally {
    await world.control('POST', 'webhooks/resume');
  }
}

const intentsOf = async (paymentId: string) => {
  const { data } = await world.stripe.paymentIntents.list({ limit: 100 });
  return data.filter(({ metadata }) => metadata.paymentId === paymentId);
};
const openIntentsOf = async (paymentId: string) =>
  (await intentsOf(paymentId)).filter(({ status }) => status !== 'canceled');
const customersOf = async ({ id }: Viewer) => {
  const { data } = await world.stripe.customers.list({ limit: 100 });
  return data.filter(({ metadata }) => metadata.userId === id);
};
const capturesOf = async (reference: string) => {
  const { data } = await world.stripe.charges.list({ payment_intent: reference });
  return data.filter(({ captured }) => captured);
};
const checkout = async (buyer: Viewer, orderId: string) => {
  const input = { orderId, returnUrl: 'http://localhost:3000/paid' };
  return world.mutate(buyer, 'createCheckout', input, '... on CheckoutSession { id url }');
};

/** Buys, and checks that all went through once. */
async function buy({ buyer, paymentId, orderId }: Awaited<ReturnType<World['order']>>) {
  expect(await world.confirm(buyer, paymentId)).toMatchObject({ status: 'SUCCEEDED' });
  const open = await openIntentsOf(paymentId);
  expect(open).toHaveLength(1);
  expect(await capturesOf(open[0]!.id)).toHaveLength(1);
  expect(await world.outcomes(orderId)).toHaveLength(1);
}

test.each(CASES)(
  'A37: an error at the creation of a customer locks the buyer out of no order ($kind, marked: $marked)',
  fault =>
    deaf(async () => {
      const buyer = viewerWith('CUSTOMER');
      await storedError('customers', fault);
      await buy(await world.order(buyer));
      await buy(await world.order(buyer));
      expect(await customersOf(buyer)).toHaveLength(1);
    }),
);

test.each(CASES)(
  'A37: an error at the creation of a payment does not keep its order from being paid ($kind, marked: $marked)',
  fault =>
    deaf(async () => {
      await storedError('payment_intents', fault);
      await buy(await world.order());
    }),
);

test.each(CASES)(
  'A37: a confirmation that is answered with an error goes through, and is captured once ($kind, marked: $marked)',
  fault =>
    deaf(async () => {
      const order = await world.order();
      await storedError('payment_intents/', fault);
      const confirmed = await world.confirm(order.buyer, order.paymentId);
      // Where replays are marked, or the payment tells of its success, the buyer need not wait.
      if (fault.marked || fault.kind === 'fail-after') expect(confirmed.status).toBe('SUCCEEDED');
      await eventually(async () => {
        await world.hasten('reconcile-payment');
        return (await world.see(order.buyer, order.paymentId)).status === 'SUCCEEDED';
      });
      expect(await capturesOf(order.payment.providerReference)).toHaveLength(1);
      expect(await world.outcomes(order.orderId)).toHaveLength(1);
    }),
);

test('A37: a decline behind an error is found and not tried again; the next card goes through', () =>
  deaf(async () => {
    for (const marked of [true, false]) {
      const { buyer, paymentId, payment } = await world.order();
      await world.confirm(buyer, paymentId, 'pm_card_chargeDeclined');
      await storedError('payment_intents/', { kind: 'fail-after', marked });
      const declined = await world.confirm(buyer, paymentId, 'pm_card_chargeDeclined');
      expect(declined).toMatchObject({ status: 'REQUIRES_PAYMENT_METHOD', failureCode: 'card_declined' });
      const { data } = await world.stripe.charges.list({ payment_intent: payment.providerReference });
      expect(data).toHaveLength(2);
      expect((await world.confirm(buyer, paymentId)).status).toBe('SUCCEEDED');
    }
  }));

test.each(CASES)(
  'A37: an error at the opening of a checkout blocks neither the page nor the order ($kind, marked: $marked)',
  fault =>
    deaf(async () => {
      const { buyer, orderId, paymentId } = await world.order();
      await storedError('checkout/sessions', fault);
      // At the next try at the latest.
      const opened = await eventually(
        async () => (await checkout(buyer, orderId)).data?.createCheckout?.url as string | undefined,
      );
      const body = new URLSearchParams({ payment_method: 'pm_card_visa' });
      await fetch(`${opened}/pay`, { method: 'POST', redirect: 'manual', body });
      // Confirming finds the page paid.
      expect((await world.confirm(buyer, paymentId)).status).toBe('SUCCEEDED');
      expect(await openIntentsOf(paymentId)).toHaveLength(1);
      const { data } = await world.stripe.checkout.sessions.list({ limit: 100 });
      const ours = data.filter(({ metadata }) => metadata?.paymentId === paymentId);
      expect(ours.map(({ status }) => status)).toEqual(['complete']);
      expect(await world.outcomes(orderId)).toHaveLength(1);
    }),
);

test.each(KINDS)('A37: an opening that was given up after an error lets the buyer pay by card (%s)', kind =>
  deaf(async () => {
    const { buyer, orderId, paymentId } = await world.order();
    await storedError('checkout/sessions', { kind, marked: false });
    await world.control('POST', 'faults', {
      match: { method: 'GET', path: '/v1/checkout' },
      kind: 'status',
      times: 50,
    });
    const lost = await checkout(buyer, orderId);
    expect(lost.errors![0]!.extensions.code).toBe('UNAVAILABLE');
    await world.control('DELETE', 'faults');
    await world.hasten('open-checkout');
    await eventually(async () => (await world.see(buyer, paymentId)).clientSecret !== null);
    expect((await world.confirm(buyer, paymentId)).status).toBe('SUCCEEDED');
    const { data } = await world.stripe.checkout.sessions.list({ limit: 100 });
    const ours = data.filter(({ metadata }) => metadata?.paymentId === paymentId);
    expect(ours.filter(({ status }) => status === 'open')).toEqual([]);
  }),
);

test.each(KINDS)('A37: a refund that is answered with an error is given back once (%s)', kind =>
  deaf(async () => {
    const { buyer, paymentId, payment } = await world.order();
    await world.confirm(buyer, paymentId);
    await storedError('refunds', { kind });
    const refunded = await world.refund(paymentId, { amount: { amount: 2_000, currency: 'EUR' } });
    expect(refunded).toMatchObject({ refundedAmount: { amount: 2_000 } });
    const { data } = await world.stripe.refunds.list({ payment_intent: payment.providerReference });
    expect(data.map(({ amount }) => amount)).toEqual([2_000]);
    expect(refunded.refunds).toMatchObject([{ status: 'SUCCEEDED', external: false }]);
  }),
);

test('A37: where replays are not marked, money is given back anew only after a while without a trace', () =>
  deaf(async () => {
    const { buyer, paymentId, payment } = await world.order();
    await world.confirm(buyer, paymentId);
    await storedError('refunds', { kind: 'fail-before', marked: false });
    expect(await world.refund(paymentId)).toMatchObject({ refundedAmount: { amount: 0 } });
    expect(
      await world.sql(`select generation from provider_keys where operation like 'refund-%'`),
    ).toContainEqual({
      generation: 0,
    });
    await world.sql(`update provider_keys set failed_at = failed_at - interval '1 minute'`);
    await world.hasten('execute-refund');
    await eventually(async () => (await world.see(buyer, paymentId)).refundedAmount.amount === 5_000);
    const { data } = await world.stripe.refunds.list({ payment_intent: payment.providerReference });
    expect(data).toHaveLength(1);
  }));

test('money that went back twice all the same is counted twice and flagged', async () => {
  const { buyer, paymentId, payment } = await world.order();
  await world.confirm(buyer, paymentId);
  const { refunds } = await world.refund(paymentId, { amount: { amount: 2_000, currency: 'EUR' } });
  await world.stripe.refunds.create({
    payment_intent: payment.providerReference,
    amount: 2_000,
    metadata: { refundId: refunds[0].id },
  });
  await eventually(async () => (await world.see(buyer, paymentId)).refundedAmount.amount === 4_000);
  const [row] = await world.sql('select flag from payments where id = $1', [paymentId]);
  expect(row!.flag).toContain('a second time');
  await world.sql('update payments set flag = null where id = $1', [paymentId]);
});

test.each(CASES)(
  'A37: two subgraphs that meet the same error at once make one of each ($kind, marked: $marked)',
  fault =>
    deaf(async () => {
      const second = await startPayments(world.environment);
      try {
        const buyer = viewerWith('CUSTOMER');
        await storedError('customers', fault);
        await storedError('payment_intents', fault);
        const request = world.requestOf(buyer);
        await world.messenger.deliver('payment-process-request', request);
        const paymentId = await world.paymentIdOf(request.orderId);
        await Promise.all(Array.from({ length: 4 }, () => world.runJob('create-intent', { paymentId })));
        await eventually(async () => (await world.see(buyer, paymentId)).clientSecret !== null);
        await eventually(async () => {
          const [row] = await world.sql(
            `select count(*)::int as n from outbox where name = 'payments/create-intent' and pending <> '{}'`,
          );
          return row!.n === 0;
        });
        expect(await customersOf(buyer)).toHaveLength(1);
        expect(await openIntentsOf(paymentId)).toHaveLength(1);
        expect((await world.confirm(buyer, paymentId)).status).toBe('SUCCEEDED');
      } finally {
        await second.stop();
      }
    }),
);

test('A37: a payment that is made behind its error after all is canceled when it shows up', async () => {
  await storedError('payment_intents', { kind: 'fail-before' });
  const order = await world.order();
  // As carried out by Stripe long after it has answered.
  await world.stripe.paymentIntents.create({
    amount: 5_000,
    currency: 'eur',
    metadata: { paymentId: order.paymentId, orderId: order.orderId },
  });
  expect(await intentsOf(order.paymentId)).toHaveLength(2);
  await eventually(async () => (await openIntentsOf(order.paymentId)).length === 1);
  expect((await openIntentsOf(order.paymentId))[0]!.id).toBe(order.payment.providerReference);
  await buy(order);
  await world.settled();
  expect(await world.sql('select flag from payments where flag is not null')).toEqual([]);
});

test('A37: a key whose parameters have changed since its error moves on, too', () =>
  deaf(async () => {
    const buyer = viewerWith('CUSTOMER');
    await world.order(buyer);
    await storedError('payment_intents', { kind: 'fail-before' });
    await world.control('POST', 'faults', {
      match: { method: 'GET', path: '/v1/payment_intents' },
      kind: 'status',
      times: 50,
    });
    const request = world.requestOf(buyer);
    await world.messenger.deliver('payment-process-request', request);
    const paymentId = await world.paymentIdOf(request.orderId);
    const key = [`payment-${paymentId}-intent`];
    await eventually(
      async () => (await world.sql('select 1 from provider_keys where operation = $1', key)).length > 0,
    );
    await world.sql(`update payments set description = 'Order renamed' where id = $1`, [paymentId]);
    await world.control('DELETE', 'faults');
    await eventually(async () => (await world.see(buyer, paymentId)).clientSecret !== null);
    expect(await intentsOf(paymentId)).toHaveLength(1);
  }));

test('A37: what was made behind an error for an order that has ended meanwhile is canceled', () =>
  deaf(async () => {
    const buyer = viewerWith('CUSTOMER');
    await world.order(buyer);
    await storedError('payment_intents', { kind: 'fail-after' });
    await world.control('POST', 'faults', {
      match: { method: 'GET', path: '/v1/payment_intents' },
      kind: 'status',
      times: 50,
    });
    const request = world.requestOf(buyer);
    await world.messenger.deliver('payment-process-request', request);
    const paymentId = await world.paymentIdOf(request.orderId);
    const key = [`payment-${paymentId}-intent`];
    await eventually(
      async () => (await world.sql('select 1 from provider_keys where operation = $1', key)).length > 0,
    );
    await world.messenger.deliver('payment-cancel-request', { orderId: request.orderId, reason: 'expired' });
    await world.reaches(paymentId, 'CANCELED');
    await world.control('DELETE', 'faults');
    await eventually(async () => (await openIntentsOf(paymentId)).length === 0);
    expect(await intentsOf(paymentId)).toHaveLength(1);
  }));

test('the database says which generation of a key is sent: who is killed in between goes on with it', () =>
  deaf(async () => {
    const buyer = viewerWith('CUSTOMER');
    const request = world.requestOf(buyer);
    await storedError('payment_intents', { kind: 'fail-before' });
    await world.messenger.deliver('payment-process-request', request);
    const paymentId = await world.paymentIdOf(request.orderId);
    await eventually(async () => (await world.see(buyer, paymentId)).clientSecret !== null);
    const keys = (await world.asked('POST', 'payment_intents'))
      .map(({ idempotencyKey }) => idempotencyKey)
      .filter(key => key?.includes(paymentId));
    expect(new Set(keys)).toEqual(
      new Set([`payment-${paymentId}-intent`, `payment-${paymentId}-intent-generation-1`]),
    );
    const rows = await world.sql('select generation from provider_keys where operation = $1', [
      `payment-${paymentId}-intent`,
    ]);
    expect(rows).toEqual([{ generation: 1 }]);
    // As killed before the answer was written down: the same generation is asked again and brings back the same.
    await world.sql('update payments set provider_reference = null, client_secret = null where id = $1', [
      paymentId,
    ]);
    await world.runJob('create-intent', { paymentId });
    await eventually(async () => (await world.see(buyer, paymentId)).clientSecret !== null);
    expect(await intentsOf(paymentId)).toHaveLength(1);
  }));
