import { execFile } from 'node:child_process';
import { createPublicKey, verify } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, jest } from '@jest/globals';
import {
  confirmPayment,
  payable,
  placeOrder,
  registerBuyer,
  signIn,
  watchPurchase,
} from '../../dev/buyer/purchase.ts';
import { describePurchases } from '../executors/executors.ts';
import {
  atStripe,
  availabilityOf,
  complete,
  createEvent,
  eventually,
  expectPdf,
  fault,
  mailsTo,
  orderOf,
  payAtStripe,
  reserve,
  settleDebit,
} from '../world.ts';
import { codesOf } from './refusals.ts';

jest.setTimeout(90_000);

const CANCEL = `mutation ($input: CancelOrderInput!) { cancelOrder(input: $input) {
  __typename ... on Order { status } ... on Error { message } } }`;
const PARTS =
  'query ($id: ID!) { me { payments { totalCount } } order(id: $id) { payments { id } } events { totalCount } }';

describePurchases((run, scene) => {
  /** Makes an order's hold end now. */
  async function expireHold(orderId: string) {
    await scene.stack.sql(
      'orders',
      "update orders set expires_at = now() - interval '1 second' where id = $1",
      [orderId],
    );
    await scene.stack.sql(
      'orders',
      `update outbox set due_at = now() where name = 'orders/expire-order' and envelope -> 'data' ->> 'orderId' = $1`,
      [orderId],
    );
  }

  run('ends with a completed order, a paid invoice, tickets that verify, and the email', async () => {
    const { buyer, event, purchase, payment, orderId } = await reserve(scene.stack);
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

    const mails = await mailsTo(scene.stack, buyer.email);
    expect(mails).toHaveLength(1);
    expect(mails[0]!.attachments.filter(({ contentType }) => contentType === 'application/pdf')).toHaveLength(
      2,
    );
    const { timeline } = await orderOf(buyer.api, orderId);
    expect(timeline.map(({ to }: { to: string }) => to)).toEqual([
      ...['CREATED', 'RESERVED', 'PAID', 'SHIPPING_SCHEDULED', 'COMPLETED'],
    ]);
  });

  run('is told step by step by `npm run demo`', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'guichet-demo-'));
    const gateway = new URL(scene.stack.gatewayUrl).origin;
    const demo = [
      join(import.meta.dirname, '../../dev/buyer/demo.ts'),
      '--gateway',
      gateway,
      '--mailbox',
      scene.stack.mailboxUrl,
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
    const { buyer, purchase, payment } = await reserve(scene.stack);
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
    const { buyer, purchase, payment } = await reserve(scene.stack);
    const challenged = await confirmPayment(buyer.api, payment.id, 'pm_card_threeDSecure2Required');
    expect(challenged.status).toBe('REQUIRES_ACTION');
    expect(challenged.nextActionUrl).toMatch(/^http/);
    const action = new URL(challenged.nextActionUrl!);
    await fetch(`${action.origin}${action.pathname}/complete`, { method: 'POST', redirect: 'manual' });
    await purchase.until(complete);
    await purchase.close();
  });

  run('a hold that ends unpaid fails the order and frees its capacity', async () => {
    const { eventId, productId } = await createEvent(scene.stack.api, { capacity: 3 });
    const availability = scene.stack.api.subscribe(
      'subscription ($id: ID!) { availabilityChanged(eventId: $id) { available } }',
      { id: eventId },
    );
    const seen: number[] = [];
    const watching = (async () => {
      for await (const { data } of availability) seen.push(data.availabilityChanged[0].available);
    })();
    const buyer = await registerBuyer(scene.stack.api);
    const placed = await placeOrder(buyer.api, [{ productId, quantity: 3 }]);
    const purchase = watchPurchase(buyer.api, placed.id);
    await purchase.until(payable);
    expect(await availabilityOf(scene.stack.api, productId)).toBe(0);
    await expireHold(placed.id);
    await purchase.until(({ status }) => status === 'FAILED');
    await eventually(async () => (await availabilityOf(scene.stack.api, productId)) === 3);
    await eventually(() => seen.at(-1) === 3);
    expect(seen[0]).toBe(3);
    expect(seen).toContain(0);
    await purchase.close();
    await availability.close();
    await watching;
  });

  run('an order canceled after it was paid gives the money back and revokes the tickets', async () => {
    // The email has to wait, so that the order is not completed yet.
    await fault(scene.stack, { kind: 'reject-4xx', times: 1_000 });
    const { buyer, purchase, payment, orderId } = await reserve(scene.stack);
    await confirmPayment(buyer.api, payment.id, 'pm_card_visa');
    await purchase.until(({ status }) => status === 'SHIPPING_SCHEDULED');
    const { cancelOrder } = await buyer.api.get(CANCEL, { input: { orderId, reason: 'changed my mind' } });
    expect(cancelOrder).toEqual({ __typename: 'Order', status: 'CANCELED' });
    await fault(scene.stack, null);
    const canceled = await eventually(async () => {
      const now = await orderOf(buyer.api, orderId);
      return now.payments[0].refundedAmount.amount === 5_000 && now.invoice.creditNotes.length === 1 && now;
    });
    expect(canceled.status).toBe('CANCELED');
    expect(canceled.invoice.creditNotes).toEqual([
      { number: expect.stringMatching(/^A/), total: { amount: 5_000 } },
    ]);
    await eventually(async () =>
      (await orderOf(buyer.api, orderId)).tickets.every(
        ({ status }: { status: string }) => status === 'REVOKED',
      ),
    );
    expect(await atStripe(scene.stack, canceled.payments[0].providerReference)).toMatchObject({
      captured: 5_000,
      refunded: 5_000,
    });
    await purchase.close();
  });

  run('F12: a payment made at Stripe while payments is down completes the order after its hold', async () => {
    const { buyer, purchase, payment, orderId } = await reserve(scene.stack);
    const reference = (await orderOf(buyer.api, orderId)).payments[0].providerReference;
    const { clientSecret } = payment;
    // The buyer pays with Stripe.js while our payments subgraph is down, and the hold ends meanwhile.
    const payments = scene.stack.processes.get('payments')!;
    await payments.kill();
    const partly = await buyer.api.ask(PARTS, { id: orderId });
    expect(partly.data).toEqual({ me: null, order: null, events: { totalCount: expect.any(Number) } });
    expect(codesOf(partly)).toEqual(['UNAVAILABLE', 'UNAVAILABLE']);
    await payAtStripe(scene.stack, reference, clientSecret!);
    await expireHold(orderId);
    // It is unknown whether the order was paid: it waits, and keeps its stock.
    await eventually(async () => {
      const [row] = await scene.stack.sql(
        'orders',
        'select status, closing_since from orders where id = $1',
        [orderId],
      );
      expect(row!.status).toBe('RESERVED');
      return row!.closing_since;
    });
    await payments.start();
    await purchase.until(complete, 60);
    expect(purchase.statuses()).not.toContain('FAILED');
    expect(await atStripe(scene.stack, reference)).toMatchObject({ captured: 5_000, refunded: 0 });
    await purchase.close();
  });

  run('F12: a bank debit that succeeds when the order has expired is refunded by itself', async () => {
    const { buyer, purchase, payment, orderId } = await reserve(scene.stack);
    const reference = (await orderOf(buyer.api, orderId)).payments[0].providerReference;
    const debit = await confirmPayment(buyer.api, payment.id, 'pm_usBankAccount_processing');
    expect(debit.status).toBe('PROCESSING');
    const holds = async (found: string) => (await scene.stack.sql('orders', found, [orderId])).length > 0;
    await eventually(() =>
      holds("select 1 from order_payments where order_id = $1 and status = 'PROCESSING'"),
    );
    // The hold is extended once; after that, only the bank knows when the money comes.
    await expireHold(orderId);
    await eventually(() => holds('select 1 from orders where id = $1 and extended'));
    await expireHold(orderId);
    await purchase.until(({ status }) => status === 'FAILED');
    await settleDebit(scene.stack, reference);
    await eventually(async () => (await atStripe(scene.stack, reference)).refunded === 5_000, 60);
    const ended = await eventually(async () => {
      const now = await orderOf(buyer.api, orderId);
      return now.payments[0].refundedAmount.amount === 5_000 && now;
    });
    expect(ended.status).toBe('FAILED');
    await purchase.close();
  });

  run(
    '60 buyers at once on a product with 10 left: ten orders are reserved, fifty are not (I3)',
    async () => {
      const { productId } = await createEvent(scene.stack.api, { capacity: 10 });
      const buyers = await Promise.all(Array.from({ length: 60 }, () => registerBuyer(scene.stack.api)));
      const answers = await Promise.all(
        buyers.map(buyer => placeOrder(buyer.api, [{ productId, quantity: 1 }])),
      );
      const placed = answers.filter(({ __typename }) => __typename === 'Order').map(({ id }) => id);
      const unavailable = answers.filter(({ __typename }) => __typename === 'ProductUnavailable');
      expect(placed.length + unavailable.length).toBe(60);
      const admin = await signIn(scene.stack.api, 'admin@guichet.test', 'admin-guichet');
      const statuses = await eventually(async () => {
        const all = await Promise.all(placed.map(async id => (await orderOf(admin, id)).status));
        return !all.includes('CREATED') && all;
      }, 30);
      expect(statuses.filter(status => status === 'RESERVED')).toHaveLength(10);
      expect(statuses.filter(status => status === 'FAILED')).toHaveLength(placed.length - 10);
      expect(await availabilityOf(scene.stack.api, productId)).toBe(0);
    },
    { race: true },
  );
});
