import type { Handlers } from '#shared/messaging/inbox.ts';
import { onJob } from '#shared/messaging/jobs.ts';
import { obtainFile } from './documents/documents.ts';
import { recordOrder, recordPayment } from './issue/settlements.ts';
import { renderCreditNoteJob, renderInvoiceJob } from './jobs.ts';
import type { InvoicesServices } from './services.ts';

export const handlers: Handlers<InvoicesServices> = {
  messages: {
    'order.status.updated': recordOrder,
    'payment.status.updated': recordPayment,
  },
  jobs: [
    onJob(renderInvoiceJob, (ctx, { invoiceId }) => obtainFile(ctx, `invoices/${invoiceId}.pdf`)),
    onJob(renderCreditNoteJob, (ctx, { creditNoteId }) =>
      obtainFile(ctx, `credit-notes/${creditNoteId}.pdf`),
    ),
  ],
};
