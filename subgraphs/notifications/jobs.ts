/** The jobs of notifications; handlers.ts binds them. */
import { z } from 'zod';
import { defineJob } from '#shared/messaging/jobs.ts';

const data = z.object({ notificationId: z.uuid() });

/** Sends notifications of LOW or NORMAL priority. */
export const sendNotificationJob = defineJob({
  name: 'notifications/send-notification',
  data,
  concurrency: 5,
  background: true,
});

/**
 * Sends notifications of HIGH priority, in a queue of its own: an order's confirmation never waits behind a mass
 * mailing.
 */
export const sendUrgentNotificationJob = defineJob({
  name: 'notifications/send-urgent-notification',
  data,
  concurrency: 10,
});

export const sendJobFor = ({ priority }: { priority: string }) =>
  priority === 'HIGH' ? sendUrgentNotificationJob : sendNotificationJob;
