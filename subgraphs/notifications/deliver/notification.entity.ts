import { defineEntity, OptionalProps, p } from '@mikro-orm/postgresql';
import { defineTransitions, type StatusOf } from '#shared/data/transitions.ts';
import type { NotificationChannel, NotificationPriority } from '../../../schema/generated/notifications.ts';
import type { TemplateName } from '../templates/index.ts';

/** Every change of status that exists. A try that did not reach the mail server leads back to QUEUED. */
export const TRANSITIONS = defineTransitions({
  SCHEDULED: ['QUEUED', 'SENDING', 'DELIVERED', 'FAILED', 'CANCELED'],
  QUEUED: ['QUEUED', 'SENDING', 'FAILED', 'CANCELED'],
  SENDING: ['QUEUED', 'SENT', 'FAILED'],
  SENT: ['DELIVERED', 'BOUNCED'],
  DELIVERED: [],
  BOUNCED: [],
  FAILED: [],
  CANCELED: [],
});
export type NotificationStatus = StatusOf<typeof TRANSITIONS>;

/** A file of the tickets subgraph, fetched when the email is sent. */
export interface Attachment {
  /** The file name that the reader sees. */
  filename: string;
  /** The path below `/files/`. */
  file: string;
}

const NotificationSchema = defineEntity({
  name: 'Notification',
  tableName: 'notifications',
  properties: {
    id: p.uuid().primary(),
    channel: p.text().$type<NotificationChannel>(),
    template: p.text().$type<TemplateName>(),
    status: p.text().$type<NotificationStatus>(),
    /** An email address; for IN_APP a user's id. */
    recipient: p.text(),
    /** The user who may read it, when the recipient has an account. */
    userId: p.uuid().nullable(),
    orderId: p.uuid().nullable(),
    eventId: p.uuid().nullable(),
    locale: p.text(),
    subject: p.text(),
    body: p.text(),
    data: p.json<Record<string, unknown>>(),
    attachments: p.json<Attachment[]>(),
    priority: p.text().$type<NotificationPriority>(),
    provider: p.text().nullable(),
    providerMessageId: p.text().nullable(),
    /** What the notification is about; a second notification with the same key is not made. */
    dedupeKey: p.text().nullable(),
    attempts: p.integer(),
    /** Number of tries after which nobody knows whether the mail server took the message. */
    unknownOutcomes: p.integer(),
    lastError: p.text().nullable(),
    createdAt: p.datetime(),
    scheduledAt: p.datetime().nullable(),
    sentAt: p.datetime().nullable(),
    deliveredAt: p.datetime().nullable(),
    failedAt: p.datetime().nullable(),
    /** While SENDING: the time from which the sending process is considered dead. */
    leaseUntil: p.datetime().nullable(),
    changedAt: p.datetime(),
  },
});

export class Notification extends NotificationSchema.class {
  declare [OptionalProps]?: '__typename' | 'event' | 'order';

  /** Says which member of a result union this is. */
  get __typename() {
    return 'Notification' as const;
  }

  get order() {
    return this.orderId ? { __typename: 'Order' as const, id: this.orderId } : null;
  }

  get event() {
    return this.eventId ? { __typename: 'Event' as const, id: this.eventId } : null;
  }
}
NotificationSchema.setClass(Notification);
