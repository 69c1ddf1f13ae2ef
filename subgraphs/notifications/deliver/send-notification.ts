import { z } from 'zod';
import { defineJob } from '#shared/messaging/jobs.ts';
import type { NotificationsContext, NotificationsServices } from '../services.ts';
import { deliverNotification } from './delivery.ts';
import type { Notification } from './notification.entity.ts';

const data = z.object({ notificationId: z.uuid() });
const handle = (ctx: NotificationsContext, { notificationId }: z.output<typeof data>) =>
  deliverNotification(ctx, notificationId);

/** Reaching the mail server, or one that does not answer and the other, takes a minute beside its time-out. */
const deadlineMs = ({ settings }: NotificationsServices) => 60_000 + settings.SMTP_TIMEOUT * 1_000;

/** Sends what is of LOW or NORMAL priority. */
export const sendNotificationJob = defineJob({
  name: 'notifications/send-notification',
  data,
  concurrency: 5,
  background: true,
  deadlineMs,
  handle,
});

/** Sends what is of HIGH priority, in a queue of its own: an order's confirmation never waits behind a mass mailing. */
export const sendUrgentNotificationJob = defineJob({
  name: 'notifications/send-urgent-notification',
  data,
  concurrency: 10,
  deadlineMs,
  handle,
});

export const jobFor = ({ priority }: Pick<Notification, 'priority'>) =>
  priority === 'HIGH' ? sendUrgentNotificationJob : sendNotificationJob;
