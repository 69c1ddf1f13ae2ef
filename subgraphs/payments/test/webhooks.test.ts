import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { newId } from '#shared/data/database.ts';
import { eventually, viewerWith } from '#shared/test/world.ts';
import { signWebhook } from '../../../dev/stripe-sandbox/webhooks.ts';
import { toWebhook } from '../provider/stripe-webhooks.ts';
import { SECRET, startWorld, type World, webhookBody } from './world.ts';

let world: World;

beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world?.stop());

const stored = async (body: string) =>
  (await world.sql('select outcome from webhooks where id = $1', [JSON.parse(body).id]))[0];
const outcomeOf = (body: string) =>
  eventually(async () => (await stored(body))?.outcome as string | null | undefined);
const now = () => Math.floor(Date.now() / 1_000);

test('A1: a webhook unsigned, wrongly signed or too old is refused and not stored', async () => {
  const body = webhookBody('payment_intent.succeeded', { id: 'pi_1', metadata: {} });
  const right = signWebhook(body, SECRET);
  const forged = [
    '',
    'nonsense',
    signWebhook(body, 'whsec_somebody_else'),
    signWebhook(body, SECRET, now() - 301),
    right.replace(/v1=./, 'v1=x'),
    right.replace(/t=\d+/, `t=${now() + 1}`),
    right.replace('v1=', 'v0='),
  ];
  for (const signature of forged) expect((await world.post(body, signature)).status).toBe(400);
  expect((await fetch(world.webhookUrl, { method: 'POST', body })).status).toBe(400);
  expect(await stored(body)).toBeUndefined();
  expect((await world.post(body, signWebhook(body, SECRET, now() - 290))).status).toBe(200);
});

test('A2: a valid signature over the same JSON in other bytes is refused', async () => {
  const body = webhookBody('payment_intent.succeeded', { id: 'pi_1', metadata: {} });
  const again = JSON.stringify(JSON.parse(body));
  expect((await world.post(again, signWebhook(body, SECRET))).status).toBe(400);
  expect(await stored(body)).toBeUndefined();
});

test('A3: of two signatures, as while a secret is rotated, one has to be right', async () => {
  const body = webhookBody('payment_intent.succeeded', { id: 'pi_1', metadata: {} });
  const [t, other] = signWebhook(body, 'whsec_the_old_one').split(',');
  const right = signWebhook(body, SECRET).split(',')[1];
  expect((await world.post(body, `${t},${other},${right}`)).status).toBe(200);
});

test('a body too large, and PayPal, are answered as JSON', async () => {
  const large = await world.post('x'.repeat(1_000_001));
  expect([large.status, await large.json()]).toEqual([413, { error: 'The body is too large.' }]);
  const paypal = await fetch(world.webhookUrl.replace('stripe', 'paypal'), { method: 'POST', body: '{}' });
  expect([paypal.status, await paypal.json()]).toEqual([
    404,
    { error: 'Payments through PayPal are not offered yet.' },
  ]);
});

/** A payment that the buyer has paid with Stripe.js while no webhook comes through. */
async function paidUnheard() {
  await world.control('POST', 'webhooks/pause');
  const placed = await world.order();
  const { providerReference } = placed.payment;
  const intent = await world.stripe.paymentIntents.confirm(providerReference, {
    payment_method: 'pm_card_visa',
    return_url: 'http://localhost/',
  });
  return { ...placed, intent };
}

test('A4: one event fifty times at once is answered 200 and takes effect once', async () => {
  const { orderId, paymentId, intent } = await paidUnheard();
  const body = webhookBody('payment_intent.succeeded', intent);
  const answers = await Promise.all(Array.from({ length: 50 }, () => world.post(body)));
  expect(answers.map(({ status }) => status)).toEqual(Array(50).fill(200));
  await world.reaches(paymentId, 'SUCCEEDED');
  expect(await outcomeOf(body)).toBe('applied');
  const { id } = JSON.parse(body);
  expect(await world.sql('select 1 from webhooks where id = $1', [id])).toHaveLength(1);
  const received = await world.emitted('stripe.webhook.received');
  expect(received.filter(({ webhookId }) => webhookId === id)).toHaveLength(1);
  expect(await world.outcomes(orderId)).toHaveLength(1);
  await world.control('POST', 'webhooks/resume');
});

