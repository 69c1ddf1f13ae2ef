import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { MikroORM } from '@mikro-orm/postgresql';
import { newId, openDatabase } from '#shared/data/database.ts';
import { fork } from '#shared/data/entities.ts';
import { createLog } from '#shared/kernel/log.ts';
import { messageMigrations } from '#shared/messaging/migrations.ts';
import { createDatabases, runSql } from '#shared/test/world.ts';
import { CheckoutSession } from '../checkout/checkout-session.entity.ts';
import { createIntent } from '../collect/create-intent.ts';
import { Payment, type ProviderName } from '../collect/payment.entity.ts';
import { insertPayment } from '../collect/request-payment.ts';
import { migrations } from '../migrations/index.ts';
import type { PaymentProvider, ProviderPayment, ProviderWebhook } from '../provider/provider.ts';
import { toWebhook } from '../provider/stripe-webhooks.ts';
import { Refund } from '../refund/refund.entity.ts';
import type { PaymentsContext } from '../services.ts';
import { readPaymentsSettings } from '../settings.ts';
import { applyWebhook } from '../webhooks/apply.ts';
import { judgeWebhook } from '../webhooks/judge.ts';
import { findOpenWebhook, storeWebhook } from '../webhooks/webhook.ts';

let databases: Awaited<ReturnType<typeof createDatabases<'payments' | 'earlier'>>>;
let orm: MikroORM;

beforeAll(async () => {
  databases = await createDatabases('payments', 'earlier');
  orm = await openDatabase(databases.urls.payments, [Payment, Refund, CheckoutSession], {
    ...messageMigrations,
    ...migrations,
  });
});
afterAll(async () => {
  await orm?.close(true);
  await databases?.drop();
});

/** A provider that makes payments under ids of its own and says that they have succeeded. */
function playProvider(name: string) {
  const made = new Map<string, ProviderPayment>();
  const played: Partial<PaymentProvider> = {
    findCustomer: async () => null,
    createCustomer: async ({ userId }) => `${name}-customer-${userId}`,
    findPayments: async () => [],
    async create({ id, amount, currency }) {
      const payment: ProviderPayment = {
        reference: `${name}-${id}`,
        paymentId: id,
        checkoutId: null,
        status: 'REQUIRES_PAYMENT_METHOD',
        clientSecret: 'secret',
        nextActionUrl: null,
        failure: null,
        charge: null,
        captured: { amount, currency },
      };
      made.set(payment.reference, payment);
      return payment;
    },
    retrieve: async reference => ({ ...made.get(reference)!, status: 'SUCCEEDED' }),
  };
  return { provider: played as PaymentProvider, made };
}

test('a payment, its customer and its webhooks go to the provider that its row names', async () => {
  const [stripe, paypal] = [playProvider('stripe'), playProvider('paypal')];
  const ctx: PaymentsContext = {
    em: fork(orm.em as PaymentsContext['em']),
    viewer: null,
    correlationId: 'test',
    log: createLog('test', 'silent'),
    services: {
      settings: readPaymentsSettings({}),
      providers: { STRIPE: stripe.provider, PAYPAL: paypal.provider },
    },
    live: undefined as never,
    cache: new Map(),
  };
  const customerId = newId();
  const begin = (provider: ProviderName) =>
    fork(ctx.em).transactional(em =>
      insertPayment(em as PaymentsContext['em'], {
        orderId: newId(),
        invoiceId: null,
        customerId,
        customerEmail: 'a@b.example',
        customerName: 'A',
        description: 'Order',
        provider,
        amount: 4_200,
        currency: 'EUR',
      }),
    );
  for (const provider of ['STRIPE', 'PAYPAL'] as const) {
    const { id } = await begin(provider);
    const { providerReference } = await createIntent(ctx, id);
    expect(providerReference).toBe(`${provider.toLowerCase()}-${id}`);
    const told: ProviderWebhook = {
      id: `event of ${provider}`,
      type: 'of its own',
      about: 'payment',
      reference: providerReference,
      paymentReference: providerReference,
      paymentId: null,
      checkoutId: null,
      isCreation: false,
      refundStatus: null,
      refundedAmount: null,
    };
    const webhook = (await storeWebhook(fork(ctx.em), provider, told, '{}'))!;
    // What another provider says of this reference is about nothing of its own.
    const other = provider === 'STRIPE' ? 'PAYPAL' : 'STRIPE';
    expect(await judgeWebhook(fork(ctx.em), { ...webhook, provider: other })).toBe('ignored');
    await applyWebhook(ctx, webhook.id);
    expect(await findOpenWebhook(fork(ctx.em), webhook.id)).toBeNull();
    expect(await fork(ctx.em).findOneOrFail(Payment, { id })).toMatchObject({ status: 'SUCCEEDED' });
  }
  expect([stripe.made.size, paypal.made.size]).toEqual([1, 1]);
  const customers = await runSql(
    databases.urls.payments,
    'select provider_reference from customers where user_id = $1 order by provider',
    [customerId],
  );
  expect(customers.map(({ provider_reference }) => provider_reference)).toEqual([
    `paypal-customer-${customerId}`,
    `stripe-customer-${customerId}`,
  ]);
});

