import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type Stripe from 'stripe';
import { connect, refused, startTestSandbox, type TestSandbox, until } from './world.ts';

let world: TestSandbox;
beforeEach(async () => {
  world = await startTestSandbox();
});
afterEach(() => world.stop());

const card = (payment_method = 'pm_card_visa') => ({
  amount: 4200,
  currency: 'eur',
  payment_method,
  confirm: true,
  return_url: 'http://localhost:3000/paid',
});
const typesOf = (events: Stripe.Event[]) => events.map(event => event.type).sort();

describe('idempotency keys', () => {
  test('the same request again is answered from memory, also when it was declined', async () => {
    const options = { idempotencyKey: 'payment-1-confirm' };
    const first = await world.stripe.paymentIntents.create(card(), options);
    const second = await world.stripe.paymentIntents.create(card(), options);
    expect(second.id).toBe(first.id);
    expect(second.lastResponse.headers['idempotent-replayed']).toBe('true');
    expect(first.lastResponse.headers['idempotent-replayed']).toBeUndefined();

    const declined = { idempotencyKey: 'payment-2-confirm' };
    const refusals = [
      await refused(world.stripe.paymentIntents.create(card('pm_card_chargeDeclined'), declined)),
      await refused(world.stripe.paymentIntents.create(card('pm_card_chargeDeclined'), declined)),
    ];
    expect(refusals.map(error => error.code)).toEqual(['card_declined', 'card_declined']);
    expect(refusals[0]!.payment_intent?.id).toBe(refusals[1]!.payment_intent?.id);
    expect((await world.stripe.paymentIntents.list()).data).toHaveLength(2);
  });

  test('a key cannot be used for something else', async () => {
    const options = { idempotencyKey: 'payment-3' };
    await world.stripe.paymentIntents.create(card(), options);
    for (const other of [
      world.stripe.paymentIntents.create({ ...card(), amount: 4300 }, options),
      world.stripe.customers.create({}, options),
    ]) {
      expect(await refused(other)).toMatchObject({ type: 'StripeIdempotencyError', statusCode: 400 });
    }
  });

  test('a request with a fault in its parameters does not use up its key', async () => {
    const options = { idempotencyKey: 'payment-4' };
    await refused(world.stripe.paymentIntents.create({ ...card(), amount: 0 }, options));
    await world.stripe.paymentIntents.create(card(), options);
  });

  test('a key that is being worked on is in conflict', async () => {
    const options = { idempotencyKey: 'payment-5' };
    await world.control('POST', 'faults', { kind: 'delay', ms: 60_000 });
    const slow = world.stripe.paymentIntents
      .create(card(), options)
      .catch(() => 'cut by the end of the test');
    await until(async () => (await world.control('GET', 'requests')).count);
    const error = await refused(world.stripe.paymentIntents.create(card(), options));
    expect(error).toMatchObject({ statusCode: 409, code: 'idempotency_key_in_use' });
    await world.sandbox.stop();
    await slow;
  });
});

describe('arranged faults', () => {
  const key = { idempotencyKey: 'payment-6-confirm' };
  // The library repeats a cut request once on its own, so an answer is lost for good only when it is cut twice.
  const payments = { method: 'post', path: '/v1/payment_intents' };

  test('an answer lost after the effect is found again under the same key', async () => {
    await world.control('POST', 'faults', { match: payments, kind: 'cut-after', times: 2 });
    expect((await refused(world.stripe.paymentIntents.create(card(), key))).type).toBe(
      'StripeConnectionError',
    );
    const paid = await world.stripe.paymentIntents.create(card(), key);
    expect(paid.status).toBe('succeeded');
    expect(paid.lastResponse.headers['idempotent-replayed']).toBe('true');
    expect((await world.stripe.paymentIntents.list()).data).toHaveLength(1);
    const asked = await world.control<{ count: number; data: object[] }>(
      'GET',
      'requests?method=POST&path=/v1/payment_intents',
    );
    expect(asked.count).toBe(3);
    expect(asked.data[0]).toMatchObject({ fault: 'cut-after', idempotencyKey: key.idempotencyKey });
  });

  test('a connection cut before the effect, and an arranged status, leave nothing behind', async () => {
    await world.control('POST', 'faults', { match: payments, kind: 'cut-before', times: 2 });
    await refused(world.stripe.paymentIntents.create(card(), key));
    await world.control('POST', 'faults', { match: payments, kind: 'status', status: 503 });
    expect((await refused(world.stripe.paymentIntents.create(card(), key))).statusCode).toBe(503);
    expect((await world.stripe.paymentIntents.list()).data).toHaveLength(0);
    expect((await world.control('GET', 'faults')).data).toEqual([]);
  });

  test('an error on Stripe’s side is replayed under its key, whether or not the operation was done', async () => {
    for (const [kind, done] of [
      ['fail-before', 0],
      ['fail-after', 1],
    ] as const) {
      const options = { idempotencyKey: `payment-${kind}` };
      const count = (await world.stripe.paymentIntents.list({ limit: 100 })).data.length;
      await world.control('POST', 'faults', { match: payments, kind });
      const errors = [
        await refused(world.stripe.paymentIntents.create(card(), options)),
        await refused(world.stripe.paymentIntents.create(card(), options)),
      ];
      expect(errors.map(error => error.statusCode)).toEqual([500, 500]);
      expect(errors.map(error => error.headers?.['idempotent-replayed'])).toEqual([undefined, 'true']);
      expect((await world.stripe.paymentIntents.list({ limit: 100 })).data).toHaveLength(count + done);
      await world.stripe.paymentIntents.create(card(), { idempotencyKey: `payment-${kind}-once-more` });
    }
  });

  test('a compatible server may not mark its replays', async () => {
    await world.control('POST', 'faults', { match: payments, kind: 'fail-after', marked: false });
    await refused(world.stripe.paymentIntents.create(card(), key));
    const again = await refused(world.stripe.paymentIntents.create(card(), key));
    expect(again.statusCode).toBe(500);
    expect(again.headers?.['idempotent-replayed']).toBeUndefined();
    expect((await world.stripe.paymentIntents.list()).data).toHaveLength(1);
  });

  test('an answer may lack fields, and a server may know no keys', async () => {
    const incomplete = { kind: 'drop', fields: ['metadata', 'client_secret'], ignoreKey: true, times: 2 };
    await world.control('POST', 'faults', { match: payments, ...incomplete });
    const first = await world.stripe.paymentIntents.create(card(), key);
    expect(first).not.toHaveProperty('metadata');
    expect(first).not.toHaveProperty('client_secret');
    expect(first).toHaveProperty('status', 'succeeded');
    expect((await world.stripe.paymentIntents.create(card(), key)).id).not.toBe(first.id);
    expect(await world.stripe.paymentIntents.retrieve(first.id)).toHaveProperty('client_secret');
  });

  test('the library’s own retries come through a cut and an error', async () => {
    await world.control('POST', 'faults', { match: payments, kind: 'cut-after' });
    await world.control('POST', 'faults', { match: payments, kind: 'status', status: 500 });
    const paid = await connect(world.sandbox, { retries: 2 }).paymentIntents.create(card());
    expect(paid.status).toBe('succeeded');
    expect((await world.stripe.paymentIntents.list()).data).toHaveLength(1);
  });
});

