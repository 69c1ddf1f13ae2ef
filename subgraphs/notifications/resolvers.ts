import { JSONResolver } from '#shared/data/scalars.ts';
import { listDeadLetters, replayDeadLetter } from '#shared/messaging/dead-letters.ts';
import type { Resolvers } from '../../schema/generated/notifications.ts';
import {
  findNotification,
  getNotification,
  listNotifications,
  listOrderNotifications,
  listUserNotifications,
} from './deliver/notifications.ts';
import { watchReceived } from './deliver/received.ts';
import { sendNotification } from './deliver/requests.ts';
import { readStatistics } from './deliver/statistics.ts';

export const resolvers: Resolvers = {
  JSON: JSONResolver,
  Query: {
    notification: (_, { id }, ctx) => getNotification(ctx, id),
    notifications: (_, args, ctx) => listNotifications(ctx, args),
    notificationStatistics: (_, args, ctx) => readStatistics(ctx, args),
    notificationsDeadLetters: (_, args, ctx) => listDeadLetters(ctx, args),
  },
  Mutation: {
    sendNotification: (_, { input }, ctx) => sendNotification(ctx, input),
    replayNotificationsDeadLetter: (_, { id }, ctx) => replayDeadLetter(ctx, id),
  },
  Subscription: {
    notificationReceived: { subscribe: (_, __, ctx) => watchReceived(ctx) },
  },
  Notification: {
    __resolveReference: ({ id }, ctx) => findNotification(ctx, id),
  },
  Order: {
    notifications: ({ id }, _, ctx) => listOrderNotifications(ctx, id),
  },
  User: {
    notifications: ({ id }, args, ctx) => listUserNotifications(ctx, id, args),
  },
};
