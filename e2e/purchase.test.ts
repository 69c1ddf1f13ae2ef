import { execFile } from 'node:child_process';
import { createPublicKey, randomUUID, verify } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { TEST_REDIS } from '#shared/test/world.ts';
import {
  confirmPayment,
  payable,
  placeOrder,
  registerBuyer,
  signIn,
  watchPurchase,
} from '../dev/purchase.ts';
import { signWebhook } from '../dev/stripe-sandbox/webhooks.ts';
import { askWithoutTable, passTheGateway } from './attacks.ts';
import { compareExecutors, type Executors, type Run, startExecutors } from './executors.ts';
import { codesOf, refusals } from './refusals.ts';
import {
  atStripe,
  availabilityOf,
  type Backend,
  complete,
  createEvent,
  eventually,
  expectPdf,
  fault,
  mailsTo,
  payAtStripe,
  reserve,
  settleDebit,
  startTestStack,
  type TestStack,
} from './world.ts';

jest.setTimeout(90_000);

const CANCEL = `mutation ($input: CancelOrderInput!) { cancelOrder(input: $input) {
  __typename ... on Order { status } ... on Error { message } } }`;
const PARTS =
  'query ($id: ID!) { me { payments { totalCount } } order(id: $id) { payments { id } } events { totalCount } }';
const ORDER = `query ($id: ID!) { order(id: $id) {
  status expiresAt timeline { from to reason }
  payments { id status providerReference refundedAmount { amount } }
  invoice { status number creditNotes { number total { amount } } }
  tickets { status }
} }`;

