/**
 * Exactly one email (I9): a notification is claimed by a compare-and-set before its mail is handed over, and released
 * by another one that records the outcome. A mail that was certainly not sent is tried again. A mail that was certainly
 * refused has failed. When the outcome is unknown (a crash or a cut between DATA and its answer), the mail is sent once
 * more under the same Message-ID.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { type EntityManager, inTransaction, query, sql } from '#shared/data/database.ts';
import { fork, selectEntities } from '#shared/data/entities.ts';
import { enqueue } from '#shared/messaging/jobs.ts';
import { emit } from '#shared/messaging/outbox.ts';
import { type AttachedFile, FilesMissing, fetchAttachments } from '../channels/attachments.ts';
import type { Outcome } from '../channels/email.ts';
import { sendJobFor } from '../jobs.ts';
import type { NotificationsContext } from '../services.ts';
import { render } from '../templates/index.ts';
import { Notification } from './notification.entity.ts';
import { moveNotification, setStatus } from './notifications.ts';

/** Seconds without a sign of life after which a process that was sending is considered dead. */
const LEASE_SECONDS = 15;
const RENEWAL_MS = 4_000;
/** A notification that could not be sent within a day after it was due is of no use any more. */
const DEADLINE_MS = 24 * 3_600_000;
/** Each unknown outcome may have been a delivery: it is better to stop than to send many copies. */
const MOST_UNKNOWN_OUTCOMES = 5;
const LONGEST_WAIT_MS = 30_000;

/** Waits before the next try: 0.5 s, 1 s, 2 s, … 30 s, with jitter, so that not all tries come back at once. */
const waitAfter = (attempts: number) =>
  Math.min(500 * 2 ** (attempts - 1), LONGEST_WAIT_MS) * (0.8 + 0.4 * Math.random());

/**
 * Sends the notification if it is due. May be called any number of times, also concurrently; only tests replace
 * `claim`.
 */
export async function deliverNotification(
  ctx: NotificationsContext,
  id: string,
  { claim = claimNotification } = {},
): Promise<void> {
  let waiting = await findNotification(ctx.em, id);
  if (waiting?.status === 'SENDING') waiting = await takeOver(ctx, waiting);
  if (!waiting || !['SCHEDULED', 'QUEUED'].includes(waiting.status)) return;
  if (waiting.channel === 'IN_APP') return showInApp(ctx, id);
  const reason = hopeless(waiting);
  if (reason) return release(ctx, waiting, { kind: 'refused', reason });

  let files: AttachedFile[];
  try {
    files = await fetchAttachments(ctx, waiting.attachments);
  } catch (error) {
    if (!(error instanceof FilesMissing)) throw error;
    return release(ctx, waiting, { kind: 'not-sent', reason: error.message });
  }
  const claimed = await claim(ctx, waiting);
  if (!claimed) return comeBack(ctx, id);
  await release(ctx, claimed, await send(ctx, claimed, files));
}

async function findNotification(em: EntityManager, id: string): Promise<Notification | null> {
  const [found] = await selectEntities(em, Notification, sql`where id = ${id}`);
  return found ?? null;
}

/** The reason why further tries make no sense, or null. */
function hopeless({ scheduledAt, createdAt, lastError, unknownOutcomes }: Notification): string | null {
  if (unknownOutcomes >= MOST_UNKNOWN_OUTCOMES) {
    return `Sent ${unknownOutcomes} times without ever learning whether it arrived: ${lastError}`;
  }
  const due = scheduledAt ?? createdAt;
  return Date.now() - due.getTime() > DEADLINE_MS ? `Not sent within a day: ${lastError}` : null;
}

/**
 * Queues a notification that a dead process was sending: nobody knows whether it was sent. Null while that process
 * lives; then the notification is looked at again later.
 */
async function takeOver(
  ctx: NotificationsContext,
  { id, attempts }: Notification,
): Promise<Notification | null> {
  const taken = await inTransaction(ctx.em, em =>
    moveNotification(
      em,
      id,
      'QUEUED',
      sql`unknown_outcomes = unknown_outcomes + 1, last_error = 'The process that was sending it ended.'`,
      sql`attempts = ${attempts} and lease_until < clock_timestamp()`,
    ),
  );
  if (taken) {
    ctx.log.warn({ notificationId: id, attempts }, 'a notification was being sent by a process that ended');
  } else await comeBack(ctx, id);
  return taken;
}

/**
 * Claims the notification for this try: no other process sends it while this one lives. Null when it is not due, or
 * when another process has it.
 */
export async function claimNotification(
  { em, services }: NotificationsContext,
  { id }: Notification,
): Promise<Notification | null> {
  return setStatus(
    em,
    id,
    'SENDING',
    sql`attempts = attempts + 1,
      provider_message_id = coalesce(provider_message_id, ${services.mailer.messageIdOf(id)}),
      lease_until = clock_timestamp() + make_interval(secs => ${LEASE_SECONDS})`,
    sql`(status <> 'SCHEDULED' or scheduled_at <= clock_timestamp())`,
  );
}

