/** Notifications: who may see them, how they are made, how they change. */
import { type Context, mayActFor, requireViewer } from '#shared/context.ts';
import { entitiesLoader, entityLoader } from '#shared/data/batch.ts';
import {
  type Connection,
  type ConnectionArguments,
  connect,
  connectMany,
  emptyConnection,
} from '#shared/data/connection.ts';
import { type EntityManager, newId, type RawBuilder, sql } from '#shared/data/database.ts';
import { insertion, queryEntities } from '#shared/data/entities.ts';
import { statusesBefore } from '#shared/data/transitions.ts';
import { notFound } from '#shared/kernel/errors.ts';
import type { Viewer } from '#shared/kernel/passport.ts';
import { enqueue } from '#shared/messaging/jobs.ts';
import { emit } from '#shared/messaging/outbox.ts';
import { sendJobFor } from '../jobs.ts';
import { render, type TemplateName } from '../templates/index.ts';
import {
  type Attachment,
  Notification,
  type NotificationStatus,
  TRANSITIONS,
} from './notification.entity.ts';

/** What a notification is made from. */
export interface Draft {
  id?: string;
  channel: 'EMAIL' | 'IN_APP';
  template: TemplateName;
  /** An email address; for IN_APP a user's id. */
  recipient: string;
  userId: string | null;
  locale: string;
  /** In the form that readTemplateData returns. */
  data: Record<string, unknown>;
  orderId?: string | null;
  eventId?: string | null;
  attachments?: Attachment[];
  priority?: 'LOW' | 'NORMAL' | 'HIGH';
  /** The earliest time to send it; when it is null or past, it is sent at once. */
  scheduledAt?: Date | null;
  dedupeKey?: string;
  /** The reason why it can never be sent: it is then recorded as FAILED. */
  refusal?: string | null;
}

/**
 * Records a notification and has it sent; an IN_APP notification is delivered by being recorded. Runs in the caller's
 * transaction. Null when a notification with this dedupe key exists already.
 */
export async function createNotification(em: EntityManager, draft: Draft): Promise<Notification | null> {
  const { channel, template, recipient, userId, locale, data, refusal = null } = draft;
  const isLater = draft.scheduledAt && draft.scheduledAt.getTime() > Date.now();
  const status = firstStatus(channel, isLater ? draft.scheduledAt! : null, refusal);
  const { subject, text } = render(template, locale, data);
  const record = {
    id: draft.id ?? newId(),
    channel,
    template,
    status,
    recipient,
    userId,
    orderId: draft.orderId ?? null,
    eventId: draft.eventId ?? null,
    locale,
    subject,
    body: text,
    data,
    attachments: draft.attachments ?? [],
    priority: draft.priority ?? 'NORMAL',
    provider: channel === 'IN_APP' ? 'in-app' : null,
    dedupeKey: draft.dedupeKey ?? null,
    attempts: 0,
    unknownOutcomes: 0,
    lastError: refusal,
    scheduledAt: draft.scheduledAt ?? null,
  };
  const now = sql`clock_timestamp()`;
  const [notification] = await queryEntities(
    em,
    Notification,
    sql`${insertion(em, Notification, [record], {
      createdAt: now,
      changedAt: now,
      sentAt: status === 'DELIVERED' ? now : sql`null`,
      deliveredAt: status === 'DELIVERED' ? now : sql`null`,
      failedAt: status === 'FAILED' ? now : sql`null`,
    })} on conflict (dedupe_key) do nothing returning *`,
  );
  if (!notification) return null;
  await tell(em, notification);
  if (status === 'QUEUED' || status === 'SCHEDULED') {
    await enqueue(
      em,
      sendJobFor(notification),
      { notificationId: notification.id },
      { at: isLater ? draft.scheduledAt! : undefined },
    );
  }
  return notification;
}

