import type { Handlers } from '#shared/messaging/inbox.ts';
import { onJob } from '#shared/messaging/jobs.ts';
import { expireOrderJob } from './jobs.ts';
import { expireOrder } from './saga/expire-order.ts';
import {
  applyClosing,
  applyNotification,
  applyPayment,
  applyRefund,
  applyReservation,
  applyShipping,
  notePayment,
} from './saga/saga.ts';
import type { OrdersServices } from './services.ts';

export const handlers: Handlers<OrdersServices> = {
  messages: {
    'inventory-reserve-result': (ctx, data) => applyReservation(ctx, data),
    'payment-process-result': (ctx, data) => applyPayment(ctx, data),
    'payment-cancel-result': (ctx, data) => applyClosing(ctx, data),
    'payment.status.updated': (ctx, data) => notePayment(ctx, data),
    'payment-refund-result': (ctx, data) => applyRefund(ctx, data),
    'shipping-schedule-result': (ctx, data) => applyShipping(ctx, data),
    'notification-send-result': (ctx, data) => applyNotification(ctx, data),
  },
  jobs: [onJob(expireOrderJob, (ctx, { orderId }) => expireOrder(ctx, orderId))],
};
