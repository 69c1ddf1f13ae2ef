import type { Handlers } from '#shared/messaging/inbox.ts';
import { onJob } from '#shared/messaging/jobs.ts';
import { storeContact } from './channels/contacts.ts';
import { tellUser } from './channels/in-app.ts';
import { deliverNotification } from './deliver/delivery.ts';
import { sendWaiting, writeToBuyer } from './deliver/order-emails.ts';
import { sendNotificationJob, sendUrgentNotificationJob } from './jobs.ts';
import type { NotificationsContext, NotificationsServices } from './services.ts';

const send = (ctx: NotificationsContext, { notificationId }: { notificationId: string }) =>
  deliverNotification(ctx, notificationId);

/**
 * A try at the mail server, and at the fallback when the first does not answer, takes up to a minute beside the
 * time-out.
 */
const timeLimitMs = ({ settings }: NotificationsServices) => 60_000 + settings.SMTP_TIMEOUT * 1_000;

export const handlers: Handlers<NotificationsServices> = {
  messages: {
    'notification-send-request': writeToBuyer,

    'user.registered': (ctx, contact) => storeContact(ctx.em, contact),

    // A payment that needs 3-D Secure, or that is still being processed, is not declined.
    async 'payment.card.result'(ctx, { success, requiresAction, status, ...result }) {
      if (success || requiresAction || !['REQUIRES_PAYMENT_METHOD', 'FAILED'].includes(status)) return;
      const { paymentId, orderId, customerId, amount, error } = result;
      await tellUser(ctx, customerId, {
        template: 'payment-declined',
        data: { amount, reason: error },
        orderId,
        // The message does not identify the single try, so the same refusal is told only once.
        key: `payment-declined:${paymentId}:${error}`,
      });
    },

    'invoice.paid': (ctx, { invoiceId, number, total, orderId, customerId }) =>
      tellUser(ctx, customerId, {
        template: 'invoice-paid',
        data: { number, total },
        orderId,
        key: `invoice-paid:${invoiceId}`,
      }),

    'credit_note.issued': (ctx, { creditNoteId, number, total, orderId, customerId }) =>
      tellUser(ctx, customerId, {
        template: 'credit-note-issued',
        data: { number, total },
        orderId,
        key: `credit-note-issued:${creditNoteId}`,
      }),

    async 'ticket.generation.completed'(ctx, { orderId, customerId, successful, failed }) {
      if (failed > 0) {
        ctx.log.error(
          { orderId, successful, failed },
          'tickets were not rendered; the confirmation waits for them',
        );
        return;
      }
      await sendWaiting(ctx, orderId);
      await tellUser(ctx, customerId, {
        template: 'tickets-ready',
        data: { tickets: successful },
        orderId,
        key: `tickets-ready:${orderId}`,
      });
    },

    'ticket.fraud.suspected': (ctx, { eventId, organizerId, scanId, reason }) =>
      tellUser(ctx, organizerId, {
        template: 'fraud-suspected',
        data: { reason },
        eventId,
        key: `fraud-suspected:${scanId}`,
      }),
  },
  jobs: [
    onJob(sendNotificationJob, send, { timeLimitMs }),
    onJob(sendUrgentNotificationJob, send, { timeLimitMs }),
  ],
};