function firstStatus(
  channel: Draft['channel'],
  scheduledAt: Date | null,
  refusal: string | null,
): NotificationStatus {
  if (refusal) return 'FAILED';
  if (scheduledAt) return 'SCHEDULED';
  return channel === 'IN_APP' ? 'DELIVERED' : 'QUEUED';
}

/**
 * Gives a notification another status when the state machine allows the step, and tells its reader. Null when the
 * status stays, because the step is not allowed or the condition does not hold. Runs in the caller's transaction.
 */
export async function moveNotification(
  em: EntityManager,
  id: string,
  to: NotificationStatus,
  changes: RawBuilder<unknown>,
  condition: RawBuilder<unknown> = sql`true`,
): Promise<Notification | null> {
  const moved = await setStatus(em, id, to, sql`lease_until = null, ${changes}`, condition);
  if (moved) await tell(em, moved);
  return moved;
}

/** Like moveNotification, but tells nobody: SENDING is a passing status. */
export async function setStatus(
  em: EntityManager,
  id: string,
  to: NotificationStatus,
  changes: RawBuilder<unknown>,
  condition: RawBuilder<unknown>,
): Promise<Notification | null> {
  const [moved] = await queryEntities(
    em,
    Notification,
    sql`update notifications set status = ${to}, changed_at = clock_timestamp(), ${changes}
      where id = ${id} and status = any(${statusesBefore(TRANSITIONS, to)}::text[]) and ${condition} returning *`,
  );
  return moved ?? null;
}

const tell = (em: EntityManager, { id, userId, orderId, status }: Notification) =>
  emit(em, 'notification.status.updated', {
    notificationId: id,
    userId: userId ?? null,
    orderId: orderId ?? null,
    status,
  });

/** True for the notification's reader, staff and administrators. */
const maySee = (viewer: Viewer | null, { userId }: Notification) =>
  viewer !== null && (viewer.role === 'STAFF' || mayActFor(viewer, userId ?? ''));

/** The rule of maySee, in SQL. */
const visibleTo = (viewer: Viewer) =>
  viewer.role === 'STAFF' || viewer.role === 'ADMIN' ? sql`true` : sql`user_id = ${viewer.id}`;

/** The notification, or null when the viewer may not see it. */
export async function findNotification(ctx: Context, id: string): Promise<Notification | null> {
  const notification = ctx.viewer && (await entityLoader(ctx, Notification).load(id));
  return notification && maySee(ctx.viewer, notification) ? notification : null;
}

/** The notification. @throws NOT_FOUND, also for notifications that the viewer may not see. */
export async function getNotification(ctx: Context, id: string): Promise<Notification> {
  const notification = await findNotification(ctx, id);
  if (!notification) throw notFound('Notification');
  return notification;
}

export type NotificationPage = Connection<Notification>;

/** The viewer's own notifications, or all of them for staff and administrators; newest first. */
export function listNotifications(
  ctx: Context,
  { status, ...args }: ConnectionArguments & { status?: NotificationStatus | null | undefined },
): Promise<NotificationPage> {
  const visible = visibleTo(requireViewer(ctx));
  return connect(ctx.em, Notification, args, status ? sql`${visible} and status = ${status}` : visible);
}

/** A user's notifications, newest first: for that user and for administrators; empty for others. */
export async function listUserNotifications(
  ctx: Context,
  userId: string,
  args: ConnectionArguments,
): Promise<NotificationPage> {
  if (!mayActFor(ctx.viewer, userId)) return emptyConnection();
  return connectMany(ctx, Notification, 'user_id', args).load(userId);
}

/** The notifications about an order, oldest first, as far as the viewer may see them. */
export async function listOrderNotifications(ctx: Context, orderId: string): Promise<Notification[]> {
  const { viewer } = ctx;
  if (!viewer) return [];
  const all = await entitiesLoader(ctx, Notification, 'orderId', { id: 'asc' }).load(orderId);
  return all.filter(notification => maySee(viewer, notification));
}
