/** The jobs of orders; handlers.ts binds them. */
import { z } from 'zod';
import { defineJob } from '#shared/messaging/jobs.ts';

/** Ends the hold of an order that was not paid in time. */
export const expireOrderJob = defineJob({
  name: 'orders/expire-order',
  data: z.object({ orderId: z.uuid() }),
  background: true,
  // The number is small because requests that buyers wait for need the database connections more.
  concurrency: 2,
});
