import type { Handlers } from '#shared/inbox.ts';
import type { InvoicesServices } from './services.ts';
import { recordOrder, recordPayment } from './settlements.ts';

export const handlers: Handlers<InvoicesServices> = {
  'order.status.updated': (ctx, order) => recordOrder(ctx, order),
  'payment.status.updated': (ctx, payment) => recordPayment(ctx, payment),
};
