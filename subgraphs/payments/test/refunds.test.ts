import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { MikroORM } from '@mikro-orm/postgresql';
import { type EntityManager, newId, openDatabase } from '#shared/data/database.ts';
import { eventually } from '#shared/test/world.ts';
import { Payment } from '../collect/payment.entity.ts';
import { Refund } from '../refund/refund.entity.ts';
import { reserveRefund } from '../refund/refunds.ts';
import { startWorld, type World } from './world.ts';

let world: World;
let orm: MikroORM;

beforeAll(async () => {
  world = await startWorld();
  orm = await openDatabase(world.databaseUrl, [Payment, Refund], {});
});
afterAll(async () => {
  await orm?.close(true);
  await world?.stop();
});

async function paid(method = 'pm_card_visa') {
  const placed = await world.order();
  expect((await world.confirm(placed.buyer, placed.paymentId, method)).status).toBe('SUCCEEDED');
  return placed;
}
const euros = (amount: number) => ({ amount, currency: 'EUR' });

test('an administrator refunds a part, then the rest; not more', async () => {
  const { buyer, paymentId, payment } = await paid();
  const part = await world.refund(paymentId, { amount: euros(1_500), reason: 'one guest less' });
  expect(part).toMatchObject({
    __typename: 'Payment',
    status: 'SUCCEEDED',
    refundedAmount: euros(1_500),
    refunds: [{ amount: euros(1_500), status: 'SUCCEEDED', reason: 'one guest less', external: false }],
  });
  expect(await world.refund(paymentId, { amount: euros(3_501) })).toMatchObject({
    __typename: 'RefundNotPossible',
    refundable: euros(3_500),
  });
  expect(await world.refund(paymentId)).toMatchObject({ refundedAmount: euros(5_000) });
  expect(await world.refund(paymentId)).toMatchObject({
    __typename: 'RefundNotPossible',
    message: 'All of it has gone back already.',
    refundable: euros(0),
  });
  await world.settled();
  const updates = await world.updates(paymentId);
  expect(updates.map(({ refundedAmount }) => refundedAmount)).toEqual([0, 0, 1_500, 5_000]);
  expect(updates.at(-1)!.refunds.map(({ amount, reason }) => [amount, reason])).toEqual([
    [1_500, 'one guest less'],
    [3_500, null],
  ]);
  expect((await world.see(buyer, paymentId)).refunds).toHaveLength(2);
  const { data } = await world.stripe.refunds.list({ payment_intent: payment.providerReference });
  expect(data.map(({ amount }) => amount).sort()).toEqual([1_500, 3_500]);
});

test('only administrators refund; wrong amounts are named', async () => {
  const { buyer, paymentId } = await paid();
  const refused = await world.mutate(buyer, 'refundPayment', { paymentId, idempotencyKey: 'k' });
  expect(refused.errors![0]!.extensions.code).toBe('FORBIDDEN');
  const issues: [object, string][] = [
    [{ amount: { amount: 100, currency: 'USD' } }, 'amount.currency'],
    [{ amount: euros(0) }, 'amount.amount'],
    [{ amount: euros(-5) }, 'amount.amount'],
    [{ idempotencyKey: '' }, 'idempotencyKey'],
  ];
  for (const [input, path] of issues)
    expect(await world.refund(paymentId, input)).toMatchObject({
      __typename: 'InvalidInput',
      message: expect.stringContaining(path),
    });
  const unpaid = await world.order();
  expect(await world.refund(unpaid.paymentId)).toMatchObject({ __typename: 'RefundNotPossible' });
  const missing = await world.mutate(world.admin, 'refundPayment', {
    paymentId: newId(),
    idempotencyKey: 'k',
  });
  expect(missing.errors![0]!.extensions.code).toBe('NOT_FOUND');
});