test('A5, A7: other events about the same payment, and a failure after the success, change nothing', async () => {
  const { buyer, orderId, paymentId, intent } = await paidUnheard();
  const bodies = Array.from({ length: 10 }, () => webhookBody('payment_intent.succeeded', intent));
  await Promise.all(bodies.map(body => world.post(body)));
  await world.reaches(paymentId, 'SUCCEEDED');
  const before = await world.updates(paymentId);
  const failed = webhookBody('payment_intent.payment_failed', {
    id: intent.id,
    metadata: intent.metadata,
    status: 'requires_payment_method',
  });
  await world.post(failed);
  expect(await outcomeOf(failed)).toBe('unchanged');
  const outcomes = await Promise.all(bodies.map(outcomeOf));
  expect(outcomes.filter(outcome => outcome === 'applied')).toHaveLength(1);
  expect((await world.see(buyer, paymentId)).status).toBe('SUCCEEDED');
  expect(await world.updates(paymentId)).toEqual(before);
  expect(await world.outcomes(orderId)).toHaveLength(1);
  await world.control('POST', 'webhooks/resume');
});

test('a webhook is a hint: what it claims is not believed, Stripe is asked', async () => {
  const { buyer, orderId, paymentId, payment } = await world.order();
  const body = webhookBody('payment_intent.succeeded', {
    id: payment.providerReference,
    metadata: { paymentId },
    status: 'succeeded',
    amount_received: 5_000,
  });
  await world.post(body);
  expect(await outcomeOf(body)).toBe('unchanged');
  expect((await world.see(buyer, paymentId)).status).toBe('REQUIRES_PAYMENT_METHOD');
  expect(await world.outcomes(orderId)).toEqual([]);
});

test('A6: news of a payment that is not written here yet is kept and applied later', async () => {
  const [paymentId, orderId, customerId] = [newId(), newId(), newId()];
  const intent = await world.stripe.paymentIntents.create({
    amount: 4_200,
    currency: 'eur',
    payment_method: 'pm_card_visa',
    confirm: true,
    return_url: 'http://localhost/',
    metadata: { paymentId, orderId },
  });
  expect(intent.status).toBe('succeeded');
  await eventually(
    async () =>
      (
        await world.sql(
          `select 1 from webhooks where type = 'payment_intent.succeeded'
            and payload -> 'data' -> 'object' ->> 'id' = $1 and handled_at is null`,
          [intent.id],
        )
      ).length > 0,
  );
  await world.sql(
    `insert into payments (id, order_id, customer_id, customer_email, customer_name, description, provider,
       provider_reference, status, amount, currency)
     values ($1, $2, $3, 'a@b.example', 'A', 'Order', 'STRIPE', $4, 'REQUIRES_PAYMENT_METHOD', 4200, 'EUR')`,
    [paymentId, orderId, customerId, intent.id],
  );
  await world.reaches(paymentId, 'SUCCEEDED');
  expect(await world.outcomes(orderId)).toHaveLength(1);
});

test('A8: what is not ours is stored, answered 200 and has no effect', async () => {
  const foreign = await world.stripe.paymentIntents.create({ amount: 100, currency: 'eur' });
  const bodies = [
    webhookBody('payment_intent.succeeded', foreign),
    webhookBody('payment_intent.succeeded', { id: 'pi_unknown' }),
    webhookBody('refund.updated', { id: 're_1', payment_intent: 'pi_unknown', metadata: {} }),
    webhookBody('charge.refunded', { id: 'ch_1', payment_intent: foreign.id, metadata: {} }),
    webhookBody('checkout.session.expired', { id: 'cs_1', metadata: { checkoutId: newId() } }),
    webhookBody('customer.created', { id: 'cus_1' }),
  ];
  for (const body of bodies) {
    expect((await world.post(body)).status).toBe(200);
    expect(await outcomeOf(body)).toBe('ignored');
  }
});

test('A9: a payment of another amount is flagged and told as it was captured: the order decides', async () => {
  const { orderId, paymentId, payment } = await world.order();
  await world.stripe.paymentIntents.update(payment.providerReference, { amount: 4_999 });
  await world.stripe.paymentIntents.confirm(payment.providerReference, {
    payment_method: 'pm_card_visa',
    return_url: 'http://localhost/',
  });
  await world.reaches(paymentId, 'SUCCEEDED');
  expect(await world.outcomes(orderId)).toEqual([
    expect.objectContaining({ amount: { amount: 4_999, currency: 'EUR' } }),
  ]);
  const [row] = await world.sql('select flag from payments where id = $1', [paymentId]);
  expect(row!.flag).toBe('captured 4999 EUR instead of 5000 EUR');
});