async function send(
  ctx: NotificationsContext,
  claimed: Notification,
  attachments: AttachedFile[],
): Promise<Outcome> {
  const { recipient, template, locale, data, attempts, providerMessageId } = claimed;
  const { subject, text, html } = render(template, locale, data);
  const renewal = setInterval(() => renewLease(ctx, claimed), RENEWAL_MS);
  try {
    return await ctx.services.mailer.send(
      {
        messageId: providerMessageId!,
        to: recipient,
        subject,
        text,
        html: html(),
        attachments,
      },
      attempts,
    );
  } finally {
    clearInterval(renewal);
  }
}

async function renewLease({ em, log, signal }: NotificationsContext, { id, attempts }: Notification) {
  // An overdue try has been given up: another process takes the notification over once the lease has run out.
  if (signal?.aborted) return;
  try {
    await query(
      fork(em),
      sql`update notifications set lease_until = clock_timestamp() + make_interval(secs => ${LEASE_SECONDS})
        where id = ${id} and status = 'SENDING' and attempts = ${attempts}`,
    );
  } catch (error) {
    log.warn({ err: error, notificationId: id }, 'the lease of a notification was not renewed');
  }
}

/** Records the outcome of a try, with all its consequences, in one transaction. */
async function release(
  ctx: NotificationsContext,
  notification: Notification,
  outcome: Outcome,
): Promise<void> {
  const { id, attempts, status } = notification;
  // Only for our own try; while the notification waits (nobody has claimed it), only for the state that was read.
  const only = sql`attempts = ${attempts}`;
  await untilRecorded(ctx, async em => {
    if (outcome.kind === 'accepted') {
      const { provider } = outcome;
      const moved = await moveNotification(
        em,
        id,
        'SENT',
        sql`sent_at = clock_timestamp(), provider = ${provider}, last_error = null`,
        only,
      );
      if (moved) await answerOrder(em, moved, null);
      return;
    }
    const { kind, reason } = outcome;
    // Waiting (for tickets, or for a mail server that is busy) needs no warning.
    ctx.log[kind === 'not-sent' ? 'info' : 'warn'](
      { notificationId: id, kind, reason, attempts },
      'not sent',
    );
    if (kind === 'refused') {
      const moved = await moveNotification(
        em,
        id,
        'FAILED',
        sql`failed_at = clock_timestamp(), last_error = ${reason}`,
        only,
      );
      if (moved) await answerOrder(em, moved, reason);
      return;
    }
    const changes = sql`last_error = ${reason}, attempts = attempts + ${status === 'SENDING' ? 0 : 1},
      unknown_outcomes = unknown_outcomes + ${kind === 'unknown' ? 1 : 0}`;
    const moved = await moveNotification(em, id, 'QUEUED', changes, only);
    if (moved) await enqueueAgain(em, moved, Date.now() + waitAfter(moved.attempts));
  });
}

const enqueueAgain = (em: EntityManager, notification: Notification, at: number) =>
  enqueue(em, sendJobFor(notification), { notificationId: notification.id }, { at: new Date(at) });

/** Tells the saga that the confirmation was sent, or that it will never be sent. */
export async function answerOrder(em: EntityManager, notification: Notification, reason: string | null) {
  const { id, orderId, template } = notification;
  if (!orderId || template !== 'order-confirmed') return;
  await emit(em, 'notification-send-result', { orderId, notificationId: id, sent: reason === null, reason });
}

/** Looks again when the process that is sending should have finished or is dead; for a scheduled one, at its time. */
async function comeBack(ctx: NotificationsContext, id: string): Promise<void> {
  const now = await findNotification(ctx.em, id);
  const at =
    now?.status === 'SENDING' ? now.leaseUntil : now?.status === 'SCHEDULED' ? now.scheduledAt : null;
  if (now && at) {
    await inTransaction(ctx.em, em => enqueueAgain(em, now, Math.max(at.getTime(), Date.now()) + 500));
  }
}

async function showInApp(ctx: NotificationsContext, id: string): Promise<void> {
  const shown = sql`sent_at = clock_timestamp(), delivered_at = clock_timestamp()`;
  await inTransaction(ctx.em, em => moveNotification(em, id, 'DELIVERED', shown));
}

/**
 * Once the mail server has answered, the answer must not be lost. While the database is away, this waits for its return
 * (a minute at most); otherwise the job would run again and the mail would be sent again.
 */
async function untilRecorded(
  { em, log }: NotificationsContext,
  record: (em: EntityManager) => Promise<void>,
) {
  const giveUpAt = Date.now() + 60_000;
  for (;;) {
    try {
      return await inTransaction(fork(em), record);
    } catch (error) {
      if (Date.now() > giveUpAt) throw error;
      log.warn({ err: error }, 'an outcome could not be recorded yet');
      await pause(500);
    }
  }
}