test('the same key refunds once, also at once; with another input it is a conflict', async () => {
  const { paymentId } = await paid();
  const input = { amount: euros(1_000), idempotencyKey: newId() };
  const answers = await Promise.all(Array.from({ length: 10 }, () => world.refund(paymentId, input)));
  expect(answers.map(({ __typename }) => __typename)).toEqual(Array(10).fill('Payment'));
  expect(await world.refund(paymentId, { ...input, amount: euros(2_000) })).toMatchObject({
    __typename: 'IdempotencyConflict',
  });
  expect((await world.see(world.admin, paymentId)).refundedAmount.amount).toBe(1_000);
  // A refused refund does not use up its key.
  const idempotencyKey = newId();
  expect((await world.refund(paymentId, { amount: euros(9_000), idempotencyKey })).__typename).toBe(
    'RefundNotPossible',
  );
  expect((await world.refund(paymentId, { amount: euros(4_000), idempotencyKey })).__typename).toBe(
    'Payment',
  );
});

test('A26: fifty refunds at once never give back more than was captured', async () => {
  const { paymentId, payment } = await paid();
  const answers = await Promise.all(
    Array.from({ length: 50 }, () => world.refund(paymentId, { amount: euros(1_200) })),
  );
  const done = answers.filter(({ __typename }) => __typename === 'Payment');
  expect(done).toHaveLength(4);
  expect(answers.filter(({ __typename }) => __typename === 'RefundNotPossible')).toHaveLength(46);
  expect((await world.see(world.admin, paymentId)).refundedAmount.amount).toBe(4_800);
  const { data } = await world.stripe.refunds.list({ payment_intent: payment.providerReference, limit: 100 });
  expect(data.reduce((sum, { amount }) => sum + amount, 0)).toBe(4_800);
});

test.each([
  { lock: true, recorded: 5_000 },
  { lock: false, recorded: 10_000 },
])('A26, control: two overlapping refunds with lock: $lock record $recorded', async ({ lock, recorded }) => {
  const { paymentId } = await paid();
  let first = () => {};
  const begun = new Promise<void>(resolve => {
    first = resolve;
  });
  let commit = () => {};
  const mayCommit = new Promise<void>(resolve => {
    commit = resolve;
  });
  const reserve = (wait: boolean) =>
    orm.em.fork().transactional(async em => {
      const claim = { scope: 'test', key: newId(), input: {}, resultId: paymentId };
      const answer = await reserveRefund(em as EntityManager, { paymentId }, claim, { lock });
      if (wait) {
        first();
        await mayCommit;
      }
      return answer;
    });
  const one = reserve(true);
  await begun;
  const two = reserve(false);
  // Without the lock the second does not wait for the first.
  if (!lock) await two;
  commit();
  await Promise.all([one, two]);
  const [row] = await world.sql(
    'select sum(amount)::int as sum from refunds where payment_id = $1 and not external',
    [paymentId],
  );
  expect(row!.sum).toBe(recorded);
});

test('an order gets all of its money back, once, however often it asks', async () => {
  const { orderId, paymentId } = await paid();
  await world.refund(paymentId, { amount: euros(1_000) });
  const request = { orderId, paymentId: null, reason: 'canceled by the organizer' };
  await Promise.all(
    Array.from({ length: 5 }, () => world.messenger.deliver('payment-refund-request', request)),
  );
  await eventually(async () => (await world.refundResults(orderId)).length > 0);
  await world.settled();
  const shown = await world.see(world.admin, paymentId);
  expect(shown.refundedAmount.amount).toBe(5_000);
  expect(shown.refunds.map(({ reason }) => reason)).toEqual([null, 'canceled by the organizer']);
  const results = await world.refundResults(orderId);
  expect(new Set(results.map(({ refunded }) => refunded))).toEqual(new Set([true]));
});

test('an order of which nothing was captured is told so at once', async () => {
  const { orderId, paymentId } = await world.order();
  await world.messenger.deliver('payment-refund-request', { orderId, paymentId, reason: 'canceled' });
  const results = await eventually(async () => {
    const found = await world.refundResults(orderId);
    return found.length > 0 && found;
  });
  expect(results).toEqual([{ orderId, refunded: true, reason: null }]);
});

