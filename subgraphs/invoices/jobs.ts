/** The jobs of invoices; handlers.ts binds them. */
import { z } from 'zod';
import { defineJob } from '#shared/messaging/jobs.ts';

/** Renders a finalized invoice and stores the file. */
export const renderInvoiceJob = defineJob({
  name: 'invoices/render-invoice',
  data: z.object({ invoiceId: z.uuid() }),
  background: true,
});

/** Renders a credit note and stores the file. */
export const renderCreditNoteJob = defineJob({
  name: 'invoices/render-credit-note',
  data: z.object({ creditNoteId: z.uuid() }),
  background: true,
});
