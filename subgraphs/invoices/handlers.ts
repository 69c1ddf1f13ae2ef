import type { Handlers } from '#shared/inbox.ts';
import type { InvoicesServices } from './services.ts';
import { recordOrder, recordPayment } from './settlements.ts';

export const handlers: Handlers<InvoicesServices> = {
  'order.status.updated': recordOrder,
  'payment.status.updated': recordPayment,
};
