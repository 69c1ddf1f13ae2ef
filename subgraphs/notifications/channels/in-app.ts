/** Messages to users inside the application, pushed to `notificationReceived`. */

import { createNotification, type Draft } from '../deliver/notifications.ts';
import type { NotificationsContext } from '../services.ts';
import { DEFAULT_LOCALE, findContact } from './contacts.ts';

type Telling = Pick<Draft, 'template' | 'data' | 'orderId' | 'eventId'> & {
  /** What the message is about, e.g. `invoice-paid:<invoice id>`; there is one message per key. */
  key: string;
};

/** Sends a user a message, in the user's language, once per key. */
export async function tellUser(
  { em }: Pick<NotificationsContext, 'em'>,
  userId: string,
  { key, ...telling }: Telling,
): Promise<void> {
  const contact = await findContact(em, userId);
  await createNotification(em, {
    ...telling,
    channel: 'IN_APP',
    recipient: userId,
    userId,
    locale: contact?.locale ?? DEFAULT_LOCALE,
    dedupeKey: key,
  });
}
