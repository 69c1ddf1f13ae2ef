/** Orders that wait too long for an answer ask again (I13): the request or its answer may lie in the dead letters. */

import { type EntityManager, inTransaction, newId, sql } from '#shared/data/database.ts';
import { fork, selectEntities } from '#shared/data/entities.ts';
import { withCorrelation } from '#shared/kernel/correlation.ts';
import type { Log } from '#shared/kernel/log.ts';
import { enqueue } from '#shared/messaging/jobs.ts';
import { expireOrderJob } from '../jobs.ts';
import { Order } from '../order/order.entity.ts';
import { takeSnapshot } from '../order/orders.ts';
import { requestClosing, requestStep } from './steps.ts';

const SWEEP_MS = 15_000;
const BATCH = 50;

/**
 * Asks again for the step of each order that has waited for it longer than 60 s, then 2 minutes, 4, … up to an hour.
 * Returns how many. Replicas may do so at the same time: each takes the orders that no other holds.
 */
export async function resumeOrders(em: EntityManager): Promise<number> {
  return inTransaction(em, async em => {
    const orders = await selectEntities(
      em,
      Order,
      sql`where status in ('CREATED', 'RESERVED', 'PAID', 'SHIPPING_SCHEDULED')
          and (status <> 'RESERVED' or expires_at < now() - interval '60 s')
          and last_step_at < now() - least(
            greatest(last_step_at - greatest(status_at, closing_since), interval '60 s'), interval '1 h')
        order by last_step_at limit ${BATCH} for update skip locked`,
    );
    for (const order of orders) {
      // A reserved order waits for its buyer; what is overdue there is its expiry, or the answer of payments.
      if (order.status !== 'RESERVED') await requestStep(em, order, await takeSnapshot(em, order));
      else if (order.closingSince) await requestClosing(em, order);
      else await enqueue(em, expireOrderJob, { orderId: order.id });
      order.lastStepAt = new Date();
    }
    await em.flush();
    return orders.length;
  });
}

/** Resumes waiting orders every 15 s until stopped. */
export function startSweeping(em: EntityManager, log: Log): () => Promise<void> {
  let running = Promise.resolve();
  const sweep = async () => {
    try {
      const resumed = await withCorrelation(newId(), () => resumeOrders(fork(em)));
      if (resumed > 0) log.warn({ resumed }, 'orders waited too long and asked again');
    } catch (error) {
      log.warn({ err: error }, 'sweep');
    }
  };
  const timer = setInterval(() => {
    running = running.then(sweep);
  }, SWEEP_MS);
  return async () => {
    clearInterval(timer);
    await running;
  };
}
