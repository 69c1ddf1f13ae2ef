import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { eventually, viewerWith } from '#shared/test/world.ts';
import { startWorld, type World } from './world.ts';

jest.setTimeout(90_000);

let world: World;
const RETURN = 'http://localhost/';
const INTENTS = '/v1/payment_intents/';

beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world?.stop());

/** How often the order was told that nothing was captured for it, and nothing can be. */
const answers = async (orderId: string) =>
  (await world.emitted('payment-cancel-result')).filter(answer => answer.orderId === orderId).length;
const close = (orderId: string) =>
  world.messenger.deliver('payment-cancel-request', { orderId, reason: 'It was not paid in time.' });
const isAnswered = (orderId: string, times = 1) =>
  eventually(async () => (await answers(orderId)) === times, 60);
const succeeded = async (orderId: string) =>
  (await world.outcomes(orderId)).filter(({ outcome }) => outcome === 'SUCCEEDED').length;
/** Waits until no request to close and no job about it is left. */
const settle = () =>
  eventually(async () => {
    const [row] = await world.sql(
      `select count(*)::int as left from outbox where name = 'payments/cancel-intent' and pending <> '{}'`,
    );
    return row!.left === 0;
  });
const confirmWithStripeJs = (reference: string) =>
  world.stripe.paymentIntents.confirm(reference, { payment_method: 'pm_card_visa', return_url: RETURN });

/** No webhook tells: what becomes known, the closing has found out. */
async function deaf<T>(work: () => Promise<T>): Promise<T> {
  await world.control('POST', 'webhooks/pause');
  try {
    return await work();
  } finally {
    await world.control('DELETE', 'faults');
    await world.control('POST', 'webhooks/resume');
  }
}

test('an order that nobody has paid is closed once Stripe has canceled its payment, and not before', () =>
  deaf(async () => {
    const { orderId, paymentId, payment } = await world.order();
    const path = `${INTENTS}${payment.providerReference}/cancel`;
    await world.control('POST', 'faults', { match: { method: 'POST', path }, kind: 'status', times: 1_000 });
    await close(orderId);
    const asked = `payment_intents/${payment.providerReference}/cancel`;
    await eventually(async () => (await world.asked('POST', asked)).length);
    expect(await answers(orderId)).toBe(0);
    await world.control('DELETE', 'faults');
    await isAnswered(orderId);
    expect((await world.stripe.paymentIntents.retrieve(payment.providerReference)).status).toBe('canceled');
    expect((await world.see(world.admin, paymentId)).status).toBe('CANCELED');
    expect(await world.outcomes(orderId)).toEqual([]);
    // The answer may be lost: whoever asks again is answered again.
    await close(orderId);
    await isAnswered(orderId, 2);
    // So it is when the process has died between the cancellation and the answer, and the job is run again.
    await world.runJob('cancel-intent', { paymentId });
    await isAnswered(orderId, 3);
  }));

test('an order that payments has never heard of is closed at once, and can never be paid', async () => {
  const buyer = viewerWith('CUSTOMER');
  const request = world.requestOf(buyer);
  await close(request.orderId);
  await isAnswered(request.orderId);
  await world.messenger.deliver('payment-process-request', request);
  await eventually(async () => {
    const [row] = await world.sql('select count(*)::int as handled from inbox');
    return (row!.handled as number) >= 2;
  });
  expect(await world.sql('select 1 from payments where order_id = $1', [request.orderId])).toEqual([]);
});

test('F12: an order whose payment is captured is told of the capture again, not that it is closed', async () => {
  const { buyer, orderId, paymentId } = await world.order();
  expect((await world.confirm(buyer, paymentId)).status).toBe('SUCCEEDED');
  const [first] = await world.outcomes(orderId);
  await close(orderId);
  await eventually(async () => (await succeeded(orderId)) === 2);
  expect((await world.outcomes(orderId))[1]).toEqual(first);
  await settle();
  expect(await answers(orderId)).toBe(0);
});

test('F12: what was captured at Stripe before the closing is found out by it, and told once', () =>
  deaf(async () => {
    const { orderId, paymentId, payment } = await world.order();
    await confirmWithStripeJs(payment.providerReference);
    await close(orderId);
    await world.reaches(paymentId, 'SUCCEEDED');
    await settle();
    expect(await succeeded(orderId)).toBe(1);
    expect(await answers(orderId)).toBe(0);
  }));

test('F12: a payment that is captured between the closing and its cancellation is told, by whoever hears first', async () => {
  const { orderId, paymentId, payment } = await world.order();
  const path = `${INTENTS}${payment.providerReference}/cancel`;
  // The cancellation waits for Stripe, while the buyer pays there and the webhook tells of it.
  await world.control('POST', 'faults', { match: { method: 'POST', path }, kind: 'status', times: 1_000 });
  await close(orderId);
  await eventually(
    async () => (await world.sql('select 1 from closed_orders where order_id = $1', [orderId])).length,
  );
  await confirmWithStripeJs(payment.providerReference);
  await world.reaches(paymentId, 'SUCCEEDED');
  await world.control('DELETE', 'faults');
  await settle();
  expect(await succeeded(orderId)).toBe(1);
  expect(await answers(orderId)).toBe(0);
});

test('a payment that its bank has cannot be canceled: the order is closed, and hears of the money if it comes', async () => {
  const { buyer, orderId, paymentId, payment } = await world.order();
  await world.confirm(buyer, paymentId, 'pm_usBankAccount_processing');
  await world.reaches(paymentId, 'PROCESSING');
  await close(orderId);
  await isAnswered(orderId);
  expect((await world.see(buyer, paymentId)).status).toBe('PROCESSING');
  await world.control('POST', `payment_intents/${payment.providerReference}/settle`, {
    outcome: 'succeeded',
  });
  await eventually(async () => (await succeeded(orderId)) === 1);
});

