import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { MikroORM } from '@mikro-orm/postgresql';
import { openDatabase } from '#shared/data/database.ts';
import { createLog } from '#shared/kernel/log.ts';
import { eventually, viewerWith } from '#shared/test/world.ts';
import { CheckoutSession } from '../checkout/checkout-session.entity.ts';
import { applyPayment } from '../collect/apply-payment.ts';
import { Payment } from '../collect/payment.entity.ts';
import { connectStripe } from '../provider/stripe.ts';
import { Refund } from '../refund/refund.entity.ts';
import type { PaymentsContext } from '../services.ts';
import { readPaymentsSettings } from '../settings.ts';
import { startWorld, type World } from './world.ts';

let world: World;
let orm: MikroORM;

beforeAll(async () => {
  world = await startWorld();
  orm = await openDatabase(world.databaseUrl, [Payment, Refund, CheckoutSession], {});
});
afterAll(async () => {
  await orm?.close(true);
  await world?.stop();
});

function context(): PaymentsContext {
  const settings = readPaymentsSettings(world.environment);
  const services = { settings, providers: { STRIPE: connectStripe(settings) } };
  const log = createLog('test', 'silent');
  return {
    em: orm.em.fork() as PaymentsContext['em'],
    viewer: null,
    correlationId: 'test',
    log,
    services,
    live: undefined as never,
    cache: new Map(),
  };
}

test('an answer that was asked for before another was applied is not believed: Stripe is asked again', async () => {
  await world.control('POST', 'webhooks/pause');
  const { paymentId, payment } = await world.order();
  const reference = payment.providerReference;
  const provider = context().services.providers.STRIPE!;
  await world.stripe.paymentIntents.confirm(reference, {
    payment_method: 'pm_usBankAccount_processing',
    return_url: 'http://localhost/',
  });
  const processing = await provider.retrieve(reference);
  let answer = () => {};
  const late = new Promise<void>(resolve => {
    answer = resolve;
  });
  let asked = 0;
  const slow = applyPayment(context(), paymentId, async () => {
    asked += 1;
    await late;
    return processing;
  });
  await eventually(() => asked === 1);
  await world.control('POST', `payment_intents/${reference}/settle`, { outcome: 'failed' });
  await applyPayment(context(), paymentId, () => provider.retrieve(reference));
  answer();
  await slow;
  expect((await world.see(world.admin, paymentId)).status).toBe('REQUIRES_PAYMENT_METHOD');
  await world.control('POST', 'webhooks/resume');
});

test('a request to pay and one to cancel at the same time leave nothing open', async () => {
  const requests = Array.from({ length: 12 }, () => world.requestOf(viewerWith('CUSTOMER')));
  await Promise.all(
    requests.flatMap(request => [
      world.messenger.deliver('payment-process-request', request),
      world.messenger.deliver('payment-cancel-request', { orderId: request.orderId, reason: 'expired' }),
    ]),
  );
  await eventually(async () => (await world.sql('select 1 from closed_orders')).length >= 12);
  await eventually(async () => {
    const open = await world.sql(`select 1 from payments where order_id = any($1) and status <> 'CANCELED'`, [
      requests.map(({ orderId }) => orderId),
    ]);
    return open.length === 0;
  });
});

/** Everything a buyer and the saga can do at the same time; answers do not matter, what is true in the end does. */
test('I1: confirmed, paid on a page, and canceled at the same time, an order is captured once at most', async () => {
  const buyer = viewerWith('CUSTOMER');
  const placed = [];
  for (let i = 0; i < 8; i++) placed.push(await world.order(buyer));
  const checkout = async (orderId: string) => {
    const input = { orderId, returnUrl: 'http://localhost/' };
    const { data } = await world.mutate(buyer, 'createCheckout', input, '... on CheckoutSession { url }');
    if (data?.createCheckout?.url)
      await fetch(`${data.createCheckout.url}/pay`, {
        method: 'POST',
        redirect: 'manual',
        body: new URLSearchParams(),
      });
  };
  const withStripeJs = (reference: string) =>
    world.stripe.paymentIntents
      .confirm(reference, { payment_method: 'pm_card_visa', return_url: 'http://localhost/' })
      .catch(() => {});
  await Promise.all(
    placed.map(async ({ orderId, paymentId, payment }, index) => {
      const steps = [
        () => world.confirm(buyer, paymentId),
        () => checkout(orderId),
        () => withStripeJs(payment.providerReference),
        () => world.confirm(buyer, paymentId, 'pm_card_chargeDeclined'),
        () => checkout(orderId),
        ...(index % 2
          ? [() => world.messenger.deliver('payment-cancel-request', { orderId, reason: 'x' })]
          : []),
      ].sort(() => Math.random() - 0.5);
      await Promise.all(steps.map(step => step()));
    }),
  );
  await world.hasten('open-checkout');
  await world.hasten('reconcile-payment');
  await eventually(async () => {
    const busy = await world.sql(
      `select 1 from payments p where confirming_since is not null
        or (exists (select from closed_orders c where c.order_id = p.order_id)
          and status in ('REQUIRES_PAYMENT_METHOD', 'REQUIRES_ACTION', 'PROCESSING'))
        or exists (select from checkout_sessions s where s.payment_id = p.id and s.status = 'OPENING')`,
    );
    return busy.length === 0;
  });
  await world.settled();
  const { data: intents } = await world.stripe.paymentIntents.list({ limit: 100 });
  for (const { orderId, paymentId } of placed) {
    const captured = intents.filter(
      ({ metadata, status }) => metadata.paymentId === paymentId && status === 'succeeded',
    );
    expect(captured.length).toBeLessThanOrEqual(1);
    const shown = await world.see(buyer, paymentId);
    expect(shown.status === 'SUCCEEDED').toBe(captured.length === 1);
    if (captured.length === 1) expect(shown.providerReference).toBe(captured[0]!.id);
    expect((await world.outcomes(orderId)).filter(({ outcome }) => outcome === 'FAILED')).toEqual([]);
    // A closing that comes after the capture has it told once more.
    const told = (await world.outcomes(orderId)).map(outcome => outcome.paymentId);
    expect([...new Set(told)]).toEqual(captured.map(() => paymentId));
  }
  const dead = await world.sql('select name, error from dead_letters');
  expect(dead).toEqual([]);
  expect(await world.sql('select flag from payments where flag is not null')).toEqual([]);
});