test('a pending refund counts when the bank has decided; a failed one gives its amount back', async () => {
  const { orderId, paymentId } = await paid('pm_card_pendingRefund');
  await world.messenger.deliver('payment-refund-request', { orderId, paymentId, reason: 'canceled' });
  const [reference] = await eventually(async () => {
    const rows = await world.sql('select provider_reference as r from refunds where payment_id = $1', [
      paymentId,
    ]);
    return rows[0]?.r ? [rows[0].r as string] : null;
  });
  expect(await world.refund(paymentId)).toMatchObject({ __typename: 'RefundNotPossible' });
  expect(await world.refundResults(orderId)).toEqual([]);
  const settle = (outcome: string) => world.control('POST', `refunds/${reference}/settle`, { outcome });
  const refunded = (amount: number) =>
    eventually(async () => (await world.see(world.admin, paymentId)).refundedAmount.amount === amount);
  await settle('succeeded');
  await refunded(5_000);
  expect(await world.refundResults(orderId)).toEqual([{ orderId, refunded: true, reason: null }]);
  // Days later the bank sends the money back to us.
  await settle('failed');
  await refunded(0);
  expect((await world.refundResults(orderId)).at(-1)).toEqual({
    orderId,
    refunded: false,
    reason: 'lost_or_stolen_card',
  });
  expect((await world.see(world.admin, paymentId)).refunds).toEqual([
    expect.objectContaining({ status: 'FAILED' }),
  ]);
  const again = await world.refund(paymentId);
  expect(again.refunds.map(({ status }: { status: string }) => status)).toEqual(['FAILED', 'PENDING']);
});

test('a refund begun at Stripe is recorded as external and leaves less to refund', async () => {
  const { paymentId, payment } = await paid();
  await world.stripe.refunds.create({ payment_intent: payment.providerReference, amount: 2_000 });
  const shown = await eventually(async () => {
    const seen = await world.see(world.admin, paymentId);
    // The sum is read before the list: a list may be newer than its sum.
    return seen.refundedAmount.amount > 0 && seen;
  });
  expect(shown).toMatchObject({
    refundedAmount: euros(2_000),
    refunds: [{ external: true, status: 'SUCCEEDED', amount: euros(2_000) }],
  });
  await world.settled();
  expect((await world.see(world.admin, paymentId)).refunds).toHaveLength(1);
  expect(await world.refund(paymentId, { amount: euros(3_001) })).toMatchObject({
    __typename: 'RefundNotPossible',
    refundable: euros(3_000),
  });
});

test('a refund that an external one has overtaken fails and is not counted', async () => {
  const { paymentId, payment } = await paid();
  await world.control('POST', 'webhooks/pause');
  await world.stripe.refunds.create({ payment_intent: payment.providerReference });
  const refused = await world.refund(paymentId);
  expect(refused).toMatchObject({ refundedAmount: euros(5_000) });
  expect(refused.refunds.map((r: { status: string; external: boolean }) => [r.status, r.external])).toEqual(
    expect.arrayContaining([
      ['FAILED', false],
      ['SUCCEEDED', true],
    ]),
  );
  await world.control('POST', 'webhooks/resume');
});

test('F3: a refund whose answer is lost is made once and known in the end', async () => {
  const { paymentId, payment } = await paid();
  await world.control('POST', 'webhooks/pause');
  await world.control('POST', 'faults', {
    match: { method: 'POST', path: '/v1/refunds' },
    kind: 'cut-after',
    times: 4,
  });
  const unknown = await world.refund(paymentId);
  expect(unknown).toMatchObject({ __typename: 'Payment', refunds: [{ status: 'PENDING' }] });
  await world.control('DELETE', 'faults');
  await world.hasten('execute-refund');
  await eventually(async () => (await world.see(world.admin, paymentId)).refundedAmount.amount === 5_000);
  const { data } = await world.stripe.refunds.list({ payment_intent: payment.providerReference });
  expect(data).toHaveLength(1);
  await world.control('POST', 'webhooks/resume');
});
