import type { Environment } from '#shared/env.ts';
import { type RunningSubgraph, runUntilStopped, startSubgraph } from '#shared/subgraph.ts';
import { readNotificationsSettings } from './env.ts';
import { handlers } from './handlers.ts';
import { sendNotificationJob, sendUrgentNotificationJob } from './jobs/send-notification.ts';
import { openMailer } from './mailer.ts';
import { migrations } from './migrations/index.ts';
import { Notification } from './notification.entity.ts';
import { resolvers } from './resolvers.ts';
import type { NotificationsServices } from './services.ts';

/** How long a stop waits for a mail server's answer. All of it takes 10 s at most (F11). */
const PATIENCE_MS = 5_000;

/** Starts the notifications subgraph. */
export async function startNotifications(env: Environment): Promise<RunningSubgraph> {
  const settings = readNotificationsSettings(env);
  const mailer = openMailer(settings);
  const running = await startSubgraph<NotificationsServices>({
    settings,
    entities: [Notification],
    migrations,
    resolvers,
    handlers,
    jobs: [sendNotificationJob, sendUrgentNotificationJob],
    services: async () => ({ settings, mailer }),
    close: async () => mailer.close(),
  });
  return {
    ...running,
    async stop() {
      // Its mail is then of unknown outcome, is recorded so, and sent again by whoever starts next.
      const hangUp = setTimeout(mailer.close, PATIENCE_MS);
      await running.stop().finally(() => clearTimeout(hangUp));
    },
  };
}

if (import.meta.main) runUntilStopped(() => startNotifications(process.env));
