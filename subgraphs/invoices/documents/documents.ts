/** Invoices and credit notes as PDF files. Each is rendered once and stored: no byte of it ever changes (I6). */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type EntityManager, isId } from '#shared/data/database.ts';
import { answer, answerJson } from '#shared/kernel/http.ts';
import { findFile, putFile, verifyFileUrl } from '#shared/signed-files.ts';
import { CreditNote } from '../credit/credit-note.entity.ts';
import { Invoice, InvoiceLine } from '../issue/invoice.entity.ts';
import { taxByRate } from '../issue/taxes.ts';
import type { InvoicesContext } from '../services.ts';
import type { DocumentContent } from './layout.ts';

/**
 * The file with this name, e.g. `invoices/<id>.pdf`. The file is rendered and stored first when it does not exist yet.
 * Null for drafts and for unknown documents.
 */
export async function obtainFile(
  { em, services }: Pick<InvoicesContext, 'em' | 'services'>,
  name: string,
): Promise<Buffer | null> {
  const stored = await findFile(em, name);
  if (stored) return stored;
  const [, folder, id = ''] = /^(invoices|credit-notes)\/([0-9a-f-]+)\.pdf$/.exec(name) ?? [];
  if (!isId(id)) return null;
  const content = await (folder === 'invoices' ? readInvoice : readCreditNote)(em, id);
  if (!content) return null;
  await putFile(em, name, await services.renderer.render(name, content));
  // When two requests render the file at the same time, both return the file that was stored first.
  return findFile(em, name);
}

/** `GET /files/…`: 403 when the address has no valid signature or has expired, 404 for drafts. */
export async function serveFile(
  ctx: InvoicesContext,
  _req: IncomingMessage,
  res: ServerResponse,
  url: URL,
): Promise<void> {
  const name = verifyFileUrl(url, ctx.services.settings.internalSecret);
  if (!name) return answerJson(res, 403, { error: 'This address is not valid, or not any more.' });
  const file = await obtainFile(ctx, name);
  if (!file) return answerJson(res, 404, { error: 'Not found.' });
  res.setHeader('cache-control', 'private, max-age=31536000, immutable');
  res.setHeader('x-content-type-options', 'nosniff');
  answer(res, 200, 'application/pdf', file);
}

async function readInvoice(em: EntityManager, id: string): Promise<DocumentContent | null> {
  const invoice = await em.findOne(Invoice, id);
  if (!invoice?.number) return null;
  const lines = await em.find(InvoiceLine, { invoiceId: id }, { orderBy: { position: 'asc' } });
  const { contact, currency, subtotal, tax, total, orderNumber, dueAt, paidAt } = invoice;
  return {
    kind: 'invoice',
    locale: contact.locale,
    number: invoice.number,
    issuedAt: invoice.issuedAt!,
    seller: invoice.seller!,
    contact,
    orderNumber,
    currency,
    subtotal,
    tax,
    total,
    corrects: null,
    reason: null,
    dueAt: dueAt ?? null,
    // With payment terms, the document shows the due date and never the date of payment, so that it does not change.
    paidAt: dueAt ? null : (paidAt ?? null),
    kinds: [...new Set(lines.map(line => line.kind))],
    lines: lines.map(({ description, quantity, taxRate, total, tax }) => ({
      description,
      quantity,
      taxRate,
      total,
      tax,
    })),
    taxLines: taxByRate(lines),
  };
}

async function readCreditNote(em: EntityManager, id: string): Promise<DocumentContent | null> {
  const note = await em.findOne(CreditNote, id);
  if (!note) return null;
  const invoice = await em.findOneOrFail(Invoice, note.invoiceId);
  const { currency, subtotal, tax, total, taxLines, reason, seller } = note;
  return {
    kind: 'credit-note',
    locale: invoice.contact.locale,
    number: note.number,
    issuedAt: note.issuedAt,
    seller,
    contact: invoice.contact,
    orderNumber: invoice.orderNumber,
    currency,
    subtotal,
    tax,
    total,
    reason: reason ?? null,
    corrects: { number: invoice.number!, issuedAt: invoice.issuedAt! },
    dueAt: null,
    paidAt: null,
    kinds: [],
    taxLines,
    // A refund is an amount: it can be split over the tax rates of the invoice, but not over its lines.
    lines: taxLines.map(({ rate, base, tax }) => ({
      description: null,
      quantity: 1,
      taxRate: rate,
      total: base + tax,
      tax,
    })),
  };
}