test('F8: webhooks shuffled, tripled, late and some forged end in the same state as in order', async () => {
  await world.control('POST', 'webhooks/pause');
  const buyer = viewerWith('CUSTOMER');
  const placed = await Promise.all(Array.from({ length: 4 }, () => world.order(buyer)));
  const confirm = (reference: string, payment_method: string) =>
    world.stripe.paymentIntents
      .confirm(reference, { payment_method, return_url: 'http://localhost/' })
      .catch(() => {});
  for (const [index, { payment }] of placed.entries()) {
    await confirm(payment.providerReference, 'pm_card_chargeDeclined');
    if (index % 2 === 0) await confirm(payment.providerReference, 'pm_card_visa');
    if (index === 0) await world.stripe.refunds.create({ payment_intent: payment.providerReference });
  }
  const { data: events } = await world.stripe.events.list({ limit: 100 });
  const ours = events.filter(event =>
    placed.some(({ payment }) => JSON.stringify(event.data).includes(payment.providerReference)),
  );
  expect(ours.length).toBeGreaterThan(15);
  const deliveries = [...ours, ...ours, ...ours].sort(() => Math.random() - 0.5);
  const answers = await Promise.all(
    deliveries.map((event, index) => {
      const body = JSON.stringify(event);
      const forged = index % 20 === 0;
      return world.post(body, signWebhook(body, forged ? 'whsec_forged' : SECRET)).then(({ status }) => {
        expect(status).toBe(forged ? 400 : 200);
        return status;
      });
    }),
  );
  expect(answers).toHaveLength(deliveries.length);
  await world.control('POST', 'webhooks/resume');
  await world.settled();
  for (const [index, { orderId, paymentId }] of placed.entries()) {
    const seen = await world.see(buyer, paymentId);
    const paid = index % 2 === 0;
    expect(seen).toMatchObject({
      status: paid ? 'SUCCEEDED' : 'REQUIRES_PAYMENT_METHOD',
      failureCode: paid ? null : 'card_declined',
      refundedAmount: { amount: index === 0 ? 5_000 : 0 },
    });
    expect(await world.outcomes(orderId)).toHaveLength(paid ? 1 : 0);
  }
});

test('a webhook that needs no asking is closed before it is answered, any other has one job; no message does work', async () => {
  const { paymentId, intent } = await paidUnheard();
  const foreign = webhookBody('customer.created', { id: 'cus_1' });
  await world.post(foreign);
  expect((await stored(foreign))!.outcome).toBe('ignored');
  const news = webhookBody('payment_intent.succeeded', intent);
  await world.post(news);
  await world.reaches(paymentId, 'SUCCEEDED');
  expect(await outcomeOf(news)).toBe('applied');
  const late = webhookBody('payment_intent.processing', intent);
  await world.post(late);
  expect((await stored(late))!.outcome).toBe('unchanged');
  for (const [body, jobs] of [
    [foreign, 0],
    [news, 1],
    [late, 0],
  ] as const) {
    const rows = await world.sql(
      `select name, pending from outbox where envelope -> 'data' ->> 'webhookId' = $1 order by name`,
      [JSON.parse(body).id],
    );
    expect(rows.map(({ name }) => name)).toEqual([
      ...Array(jobs).fill('payments/apply-webhook'),
      'stripe.webhook.received',
      'webhook.processed',
    ]);
    const messages = rows.filter(({ name }) => name !== 'payments/apply-webhook');
    expect(messages.flatMap(({ pending }) => pending)).toEqual([]);
    const facts = await world.sql('select 1 from webhook_facts where webhook_id = $1', [JSON.parse(body).id]);
    expect(facts).toHaveLength(1);
  }
  await world.control('POST', 'webhooks/resume');
});

test('a webhook is stored with its judgement or not at all: what fails is posted again', async () => {
  const body = webhookBody('customer.created', { id: 'cus_1' });
  await world.sql('alter table webhook_facts rename to webhook_facts_away');
  expect((await world.post(body)).status).toBe(500);
  expect(await stored(body)).toBeUndefined();
  await world.sql('alter table webhook_facts_away rename to webhook_facts');
  expect((await world.post(body)).status).toBe(200);
  expect((await stored(body))!.outcome).toBe('ignored');
});

test('a webhook that an earlier version has announced to itself is handled', async () => {
  const { paymentId, intent } = await paidUnheard();
  const body = webhookBody('payment_intent.succeeded', intent);
  const { id, type } = JSON.parse(body);
  const news = toWebhook(JSON.parse(body))!;
  await world.sql('insert into webhooks (id, type, about, news, payload) values ($1, $2, $3, $4, $5)', [
    ...[id, type, news.about, JSON.stringify(news), body],
  ]);
  await world.messenger.deliver('stripe.webhook.received', { webhookId: id });
  await world.reaches(paymentId, 'SUCCEEDED');
  expect(await outcomeOf(body)).toBe('applied');
  await world.control('POST', 'webhooks/resume');
});
