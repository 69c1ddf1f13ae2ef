import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { TEST_REDIS } from '#shared/test/world.ts';
import { confirmPayment } from '../../dev/buyer/purchase.ts';
import { atStripe, type Backend, eventually, reserve, startTestStack, type TestStack } from '../world.ts';

jest.setTimeout(240_000);
/** Seconds from the restart within which the order must end. */
const WITHIN = 90;

const ORDER = `query ($id: ID!) { order(id: $id) {
  status timeline { to }
  payments { status providerReference refundedAmount { amount } }
} }`;

/** Keeps the message about a capture in the outbox, in the transaction that writes it: no relay finds it due. */
const DELAY_NEWS = `
  create function delay_news() returns trigger language plpgsql as
    $$ begin new.due_at := now() + interval '1 day'; return new; end $$;
  create trigger delay_news before insert on outbox for each row
    when (new.name = 'payment-process-result') execute function delay_news()`;

describe.each<{ backend: Backend; available: boolean }>([
  { backend: 'PostgreSQL', available: true },
  { backend: 'Redis', available: TEST_REDIS !== undefined },
])('a hold that ends while the news of its payment is on its way, queues on $backend', scenario => {
  const { backend, available } = scenario;
  const run = available ? test : test.skip;
  let stack: TestStack;

  beforeAll(async () => {
    if (available) stack = await startTestStack(backend);
  });
  afterAll(async () => {
    await stack?.end();
  });

  /** Kills all our processes; the Stripe sandbox continues. */
  async function killAll() {
    const ours = [...stack.processes.values()].filter(({ name }) => name !== 'stripe-sandbox');
    await Promise.all([stack.redis?.kill(), ...ours.map(each => each.kill())]);
  }

  run(
    'F12: an order that was paid in time is completed, though all is killed before its message',
    async () => {
      const { buyer, orderId, payment, purchase } = await reserve(stack);
      await stack.sql('payments', DELAY_NEWS);
      const paid = await confirmPayment(buyer.api, payment.id, 'pm_card_visa');
      expect(paid.status).toBe('SUCCEEDED');
      await purchase.close();
      await killAll();

      // The hold ends while everything is down, and its end is the first thing that orders learns about it.
      await stack.redis?.restart();
      await stack.processes.get('postgresql')!.start();
      await stack.sql('payments', 'drop trigger delay_news on outbox');
      await stack.sql('orders', `update orders set expires_at = now() - interval '1 s' where id = $1`, [
        orderId,
      ]);
      await stack.sql(
        'orders',
        `update outbox set due_at = now() where name = 'orders/expire-order' and envelope -> 'data' ->> 'orderId' = $1`,
        [orderId],
      );
      await Promise.all([...stack.processes.values()].map(each => each.start()));
      const order = async () => (await buyer.api.get(ORDER, { id: orderId })).order;
      const ended = await eventually(async () => {
        const now = await order();
        return ['COMPLETED', 'FAILED', 'CANCELED'].includes(now.status) && now;
      }, WITHIN);
      expect(ended.timeline.map(({ to }: { to: string }) => to)).toEqual([
        ...['CREATED', 'RESERVED', 'PAID', 'SHIPPING_SCHEDULED', 'COMPLETED'],
      ]);

      // The message itself arrives at last, and changes nothing.
      const isHandled = async () => {
        const [row] = await stack.sql(
          'payments',
          `select count(*)::int as open from outbox where name = 'payment-process-result' and pending <> '{}'`,
        );
        return row!.open === 0;
      };
      expect(await isHandled()).toBe(false);
      await stack.sql('payments', `update outbox set due_at = now() where name = 'payment-process-result'`);
      await eventually(isHandled, WITHIN);
      expect(await order()).toEqual(ended);
      expect(ended.payments).toEqual([expect.objectContaining({ status: 'SUCCEEDED' })]);
      expect(await atStripe(stack, ended.payments[0].providerReference)).toEqual({
        status: 'succeeded',
        captured: 5_000,
        refunded: 0,
      });
      const asked = await stack.sql('orders', `select 1 from outbox where name = 'payment-refund-request'`);
      expect(asked).toEqual([]);
    },
  );
});