test('webhooks from before are read by the migration as they are read when they come', async () => {
  const url = databases.urls.earlier;
  const [paymentId, checkoutId] = [newId(), newId()];
  const events = [
    ['payment_intent.created', { id: 'pi_1', metadata: { paymentId } }],
    ['payment_intent.succeeded', { id: 'pi_1', metadata: { paymentId, checkoutId }, status: 'succeeded' }],
    ['payment_intent.canceled', { id: 'pi_2', metadata: { paymentId: 'not an id' } }],
    ['refund.created', { id: 're_1', payment_intent: 'pi_1', status: 'pending', metadata: null }],
    ['refund.updated', { id: 're_1', payment_intent: { id: 'pi_1' }, status: 'canceled' }],
    ['refund.failed', { id: 're_1', payment_intent: null }],
    ['charge.refund.updated', { id: 're_1', payment_intent: 'pi_1', status: 'succeeded' }],
    ['charge.refunded', { id: 'ch_1', payment_intent: 'pi_1', amount_refunded: 99_999_999_999 }],
    ['charge.succeeded', { id: 'ch_1', payment_intent: 'pi_1', amount_refunded: 0 }],
    [
      'checkout.session.completed',
      { id: 'cs_1', payment_intent: 'pi_1', metadata: { checkoutId, paymentId } },
    ],
    ['checkout.session.async_payment_failed', { id: 'cs_1', metadata: { checkoutId } }],
    ['customer.created', { id: 'cus_1', metadata: {} }],
    ['payment_intent.succeeded', {}],
  ].map(([type, object], index) => ({ id: `evt_${index}`, type, data: { object } }));
  const earlier = Object.fromEntries(Object.entries(migrations).slice(0, 2));
  await (await openDatabase(url, [], { ...messageMigrations, ...earlier })).close(true);
  for (const event of events) {
    await runSql(url, 'insert into webhooks (id, type, payload) values ($1, $2, $3)', [
      ...[event.id, event.type, JSON.stringify(event)],
    ]);
  }
  await runSql(
    url,
    `insert into outbox (id, name, envelope, pending, attempts) values
     ($1, 'payments/cancel-stray', '{"type": "payments/cancel-stray", "data": {}}', '{jobs-payments-cancel-stray}', 3)`,
    [newId()],
  );
  await (await openDatabase(url, [], { ...messageMigrations, ...migrations })).close(true);
  const rows = await runSql(url, 'select id, type, about, news, provider from webhooks order by received_at');
  expect(rows).toHaveLength(events.length);
  for (const [index, { id, type, about, news, provider }] of rows.entries()) {
    const { id: _, type: __, ...expected } = toWebhook(events[index] as never)!;
    expect({ id, type, about, news, provider }).toEqual({
      id,
      type,
      about: expected.about,
      news: expected,
      provider: 'STRIPE',
    });
  }
  expect(await runSql(url, 'select name, envelope, pending, attempts from outbox')).toEqual([
    {
      name: 'payments/cancel-orphan',
      envelope: { type: 'payments/cancel-orphan', data: {} },
      pending: ['jobs-payments-cancel-orphan'],
      attempts: 0,
    },
  ]);
});