describe('webhooks', () => {
  test('every change is told in a signed event that can be fetched again', async () => {
    await world.stripe.customers.create({});
    const intent = await world.stripe.paymentIntents.create(card(), { idempotencyKey: 'payment-7' });
    await world.stripe.refunds.create({ payment_intent: intent.id });
    await refused(world.stripe.paymentIntents.create(card('pm_card_chargeDeclined')));
    const expected = [
      'charge.failed',
      'charge.refund.updated',
      'charge.refunded',
      'charge.succeeded',
      'customer.created',
      'payment_intent.created',
      'payment_intent.created',
      'payment_intent.payment_failed',
      'payment_intent.succeeded',
      'refund.created',
      'refund.updated',
    ];
    await until(() => world.receiver.events.length >= expected.length);
    expect(typesOf(world.receiver.events)).toEqual(expected);
    const told = await world.receiver.received('payment_intent.succeeded');
    expect(told.data.object).toMatchObject({ id: intent.id, status: 'succeeded', amount_received: 4200 });
    expect(told.request?.idempotency_key).toBe('payment-7');
    expect(await world.stripe.events.retrieve(told.id)).toMatchObject({ id: told.id, data: told.data });
    const listed = await world.stripe.events.list({ type: 'payment_intent.*', limit: 100 });
    expect(typesOf(listed.data)).toEqual(expected.filter(type => type.startsWith('payment_intent.')));
  });

  test('an event that is not accepted comes again until it is', async () => {
    world.receiver.answerNext(500, 302);
    await world.stripe.customers.create({});
    await until(async () => (await world.control('GET', 'deliveries?state=delivered')).count);
    const { data } = await world.control<{ data: { attempts: { status: number }[] }[] }>('GET', 'deliveries');
    expect(data[0]!.attempts.map(attempt => attempt.status)).toEqual([500, 302, 200]);
    expect(new Set(world.receiver.events.map(event => event.id)).size).toBe(1);
  });

  test('a pause holds events back, and a delivered one can be sent again', async () => {
    await world.control('POST', 'webhooks/pause');
    await world.stripe.customers.create({});
    expect((await world.control('GET', 'deliveries?state=pending')).count).toBe(1);
    expect(world.receiver.events).toHaveLength(0);
    await world.control('POST', 'webhooks/resume');
    const { id } = await world.receiver.received('customer.created');
    await world.control('POST', `events/${id}/resend`);
    await until(() => world.receiver.events.length === 2);
    expect(world.receiver.events[1]!.id).toBe(id);
  });
});

describe('the state', () => {
  test('survives a restart: objects, answers under their keys, and events not yet delivered', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'stripe-sandbox-'));
    const dataFile = join(folder, 'state', 'stripe.json');
    try {
      const before = await startTestSandbox({ dataFile });
      await before.control('POST', 'webhooks/pause');
      const paid = await before.stripe.paymentIntents.create(card(), { idempotencyKey: 'payment-8' });
      await before.stop();

      const after = await startTestSandbox({ dataFile });
      try {
        const again = await after.stripe.paymentIntents.create(card(), { idempotencyKey: 'payment-8' });
        expect(again.id).toBe(paid.id);
        expect(again.lastResponse.headers['idempotent-replayed']).toBe('true');
        const told = await after.receiver.received('payment_intent.succeeded');
        expect(told.data.object).toMatchObject({ id: paid.id });
      } finally {
        await after.stop();
      }
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  test('a reset forgets everything', async () => {
    const { id } = await world.stripe.customers.create({});
    await world.control('POST', 'faults', { kind: 'status', status: 500 });
    await world.control('POST', 'reset');
    expect((await refused(world.stripe.customers.retrieve(id))).code).toBe('resource_missing');
    expect((await world.control('GET', 'deliveries')).count).toBe(0);
  });
});
