import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { TEST_REDIS } from '#shared/test/world.ts';
import { confirmPayment } from '../../dev/buyer/purchase.ts';
import { type Backend, complete, mailsTo, reserve, startTestStack, type TestStack } from '../world.ts';

jest.setTimeout(120_000);
/** Seconds from the restart within which the purchase must be completed. */
const WITHIN = 60;

describe.each<{ backend: Backend; available: boolean }>([
  { backend: 'PostgreSQL', available: true },
  { backend: 'Redis', available: TEST_REDIS !== undefined },
])('F1: killed in mid-purchase and restarted, queues on $backend', ({ backend, available }) => {
  const run = available ? test : test.skip;
  let stack: TestStack;

  beforeAll(async () => {
    if (available) stack = await startTestStack(backend);
  });
  afterAll(async () => {
    await stack?.end();
  });

  /** Checks that the purchase is completed once: one capture, one email. */
  async function endsWell({ buyer, purchase }: Awaited<ReturnType<typeof reserve>>) {
    const done = await purchase.until(complete, WITHIN);
    expect(done.payments.filter(({ status }) => status === 'SUCCEEDED')).toHaveLength(1);
    expect(done.tickets).toHaveLength(2);
    expect(await mailsTo(stack, buyer.email)).toHaveLength(1);
    await purchase.close();
  }

  run.each(['payments', 'orders', 'tickets', 'invoices'])('%s', async name => {
    const reserved = await reserve(stack);
    const killed = stack.processes.get(name)!;
    // The answer may be lost with the process: only the final state that the buyer sees is checked.
    const confirming = confirmPayment(reserved.buyer.api, reserved.payment.id, 'pm_card_visa').catch(
      () => null,
    );
    if (name !== 'payments') await confirming;
    await killed.kill();
    await confirming;
    await killed.start();
    const { payments } = reserved.purchase.news.at(-1)!;
    if (name === 'payments' && payments[0]!.status !== 'SUCCEEDED') {
      // Tries again, as a front end does after an error. The status shows when an earlier try succeeded.
      await confirmPayment(reserved.buyer.api, reserved.payment.id, 'pm_card_visa');
    }
    await endsWell(reserved);
  });

  run('the queue backend', async () => {
    const reserved = await reserve(stack);
    const postgres = stack.processes.get('postgresql')!;
    const confirming = confirmPayment(reserved.buyer.api, reserved.payment.id, 'pm_card_visa').catch(
      () => null,
    );
    if (stack.redis) {
      await confirming;
      await stack.redis.kill();
      await stack.redis.restart();
    } else {
      await confirming;
      await postgres.kill();
      await postgres.start();
    }
    await endsWell(reserved);
  });
});