describe.each<{ backend: Backend; available: boolean; executors: boolean }>([
  { backend: 'PostgreSQL', available: true, executors: true },
  { backend: 'Redis', available: TEST_REDIS !== undefined, executors: false },
])('a purchase through the gateway, queues on $backend', ({ backend, available, executors }) => {
  let started: TestStack;
  let both: Executors;
  /** As the gateway shows it through which the test runs. */
  let stack: TestStack;
  const comparison = compareExecutors(
    () => both,
    seen => {
      stack = seen;
    },
  );
  const run: Run = executors
    ? comparison.run
    : (name, scenario) => (available ? test : test.skip)(name, scenario);

  beforeAll(async () => {
    if (!available) return;
    started = await startTestStack(backend);
    stack = started;
    if (executors) both = await startExecutors(started);
  });
  afterAll(async () => {
    await both?.stop();
    await started?.end();
  });

  /** Lets an order's hold end now. */
  async function expireHold(orderId: string) {
    await stack.sql('orders', "update orders set expires_at = now() - interval '1 second' where id = $1", [
      orderId,
    ]);
    await stack.sql(
      'orders',
      `update outbox set due_at = now() where name = 'orders/expire-order' and envelope -> 'data' ->> 'orderId' = $1`,
      [orderId],
    );
  }
  const order = async (api: TestStack['api'], id: string) => (await api.get(ORDER, { id })).order;

  run('ends with a completed order, a paid invoice, tickets that verify, and the email', async () => {
    const { buyer, event, purchase, payment, orderId } = await reserve(stack);
    await confirmPayment(buyer.api, payment.id, 'pm_card_visa');
    const done = await purchase.until(complete);
    expect(purchase.statuses().filter(status => status !== 'CREATED')).toEqual([
      'RESERVED',
      'PAID',
      'SHIPPING_SCHEDULED',
      'COMPLETED',
    ]);
    await purchase.close();

    expect(done.payments).toEqual([expect.objectContaining({ status: 'SUCCEEDED', clientSecret: null })]);
    expect(done.invoice).toMatchObject({ status: 'PAID', number: expect.stringMatching(/^F\d{4}-\d{6}$/) });
    expect(done.invoice!.total.amount).toBe(done.total.amount);
    expect(done.tickets).toHaveLength(2);
    const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: event.publicKey }, format: 'jwk' });
    for (const { qrCode, pdfUrl } of done.tickets) {
      const signed = Buffer.from(qrCode.split('.').at(-1)!, 'base64url');
      expect(verify(null, signed.subarray(0, -64), key, signed.subarray(-64))).toBe(true);
      await expectPdf(pdfUrl!);
    }
    await expectPdf(done.invoice!.pdfUrl!);

    const mails = await mailsTo(stack, buyer.email);
    expect(mails).toHaveLength(1);
    expect(mails[0]!.attachments.filter(({ contentType }) => contentType === 'application/pdf')).toHaveLength(
      2,
    );
    const { timeline } = await order(buyer.api, orderId);
    expect(timeline.map(({ to }: { to: string }) => to)).toEqual([
      ...['CREATED', 'RESERVED', 'PAID', 'SHIPPING_SCHEDULED', 'COMPLETED'],
    ]);
  });

  run('is told step by step by `npm run demo`', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'guichet-demo-'));
    const gateway = new URL(stack.gatewayUrl).origin;
    const demo = [
      join(import.meta.dirname, '../dev/demo.ts'),
      '--gateway',
      gateway,
      '--mailbox',
      stack.mailboxUrl,
    ];
    const { stdout } = await promisify(execFile)(process.execPath, [...demo, '--directory', directory]);
    for (const step of ['RESERVED', 'PAID', 'SHIPPING_SCHEDULED', 'COMPLETED'])
      expect(stdout).toContain(`Order is ${step}`);
    expect(stdout.match(/QR code verifies/g)).toHaveLength(2);
    expect(stdout).toContain('with 2 attachment(s)');
    expect(await readdir(directory)).toHaveLength(3);
    await rm(directory, { recursive: true });
  });

  run('a declined card leaves the order reserved and payable', async () => {
    const { buyer, purchase, payment } = await reserve(stack);
    const declined = await confirmPayment(buyer.api, payment.id, 'pm_card_chargeDeclined');
    expect(declined).toMatchObject({ status: 'REQUIRES_PAYMENT_METHOD', failureCode: 'card_declined' });
    await purchase.until(
      ({ status, payments }) =>
        status === 'RESERVED' && payments.some(({ failureCode }) => failureCode !== null),
    );
    await confirmPayment(buyer.api, payment.id, 'pm_card_visa');
    await purchase.until(complete);
    expect(purchase.statuses()).not.toContain('FAILED');
    await purchase.close();
  });

  run('3-D Secure asks the buyer to act, and completes afterwards', async () => {
    const { buyer, purchase, payment } = await reserve(stack);
    const challenged = await confirmPayment(buyer.api, payment.id, 'pm_card_threeDSecure2Required');
    expect(challenged.status).toBe('REQUIRES_ACTION');
    expect(challenged.nextActionUrl).toMatch(/^http/);
    const action = new URL(challenged.nextActionUrl!);
    await fetch(`${action.origin}${action.pathname}/complete`, { method: 'POST', redirect: 'manual' });
    await purchase.until(complete);
    await purchase.close();
  });

  run('a hold that ends unpaid fails the order and frees its capacity', async () => {
    const { eventId, productId } = await createEvent(stack.api, { capacity: 3 });
    const availability = stack.api.subscribe(
      'subscription ($id: ID!) { availabilityChanged(eventId: $id) { available } }',
      { id: eventId },
    );
    const seen: number[] = [];
    const watching = (async () => {
      for await (const { data } of availability) seen.push(data.availabilityChanged[0].available);
    })();
    const buyer = await registerBuyer(stack.api);
    const placed = await placeOrder(buyer.api, [{ productId, quantity: 3 }]);
    const purchase = watchPurchase(buyer.api, placed.id);
    await purchase.until(payable);
    expect(await availabilityOf(stack.api, productId)).toBe(0);
    await expireHold(placed.id);
    await purchase.until(({ status }) => status === 'FAILED');
    await eventually(async () => (await availabilityOf(stack.api, productId)) === 3);
    await eventually(() => seen.at(-1) === 3);
    expect(seen[0]).toBe(3);
    expect(seen).toContain(0);
    await purchase.close();
    await availability.close();
    await watching;
  });

  run('an order canceled after it was paid gives the money back and revokes the tickets', async () => {
    // The email has to wait, so that the order is not completed yet.
    await fault(stack, { kind: 'reject-4xx', times: 1_000 });
    const { buyer, purchase, payment, orderId } = await reserve(stack);
    await confirmPayment(buyer.api, payment.id, 'pm_card_visa');
    await purchase.until(({ status }) => status === 'SHIPPING_SCHEDULED');
    const { cancelOrder } = await buyer.api.get(CANCEL, { input: { orderId, reason: 'changed my mind' } });
    expect(cancelOrder).toEqual({ __typename: 'Order', status: 'CANCELED' });
    await fault(stack, null);
    const canceled = await eventually(async () => {
      const now = await order(buyer.api, orderId);
      return now.payments[0].refundedAmount.amount === 5_000 && now.invoice.creditNotes.length === 1 && now;
    });
    expect(canceled.status).toBe('CANCELED');
    expect(canceled.invoice.creditNotes).toEqual([
      { number: expect.stringMatching(/^A/), total: { amount: 5_000 } },
    ]);
    await eventually(async () =>
      (await order(buyer.api, orderId)).tickets.every(
        ({ status }: { status: string }) => status === 'REVOKED',
      ),
    );
    expect(await atStripe(stack, canceled.payments[0].providerReference)).toMatchObject({
      captured: 5_000,
      refunded: 5_000,
    });
    await purchase.close();
  });

  run('F12: a payment made at Stripe while payments is down completes the order after its hold', async () => {
    const { buyer, purchase, payment, orderId } = await reserve(stack);
    const reference = (await order(buyer.api, orderId)).payments[0].providerReference;
    const { clientSecret } = payment;
    // The buyer pays with Stripe.js while our payments subgraph is down, and the hold ends meanwhile.
    const payments = stack.processes.get('payments')!;
    await payments.kill();
    const partly = await buyer.api.ask(PARTS, { id: orderId });
    expect(partly.data).toEqual({ me: null, order: null, events: { totalCount: expect.any(Number) } });
    expect(codesOf(partly)).toEqual(['UNAVAILABLE', 'UNAVAILABLE']);
    await payAtStripe(stack, reference, clientSecret!);
    await expireHold(orderId);
    // Nobody can say whether it was paid: the order waits, and keeps its stock.
    await eventually(async () => {
      const [row] = await stack.sql('orders', 'select status, closing_since from orders where id = $1', [
        orderId,
      ]);
      expect(row!.status).toBe('RESERVED');
      return row!.closing_since;
    });
    await payments.start();
    await purchase.until(complete, 60);
    expect(purchase.statuses()).not.toContain('FAILED');
    expect(await atStripe(stack, reference)).toMatchObject({ captured: 5_000, refunded: 0 });
    await purchase.close();
  });

  run('F12: a bank debit that succeeds when the order has expired is refunded by itself', async () => {
    const { buyer, purchase, payment, orderId } = await reserve(stack);
    const reference = (await order(buyer.api, orderId)).payments[0].providerReference;
    const debit = await confirmPayment(buyer.api, payment.id, 'pm_usBankAccount_processing');
    expect(debit.status).toBe('PROCESSING');
    const holds = async (found: string) => (await stack.sql('orders', found, [orderId])).length > 0;
    await eventually(() =>
      holds("select 1 from order_payments where order_id = $1 and status = 'PROCESSING'"),
    );
    // The hold is extended once; then nobody but the bank can say when the money comes.
    await expireHold(orderId);
    await eventually(() => holds('select 1 from orders where id = $1 and extended'));
    await expireHold(orderId);
    await purchase.until(({ status }) => status === 'FAILED');
    await settleDebit(stack, reference);
    await eventually(async () => (await atStripe(stack, reference)).refunded === 5_000, 60);
    const ended = await eventually(async () => {
      const now = await order(buyer.api, orderId);
      return now.payments[0].refundedAmount.amount === 5_000 && now;
    });
    expect(ended.status).toBe('FAILED');
    await purchase.close();
  });

  run(
    '60 buyers at once on a product with 10 left: ten orders are reserved, fifty are not (I3)',
    async () => {
      const { productId } = await createEvent(stack.api, { capacity: 10 });
      const buyers = await Promise.all(Array.from({ length: 60 }, () => registerBuyer(stack.api)));
      const answers = await Promise.all(
        buyers.map(buyer => placeOrder(buyer.api, [{ productId, quantity: 1 }])),
      );
      const placed = answers.filter(({ __typename }) => __typename === 'Order').map(({ id }) => id);
      const unavailable = answers.filter(({ __typename }) => __typename === 'ProductUnavailable');
      expect(placed.length + unavailable.length).toBe(60);
      const admin = await signIn(stack.api, 'admin@guichet.test', 'admin-guichet');
      const statuses = await eventually(async () => {
        const all = await Promise.all(placed.map(async id => (await order(admin, id)).status));
        return !all.includes('CREATED') && all;
      }, 30);
      expect(statuses.filter(status => status === 'RESERVED')).toHaveLength(10);
      expect(statuses.filter(status => status === 'FAILED')).toHaveLength(placed.length - 10);
      expect(await availabilityOf(stack.api, productId)).toBe(0);
    },
    { race: true },
  );

  run(
    'A4, A7: a webhook delivered fifty times, and a failure after the success, change nothing',
    async () => {
      const { buyer, purchase, payment, orderId } = await reserve(stack);
      await confirmPayment(buyer.api, payment.id, 'pm_card_visa');
      await purchase.until(complete);
      const reference = (await order(buyer.api, orderId)).payments[0].providerReference;
      const before = await order(buyer.api, orderId);
      const deliver = async (type: string) => {
        const body = JSON.stringify({
          id: `evt_${randomUUID()}`,
          object: 'event',
          type,
          created: Math.floor(Date.now() / 1_000),
          data: {
            object: {
              id: reference,
              object: 'payment_intent',
              status: 'requires_payment_method',
              metadata: { paymentId: payment.id },
            },
          },
        });
        const post = () =>
          fetch(`${stack.urls.payments}/webhooks/stripe`, {
            method: 'POST',
            headers: { 'stripe-signature': signWebhook(body, 'whsec_guichet_development') },
            body,
          });
        const answers = await Promise.all(Array.from({ length: 50 }, post));
        expect(answers.map(({ status }) => status)).toEqual(Array(50).fill(200));
      };
      await deliver('payment_intent.succeeded');
      await deliver('payment_intent.payment_failed');
      await eventually(async () => {
        const [row] = await stack.sql(
          'payments',
          'select count(*)::int as open from webhooks where handled_at is null',
        );
        return row!.open === 0;
      });
      expect(await order(buyer.api, orderId)).toEqual(before);
      expect(await mailsTo(stack, buyer.email)).toHaveLength(1);
      await purchase.close();
    },
  );

  run('A20: another buyer sees nothing of it, and cannot tell it from what does not exist', async () => {
    const { purchase, orderId, payment } = await reserve(stack, 1);
    const stranger = await registerBuyer(stack.api);
    const seen = await stranger.api.ask(ORDER, { id: orderId });
    const missing = await stranger.api.ask(ORDER, { id: '01900000-0000-7000-8000-00000000dead' });
    expect(seen.errors![0]!.extensions.code).toBe('NOT_FOUND');
    expect(seen.errors![0]!.message).toBe(missing.errors![0]!.message);
    const confirmed = await stranger.api.ask(
      'mutation ($input: ConfirmPaymentInput!) { confirmPayment(input: $input) { __typename } }',
      { input: { paymentId: payment.id, paymentMethodId: 'pm_card_visa' } },
    );
    expect(confirmed.errors![0]!.extensions.code).toBe('NOT_FOUND');
    const live = stranger.api.subscribe('subscription ($id: ID!) { orderUpdated(orderId: $id) { status } }', {
      id: orderId,
    });
    const first = await live.next().then(
      ({ value }) => JSON.stringify(value),
      error => JSON.stringify(error),
    );
    expect(first).toContain('NOT_FOUND');
    await live.close();
    await purchase.close();
  });

  run('what is refused is refused with its code, beside whatever is not', async () => {
    const { buyer, purchase, payment } = await reserve(stack, 1);
    const tried = await refusals(stack.api, buyer.api, buyer.email);
    for (const { what, expected, found } of tried) expect([what, found]).toEqual([what, expected]);
    await confirmPayment(buyer.api, payment.id, 'pm_card_visa');
    await purchase.until(complete);
    const again = await confirmPayment(buyer.api, payment.id, 'pm_card_visa');
    expect(again.__typename).toBe('PaymentNotConfirmable');
    await purchase.close();
  });

  run('A11: past the gateway, no subgraph answers without a passport', async () => {
    const { api } = await registerBuyer(stack.api);
    const answers = Object.values(await passTheGateway(stack, api.token!));
    expect(answers).toEqual(Array(6).fill([401, 4401]));
  });

  run('A15: what goes wrong in a database is told by nothing but its correlation id', async () => {
    const { api } = await registerBuyer(stack.api);
    const correlationId = 'support-case-10';
    const asking = { query: '{ me { id } invoices { totalCount } }', token: api.token!, correlationId };
    const text = await askWithoutTable(stack, ['invoices', 'invoices'], asking);
    expect(JSON.parse(text)).toEqual({
      data: null,
      errors: [
        {
          message: expect.stringContaining('Something went wrong on our side'),
          path: ['invoices'],
          extensions: { code: 'INTERNAL_SERVER_ERROR', correlationId },
        },
      ],
    });
  });

  if (executors) comparison.checkItself();
});
