/** The jobs of tickets; handlers.ts binds them. */
import { z } from 'zod';
import { defineJob } from '#shared/messaging/jobs.ts';

/** Draws the PDF of each of an order's tickets. */
export const renderTicketsJob = defineJob({
  name: 'tickets/render-tickets',
  data: z.object({ orderId: z.uuid() }),
});
