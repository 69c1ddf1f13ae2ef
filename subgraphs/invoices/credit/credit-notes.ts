/** Credit notes: the only way to correct a finalized invoice (CGI, art. 289, I, 5). */
import { mayActFor } from '#shared/context.ts';
import { entitiesLoader, entityLoader } from '#shared/data/batch.ts';
import { type EntityManager, newId } from '#shared/data/database.ts';
import { enqueue } from '#shared/messaging/jobs.ts';
import { emit } from '#shared/messaging/outbox.ts';
import { type Invoice, InvoiceLine, moveInvoice } from '../issue/invoice.entity.ts';
import { takeNumber } from '../issue/numbering.ts';
import { remainder, shareOf, sum, type TaxLine, taxByRate } from '../issue/taxes.ts';
import { renderCreditNoteJob } from '../jobs.ts';
import type { InvoicesContext } from '../services.ts';
import { sellerOf } from '../settings.ts';
import { CreditNote } from './credit-note.entity.ts';

interface Refund {
  /** Null when nothing was refunded because nothing had been paid. */
  refundId: string | null;
  amount: number;
  reason: string | null;
}

/**
 * Writes the credit note of a refund, once for each refund id, and never for more than what is left of the invoice. Its
 * tax is the refund's share at every rate. The credit notes of a full refund add up to exactly the tax of the invoice.
 */
export async function creditRefund(
  { services }: Pick<InvoicesContext, 'services'>,
  em: EntityManager,
  invoice: Invoice,
  { refundId, amount, reason }: Refund,
): Promise<void> {
  const earlier = await em.find(CreditNote, { invoiceId: invoice.id });
  if (refundId && earlier.some(note => note.refundId === refundId)) return;
  const total = Math.min(amount, invoice.total - sum(earlier, note => note.total));
  if (total <= 0) return;

  const whole: TaxLine[] = taxByRate(await em.find(InvoiceLine, { invoiceId: invoice.id }));
  const rest = remainder(
    whole,
    earlier.flatMap(note => note.taxLines),
  );
  const taxLines = shareOf(rest, total);
  const tax = sum(taxLines, line => line.tax);
  const { number, at } = await takeNumber(em, 'A');
  const note = em.create(CreditNote, {
    id: newId(),
    invoiceId: invoice.id,
    customerId: invoice.customerId,
    refundId,
    number,
    reason,
    currency: invoice.currency,
    subtotal: total - tax,
    tax,
    total,
    taxLines,
    seller: sellerOf(services.settings),
    issuedAt: at,
  });
  await em.persist(note).flush();
  await emit(em, 'credit_note.issued', {
    creditNoteId: note.id,
    number,
    invoiceId: invoice.id,
    orderId: invoice.orderId,
    customerId: invoice.customerId,
    total: { amount: total, currency: invoice.currency },
  });
  await enqueue(em, renderCreditNoteJob, { creditNoteId: note.id });
}

/** Makes a due invoice void because it will not be paid. A credit note of the whole amount cancels its tax. */
export async function cancelInvoice(
  ctx: Pick<InvoicesContext, 'services'>,
  em: EntityManager,
  invoice: Invoice,
): Promise<void> {
  moveInvoice(invoice, 'VOID');
  await em.flush();
  await creditRefund(ctx, em, invoice, { refundId: null, amount: invoice.total, reason: null });
}

/** The invoice's credit notes, oldest first. The caller has checked that the viewer may see the invoice. */
export const creditNotesOf = (ctx: InvoicesContext, { id }: Invoice): Promise<CreditNote[]> =>
  entitiesLoader(ctx, CreditNote, 'invoiceId', { id: 'asc' }).load(id);

/** The credit note, when it is the viewer's or the viewer is an administrator; null otherwise. */
export async function findCreditNote(ctx: InvoicesContext, id: string): Promise<CreditNote | null> {
  const note = await entityLoader(ctx, CreditNote).load(id);
  return note && mayActFor(ctx.viewer, note.customerId) ? note : null;
}
