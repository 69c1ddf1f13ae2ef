import { z } from 'zod';
import { defineJob } from '#shared/messaging/jobs.ts';
import type { InvoicesServices } from '../services.ts';
import { obtainFile } from './documents.ts';

const data = z.object({ creditNoteId: z.uuid() });

/** Renders a credit note and keeps the file. */
export const renderCreditNote = defineJob<typeof data, InvoicesServices>({
  name: 'invoices/render-credit-note',
  data,
  background: true,
  async handle(ctx, { creditNoteId }) {
    await obtainFile(ctx, `credit-notes/${creditNoteId}.pdf`);
  },
});
