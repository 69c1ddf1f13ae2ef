/** The steps that make an invoice final or paid. The caller holds the lock of the order's settlement. */
import type { EntityManager } from '#shared/data/database.ts';
import { enqueue } from '#shared/messaging/jobs.ts';
import { emit } from '#shared/messaging/outbox.ts';
import { renderInvoiceJob } from '../jobs.ts';
import type { InvoicesContext } from '../services.ts';
import { sellerOf } from '../settings.ts';
import { type Invoice, moveInvoice } from './invoice.entity.ts';
import { takeNumber } from './numbering.ts';

/**
 * Gives the invoice its number, either as paid or with a due date. After this, its content does not change. An invoice
 * that became VOID without a number can still be issued when its order turns out to be paid.
 */
export async function issueInvoice(
  { services }: Pick<InvoicesContext, 'services'>,
  em: EntityManager,
  invoice: Invoice,
  terms: { paidAt: Date } | { dueAt: Date },
): Promise<void> {
  const { number, at } = await takeNumber(em, 'F');
  moveInvoice(invoice, 'paidAt' in terms ? 'PAID' : 'DUE', {
    seller: sellerOf(services.settings),
    number,
    issuedAt: at,
    ...terms,
  });
  await em.flush();
  await emit(em, 'invoice.issued', factsOf(invoice));
  if ('paidAt' in terms) await emit(em, 'invoice.paid', factsOf(invoice));
  await enqueue(em, renderInvoiceJob, { invoiceId: invoice.id });
}

/** Marks a due invoice as paid. Its document does not change: it still shows the due date. */
export async function markPaid(em: EntityManager, invoice: Invoice, paidAt: Date): Promise<void> {
  moveInvoice(invoice, 'PAID', { paidAt });
  await em.flush();
  await emit(em, 'invoice.paid', factsOf(invoice));
}

const factsOf = ({ id, number, orderId, customerId, total, currency }: Invoice) => ({
  invoiceId: id,
  number: number!,
  orderId,
  customerId,
  total: { amount: total, currency },
});
