/** Repeats the request of an order that waits too long (I13): the request or its answer may be a dead letter. */

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
 * Requests the step again for each order that has waited over 60 s, then 2 minutes, 4 minutes, … up to an hour.
 * Returns the number of these orders. Replicas can run this concurrently: each skips the orders that another one locks.
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
      // A reserved order waits for its buyer, so only its expiry or the answer of payments can be overdue.
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