test('F3: closing finds out what has become of a confirmation whose answer was lost', () =>
  deaf(async () => {
    for (const [kind, status] of [
      ['cut-after', 'SUCCEEDED'],
      ['cut-before', 'CANCELED'],
    ] as const) {
      const { buyer, orderId, paymentId, payment } = await world.order();
      const path = `${INTENTS}${payment.providerReference}/confirm`;
      await world.control('POST', 'faults', { match: { method: 'POST', path }, kind, times: 2 });
      expect((await world.confirm(buyer, paymentId)).status).toBe('PROCESSING');
      await close(orderId);
      await world.reaches(paymentId, status);
      await settle();
      expect([status, await answers(orderId)]).toEqual([status, status === 'CANCELED' ? 1 : 0]);
      expect([status, await succeeded(orderId)]).toEqual([status, status === 'CANCELED' ? 0 : 1]);
      await world.control('DELETE', 'faults');
    }
  }));

test('F3: a confirmation whose answer was lost and that the bank has does not keep the order waiting', () =>
  deaf(async () => {
    const { buyer, orderId, paymentId, payment } = await world.order();
    const path = `${INTENTS}${payment.providerReference}/confirm`;
    await world.control('POST', 'faults', { match: { method: 'POST', path }, kind: 'cut-after', times: 2 });
    expect((await world.confirm(buyer, paymentId, 'pm_usBankAccount_processing')).status).toBe('PROCESSING');
    await close(orderId);
    await isAnswered(orderId);
    const [row] = await world.sql('select status, confirming_since from payments where id = $1', [paymentId]);
    expect(row).toEqual({ status: 'PROCESSING', confirming_since: null });
  }));

test('a page that is open is ended before the order is closed; one that was paid is told', () =>
  deaf(async () => {
    for (const paid of [false, true]) {
      const { buyer, orderId, paymentId } = await world.order();
      const input = { orderId, returnUrl: RETURN };
      const { data } = await world.mutate(buyer, 'createCheckout', input, '... on CheckoutSession { url }');
      const pay = () =>
        fetch(`${data.createCheckout.url}/pay`, {
          method: 'POST',
          redirect: 'manual',
          body: new URLSearchParams(),
        });
      if (paid) await pay();
      await close(orderId);
      await world.reaches(paymentId, paid ? 'SUCCEEDED' : 'CANCELED');
      await settle();
      expect([paid, await answers(orderId), await succeeded(orderId)]).toEqual([
        ...[paid, paid ? 0 : 1, paid ? 1 : 0],
      ]);
      if (!paid) expect((await pay()).status).toBe(400);
    }
  }));

test('while Stripe is away a closing is not answered, and asking again adds no job that insists', () =>
  deaf(async () => {
    const { orderId, paymentId, payment } = await world.order();
    const path = `${INTENTS}${payment.providerReference}`;
    await world.control('POST', 'faults', { match: { path }, kind: 'status', times: 1_000 });
    await close(orderId);
    const jobs = async () => {
      const rows = await world.sql(
        `select envelope -> 'data' -> 'wait' as wait, pending <> '{}' as waiting from outbox
          where name = 'payments/cancel-intent' and envelope -> 'data' ->> 'paymentId' = $1`,
        [paymentId],
      );
      return rows as { wait: number | null; waiting: boolean }[];
    };
    await eventually(async () => (await jobs()).some(({ wait }) => wait !== null));
    for (let i = 0; i < 3; i++) await close(orderId);
    await eventually(async () => {
      const found = await jobs();
      const first = found.filter(({ wait }) => wait === null);
      return first.length === 4 && first.every(({ waiting }) => !waiting);
    });
    expect((await jobs()).filter(({ waiting }) => waiting).length).toBeLessThanOrEqual(1);
    expect(await answers(orderId)).toBe(0);
    await world.control('DELETE', 'faults');
    await isAnswered(orderId);
  }));

/** The buyer pays, by our API or at Stripe, while the order is closed; in every order of the steps. */
test('F12: an order closed while it is paid hears of the capture, or that there was none, never both', async () => {
  const buyer = viewerWith('CUSTOMER');
  const placed = [];
  for (let i = 0; i < 12; i++) placed.push(await world.order(buyer));
  await Promise.all(
    placed.map(async ({ orderId, paymentId, payment }, index) => {
      const pay = async () => {
        if (index % 2) await world.confirm(buyer, paymentId);
        else await confirmWithStripeJs(payment.providerReference).catch(() => {});
      };
      await Promise.all(index % 3 ? [close(orderId), pay()] : [pay(), close(orderId)]);
    }),
  );
  await world.settled();
  for (const { orderId, paymentId, payment } of placed) {
    await eventually(async () => (await answers(orderId)) + (await succeeded(orderId)) > 0);
    await settle();
    const { status } = await world.stripe.paymentIntents.retrieve(payment.providerReference);
    const captured = status === 'succeeded';
    expect((await world.see(buyer, paymentId)).status).toBe(captured ? 'SUCCEEDED' : 'CANCELED');
    expect([captured, (await succeeded(orderId)) > 0, (await answers(orderId)) > 0]).toEqual([
      ...[captured, captured, !captured],
    ]);
  }
  expect(await world.sql('select name, error from dead_letters')).toEqual([]);
});
