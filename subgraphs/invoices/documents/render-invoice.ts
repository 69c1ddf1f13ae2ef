import { z } from 'zod';
import { defineJob } from '#shared/messaging/jobs.ts';
import type { InvoicesServices } from '../services.ts';
import { obtainFile } from './documents.ts';

const data = z.object({ invoiceId: z.uuid() });

/** Renders a finalized invoice and keeps the file. */
export const renderInvoice = defineJob<typeof data, InvoicesServices>({
  name: 'invoices/render-invoice',
  data,
  background: true,
  async handle(ctx, { invoiceId }) {
    await obtainFile(ctx, `invoices/${invoiceId}.pdf`);
  },
});
