import type { Environment } from '#shared/kernel/settings.ts';
import { type RunningSubgraph, runUntilStopped, startSubgraph } from '#shared/subgraph.ts';
import { openMailer } from './channels/email.ts';
import { Notification } from './deliver/notification.entity.ts';
import { handlers } from './handlers.ts';
import { migrations } from './migrations/index.ts';
import { resolvers } from './resolvers.ts';
import type { NotificationsServices } from './services.ts';
import { readNotificationsSettings } from './settings.ts';

/** How long a stop waits for a mail server's answer. The whole stop takes 10 s at most (F11). */
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
    services: async () => ({ settings, mailer }),
    close: async () => mailer.close(),
  });
  return {
    ...running,
    async stop() {
      // The mail then has an unknown outcome, is recorded so, and is sent again by the next process that starts.
      const hangUp = setTimeout(mailer.close, PATIENCE_MS);
      await running.stop().finally(() => clearTimeout(hangUp));
    },
  };
}

if (import.meta.main) runUntilStopped(() => startNotifications(process.env));
