/** The emails that the order saga asks for, and those that wait for tickets. */
import type { MessageData } from '#schema/messages/index.ts';
import { query, sql } from '#shared/data/database.ts';
import { selectEntities } from '#shared/data/entities.ts';
import { emailAddress } from '#shared/data/text.ts';
import { enqueue } from '#shared/messaging/jobs.ts';
import { sendJobFor } from '../jobs.ts';
import type { NotificationsContext } from '../services.ts';
import type { OrderData } from '../templates/orders.ts';
import { answerOrder } from './delivery.ts';
import { type Attachment, Notification } from './notification.entity.ts';
import { createNotification, moveNotification } from './notifications.ts';

type Request = MessageData<'notification-send-request'>;

const TEMPLATES = [
  'order-confirmed',
  'order-canceled',
  'order-failed',
] as const satisfies Request['template'][];
const keyOf = (orderId: string, template: string) => `order:${orderId}:${template}`;

/**
 * Writes the email that the saga asks for to the buyer: once per order and template, however often the saga asks. An
 * order that has ended is not confirmed any more: a confirmation that still waits (for its tickets, or for the mail
 * server) is withdrawn.
 */
export async function writeToBuyer(ctx: NotificationsContext, request: Request): Promise<void> {
  const { em } = ctx;
  const { orderId, template, customer } = request;
  const earlier = await readEarlier(ctx, orderId);
  const same = earlier.get(template);
  if (same) return repeatAnswer(ctx, same);

  const created = await createNotification(em, {
    channel: 'EMAIL',
    template,
    recipient: customer.email,
    userId: customer.id,
    locale: customer.locale,
    orderId,
    eventId: request.lines[0]?.eventId ?? null,
    data: { ...orderData(request, ctx.services.settings.PUBLIC_URL) },
    attachments: template === 'order-confirmed' ? ticketFiles(request) : [],
    priority: 'HIGH',
    dedupeKey: keyOf(orderId, template),
    refusal: emailAddress.safeParse(customer.email).success ? null : 'The recipient is not an email address.',
  });
  if (!created) return;
  if (created.status === 'FAILED') await answerOrder(em, created, created.lastError ?? null);
  const hasEnded = template !== 'order-confirmed' || earlier.size > 0;
  const confirmation = template === 'order-confirmed' ? created : earlier.get('order-confirmed');
  if (hasEnded && confirmation) {
    await moveNotification(em, confirmation.id, 'CANCELED', sql`last_error = 'The order has ended.'`);
  }
}

/**
 * The emails of this order that were written so far, by template. Confirmation and cancellation may arrive at the same
 * time and in any order: the second transaction waits here until the first has committed, and sees its email.
 */
async function readEarlier(
  { em }: NotificationsContext,
  orderId: string,
): Promise<Map<string, Notification>> {
  await query(em, sql`select pg_advisory_xact_lock(hashtextextended(${orderId}, 0))`);
  const keys = TEMPLATES.map(template => keyOf(orderId, template));
  const earlier = await selectEntities(em, Notification, sql`where dedupe_key = any(${keys}::text[])`);
  return new Map(earlier.map(found => [found.template, found]));
}

function orderData(
  { number, customer, lines, total, ticketIds, reason, orderId }: Request,
  publicUrl: string,
) {
  return {
    number,
    total,
    reason,
    name: customer.displayName,
    tickets: ticketIds.length,
    lines: lines.map(({ name, quantity, unitPrice, guestNames }) => ({
      name,
      quantity,
      unitPrice,
      guestNames,
    })),
    link: `${publicUrl.replace(/\/$/, '')}/orders/${orderId}`,
  } satisfies OrderData;
}

const ticketFiles = ({ number, ticketIds, customer }: Request): Attachment[] =>
  ticketIds.map((id, index) => ({
    filename: `${/^fr\b/i.test(customer.locale) ? 'billet' : 'ticket'}-${number}-${index + 1}.pdf`,
    file: `tickets/${id}.pdf`,
  }));

/** A repeated request gets the same answer as the first one, in case the saga still waits for it. */
async function repeatAnswer({ em }: NotificationsContext, notification: Notification) {
  const { status, lastError } = notification;
  if (status === 'SENT') await answerOrder(em, notification, null);
  if (status === 'FAILED') await answerOrder(em, notification, lastError ?? 'It could not be sent.');
}

/**
 * Sends the emails that waited for an order's tickets. Without this they would find the tickets by themselves, but
 * later.
 */
export async function sendWaiting({ em }: NotificationsContext, orderId: string): Promise<void> {
  const rows = await query(
    em,
    sql<Pick<Notification, 'id' | 'priority'>>`select id, priority from notifications
      where order_id = ${orderId} and status = 'QUEUED' and attachments <> '[]'`,
  );
  for (const row of rows) await enqueue(em, sendJobFor(row), { notificationId: row.id });
}
