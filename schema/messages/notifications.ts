import { z } from 'zod';
import { messagesFrom } from './message.ts';
import { id, orderTopic } from './parts.ts';

const message = messagesFrom('notifications');

export const notificationMessages = {
  /** The answer to `order-confirmed`: the provider has accepted the message, or finally refused it. */
  'notification-send-result': message({
    consumers: ['orders'],
    data: z.object({
      orderId: id,
      notificationId: id,
      sent: z.boolean(),
      reason: z.string().nullable(),
    }),
    live: ({ orderId }) => [orderTopic(orderId)],
  }),
  'notification.status.updated': message({
    consumers: [],
    data: z.object({
      notificationId: id,
      userId: id.nullable(),
      orderId: id.nullable(),
      status: z.string(),
    }),
    live: ({ userId, orderId }) => [userId ? `notifications.${userId}` : null, orderTopic(orderId)],
    background: true,
  }),
};
