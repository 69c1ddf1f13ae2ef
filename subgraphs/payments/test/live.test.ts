import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { newId } from '#shared/data/database.ts';
import { eventually, viewerWith } from '#shared/test/world.ts';
import { notFoundAnswer, playSubgraph, startWorld, type World } from './world.ts';

const orders = new Set<string>();
let subgraph: Awaited<ReturnType<typeof playSubgraph>>;
let world: World;

beforeAll(async () => {
  subgraph = await playSubgraph(({ id }) =>
    orders.has(id!) ? { data: { order: { id } } } : notFoundAnswer('Order'),
  );
  world = await startWorld({ ORDERS_URL: subgraph.url });
});
afterAll(async () => {
  await world?.stop();
  await subgraph?.stop();
});

const WATCH = `subscription ($paymentId: ID, $orderId: ID) {
  paymentUpdated(paymentId: $paymentId, orderId: $orderId) { id status clientSecret failureCode } }`;

test('who watches a payment sees its state, then each change once', async () => {
  const { buyer, orderId, paymentId } = await world.order();
  const watches = [{ paymentId }, { orderId }].map(by => world.subscribe(buyer, WATCH, by));
  const next = () => Promise.all(watches.map(async watch => (await watch.next()).data.paymentUpdated));
  for (const seen of await next())
    expect(seen).toMatchObject({ id: paymentId, clientSecret: expect.any(String) });
  await world.confirm(buyer, paymentId, 'pm_card_chargeDeclined');
  for (const seen of await next()) expect(seen).toMatchObject({ failureCode: 'card_declined' });
  await world.confirm(buyer, paymentId);
  for (const seen of await next()) expect(seen).toMatchObject({ status: 'SUCCEEDED', clientSecret: null });
  for (const watch of watches) await watch.close();
});

test('who watches an order before its payment begins sees it begin', async () => {
  const buyer = viewerWith('CUSTOMER');
  const request = world.requestOf(buyer);
  orders.add(request.orderId);
  const watch = world.subscribe(buyer, WATCH, { orderId: request.orderId });
  const first = watch.next();
  // Listening begins with the question whether the order is the viewer's; what comes meanwhile is not missed.
  await world.messenger.deliver('payment-process-request', request);
  expect((await first).data.paymentUpdated.status).toBe('REQUIRES_PAYMENT_METHOD');
  await watch.close();
});

test('A20: what the viewer may not see cannot be watched; nor both or neither', async () => {
  const { orderId, paymentId } = await world.order();
  const stranger = viewerWith('CUSTOMER');
  const errorOf = async (viewer: typeof stranger | null, variables: object) => {
    const watch = world.subscribe(viewer, WATCH, variables as Record<string, unknown>);
    const failed = await watch.next().then(
      ({ errors }) => errors,
      (errors: { message: string; extensions: { code: string } }[]) => errors,
    );
    await watch.close().catch(() => {});
    return failed![0]!;
  };
  const hidden = await errorOf(stranger, { paymentId });
  expect(hidden).toMatchObject({ message: 'Payment not found.', extensions: { code: 'NOT_FOUND' } });
  const others = [{ orderId }, { paymentId: newId() }, { orderId: newId() }, { orderId: 'not an id' }];
  for (const variables of others) expect(await errorOf(stranger, variables)).toEqual(hidden);
  expect((await errorOf(null, { paymentId })).extensions.code).toBe('UNAUTHENTICATED');
  expect((await errorOf(stranger, {})).extensions.code).toBe('BAD_USER_INPUT');
  expect((await errorOf(stranger, { paymentId, orderId })).extensions.code).toBe('BAD_USER_INPUT');
});

test('the figures of a period count payments per currency and provider, whatever order the facts come in', async () => {
  const from = new Date();
  const [paid, declined, open] = [await world.order(), await world.order(), await world.order()];
  await world.confirm(paid.buyer, paid.paymentId, 'pm_card_chargeDeclined');
  await world.confirm(paid.buyer, paid.paymentId);
  await world.refund(paid.paymentId, { amount: { amount: 2_000, currency: 'EUR' } });
  await world.confirm(declined.buyer, declined.paymentId, 'pm_card_chargeDeclined');
  expect(open.payment.status).toBe('REQUIRES_PAYMENT_METHOD');
  await world.settled();
  const ANALYTICS = `query ($from: DateTime!, $to: DateTime!) { paymentAnalytics(from: $from, to: $to) {
    byCurrency { captured { amount currency } refunded { amount } payments succeeded failed successRate }
    byProvider { provider succeeded failed } webhooksProcessed } }`;
  const period = { from: from.toISOString(), to: new Date(Date.now() + 60_000).toISOString() };
  const figures = await eventually<{ byCurrency: object[]; webhooksProcessed: number }>(async () => {
    const { data } = await world.ask(world.admin, ANALYTICS, period);
    const [eur] = data.paymentAnalytics.byCurrency;
    return eur?.refunded.amount === 2_000 && eur.failed === 1 && data.paymentAnalytics;
  });
  expect(figures).toMatchObject({
    byCurrency: [
      {
        captured: { amount: 5_000, currency: 'EUR' },
        refunded: { amount: 2_000 },
        payments: 3,
        succeeded: 1,
        failed: 1,
        successRate: 0.5,
      },
    ],
    byProvider: [{ provider: 'STRIPE', succeeded: 1, failed: 1 }],
  });
  expect(figures.webhooksProcessed).toBeGreaterThan(5);
  // Repeats and late arrivals change nothing.
  const facts = (await world.emitted('payment.analytics')).filter(f => f.paymentId === paid.paymentId);
  const handled = async () => (await world.sql('select 1 from inbox')).length;
  const before = await handled();
  for (const fact of facts.reverse()) await world.messenger.deliver('payment.analytics', fact);
  await eventually(async () => (await handled()) >= before + facts.length);
  const again = await world.ask(world.admin, ANALYTICS, period);
  expect(again.data.paymentAnalytics.byCurrency).toEqual(figures.byCurrency);

  const code = async (viewer: typeof world.admin, variables: object) =>
    (await world.ask(viewer, ANALYTICS, variables as Record<string, unknown>)).errors![0]!.extensions.code;
  expect(await code(viewerWith('ORGANIZER'), period)).toBe('FORBIDDEN');
  const year = { from: '2024-01-01T00:00:00Z', to: '2025-01-02T00:00:00Z' };
  expect(await code(world.admin, year)).toBe('BAD_USER_INPUT');
  expect(await code(world.admin, { from: period.to, to: period.from })).toBe('BAD_USER_INPUT');
});
