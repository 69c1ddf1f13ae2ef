import { z } from 'zod';
import { requireRole } from '#shared/context.ts';
import { inTransaction } from '#shared/data/database.ts';
import { notFound, parseInput } from '#shared/kernel/errors.ts';
import type { InvoicesContext } from '../services.ts';
import { addOrderFacts } from './facts.ts';
import { Invoice } from './invoice.entity.ts';
import { getInvoice } from './invoices.ts';
import { issueInvoice } from './issuing.ts';

const DAY_MS = 86_400_000;

const terms = z.object({
  invoiceId: z.string(),
  dueInDays: z
    .int()
    .min(0, 'must not be negative')
    .max(60, 'must be at most 60, the longest term that the law allows')
    .default(30),
});

/** The reason why the invoice cannot be finalized, as the administrator reads it; null when it can be finalized. */
function whyNotFinalizable({ status, number }: Invoice): string | null {
  if (status === 'VOID') return 'The order has ended; its invoice is void.';
  return number ? `The invoice is final: it has the number ${number}.` : null;
}

/** Gives a draft its number and a due date before it is paid. Rights: administrator. */
export async function finalizeInvoice(ctx: InvoicesContext, input: z.input<typeof terms>) {
  requireRole(ctx, 'ADMIN');
  const parsed = parseInput(terms, input);
  if (!parsed.ok) return parsed.error;
  const { invoiceId, dueInDays } = parsed.value;
  const { orderId } = await getInvoice(ctx, invoiceId);
  return inTransaction(ctx.em, async em => {
    await addOrderFacts(em, orderId);
    const invoice = await em.findOne(Invoice, invoiceId, { refresh: true });
    if (!invoice) throw notFound('Invoice');
    const message = whyNotFinalizable(invoice);
    if (message) return { __typename: 'InvoiceNotFinalizable' as const, message };
    await issueInvoice(ctx, em, invoice, { dueAt: new Date(Date.now() + dueInDays * DAY_MS) });
    return invoice;
  });
}
