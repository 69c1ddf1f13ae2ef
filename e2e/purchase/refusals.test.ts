/** What a purchase must withstand: repeated requests, other users' requests, and everything that is refused. */
import { randomUUID } from 'node:crypto';
import { expect, jest } from '@jest/globals';
import { confirmPayment, registerBuyer } from '../../dev/buyer/purchase.ts';
import { signWebhook } from '../../dev/stripe-sandbox/webhooks.ts';
import { describePurchases } from '../executors/executors.ts';
import { complete, eventually, mailsTo, ORDER, orderOf, reserve } from '../world.ts';
import { askWithoutTable, passTheGateway } from './attacks.ts';
import { refusals } from './refusals.ts';

jest.setTimeout(90_000);

describePurchases((run, scene) => {
  run(
    'A4, A7: a webhook delivered fifty times, and a failure after the success, change nothing',
    async () => {
      const { buyer, purchase, payment, orderId } = await reserve(scene.stack);
      await confirmPayment(buyer.api, payment.id, 'pm_card_visa');
      await purchase.until(complete);
      const reference = (await orderOf(buyer.api, orderId)).payments[0].providerReference;
      const before = await orderOf(buyer.api, orderId);
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
          fetch(`${scene.stack.urls.payments}/webhooks/stripe`, {
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
        const [row] = await scene.stack.sql(
          'payments',
          'select count(*)::int as open from webhooks where handled_at is null',
        );
        return row!.open === 0;
      });
      expect(await orderOf(buyer.api, orderId)).toEqual(before);
      expect(await mailsTo(scene.stack, buyer.email)).toHaveLength(1);
      await purchase.close();
    },
  );

  run('A20: another buyer sees nothing of it, and cannot tell it from what does not exist', async () => {
    const { purchase, orderId, payment } = await reserve(scene.stack, 1);
    const stranger = await registerBuyer(scene.stack.api);
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
    const { buyer, purchase, payment } = await reserve(scene.stack, 1);
    const tried = await refusals(scene.stack.api, buyer.api, buyer.email);
    for (const { what, expected, found } of tried) expect([what, found]).toEqual([what, expected]);
    await confirmPayment(buyer.api, payment.id, 'pm_card_visa');
    await purchase.until(complete);
    const again = await confirmPayment(buyer.api, payment.id, 'pm_card_visa');
    expect(again.__typename).toBe('PaymentNotConfirmable');
    await purchase.close();
  });

  run('A11: past the gateway, no subgraph answers without a passport', async () => {
    const { api } = await registerBuyer(scene.stack.api);
    const answers = Object.values(await passTheGateway(scene.stack, api.token!));
    expect(answers).toEqual(Array(6).fill([401, 4401]));
  });

  run('A15: what goes wrong in a database is told by nothing but its correlation id', async () => {
    const { api } = await registerBuyer(scene.stack.api);
    const correlationId = 'support-case-10';
    const asking = { query: '{ me { id } invoices { totalCount } }', token: api.token!, correlationId };
    const text = await askWithoutTable(scene.stack, ['invoices', 'invoices'], asking);
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
});
