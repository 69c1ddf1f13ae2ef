import type { Context } from '#shared/context.ts';
import type { NotificationsSettings } from './env.ts';
import type { Mailer } from './mailer.ts';

export interface NotificationsServices {
  settings: NotificationsSettings;
  mailer: Mailer;
}
export type NotificationsContext = Context<NotificationsServices>;
