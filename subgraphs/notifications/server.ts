import type { Environment } from '#shared/env.ts';
import { runUntilStopped, startSubgraph } from '#shared/subgraph.ts';
import { readNotificationsSettings } from './env.ts';
import { handlers } from './handlers.ts';
import { sendNotificationJob, sendUrgentNotificationJob } from './jobs/send-notification.ts';
import { openMailer } from './mailer.ts';
import { migrations } from './migrations/index.ts';
import { Notification } from './notification.entity.ts';
import { resolvers } from './resolvers.ts';
import type { NotificationsServices } from './services.ts';

/** Starts the notifications subgraph. */
export function startNotifications(env: Environment) {
  const settings = readNotificationsSettings(env);
  return startSubgraph<NotificationsServices>({
    settings,
    entities: [Notification],
    migrations,
    resolvers,
    handlers,
    jobs: [sendNotificationJob, sendUrgentNotificationJob],
    services: async () => ({ settings, mailer: openMailer(settings) }),
    close: async ({ mailer }) => mailer.close(),
  });
}

if (import.meta.main) runUntilStopped(() => startNotifications(process.env));
