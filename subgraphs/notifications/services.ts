import type { Context } from '#shared/context.ts';
import type { Mailer } from './channels/email.ts';
import type { NotificationsSettings } from './settings.ts';

export interface NotificationsServices {
  settings: NotificationsSettings;
  mailer: Mailer;
}
export type NotificationsContext = Context<NotificationsServices>;
