import type { Handlers } from '#shared/messaging/inbox.ts';
import { recordOrder, recordPayment } from './issue/settlements.ts';
import type { InvoicesServices } from './services.ts';

export const handlers: Handlers<InvoicesServices> = {
  'order.status.updated': recordOrder,
  'payment.status.updated': recordPayment,
};
