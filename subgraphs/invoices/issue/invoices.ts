/** How invoices are drafted, and who may see them. */
import type { MessageData } from '#schema/messages/index.ts';
import { mayActFor, requireViewer } from '#shared/context.ts';
import { entitiesLoader, entityLoader } from '#shared/data/batch.ts';
import {
  type Connection,
  type ConnectionArguments,
  connect,
  emptyConnection,
} from '#shared/data/connection.ts';
import { type EntityManager, isId, newId, sql } from '#shared/data/database.ts';
import { insertEntities } from '#shared/data/entities.ts';
import { notFound } from '#shared/kernel/errors.ts';
import { fileUrl } from '#shared/signed-files.ts';
import { taxWithin } from '#shared/tax.ts';
import type { InvoicesContext } from '../services.ts';
import { Invoice, InvoiceLine, type InvoiceStatus } from './invoice.entity.ts';
import { sum } from './taxes.ts';

/**
 * Writes the draft of an order's invoice.
 * @throws Error when the lines do not add up to the order's total: an invoice with this defect must get no number.
 */
export async function drawUpInvoice(
  em: EntityManager,
  order: Pick<MessageData<'order.status.updated'>, 'orderId' | 'number' | 'customer' | 'lines' | 'total'>,
): Promise<Invoice> {
  const lines = order.lines.map((line, position) => {
    const total = line.unitPrice * line.quantity;
    const { kind, name: description, quantity, unitPrice, taxRate } = line;
    return {
      position,
      kind,
      description,
      quantity,
      unitPrice,
      taxRate,
      total,
      tax: taxWithin(total, taxRate),
    };
  });
  const total = sum(lines, line => line.total);
  if (total !== order.total.amount) {
    throw new Error(`The lines of order ${order.number} make ${total}, not ${order.total.amount}`);
  }
  const tax = sum(lines, line => line.tax);
  const { id: customerId, ...contact } = order.customer;
  const invoice = em.create(Invoice, {
    id: newId(),
    orderId: order.orderId,
    orderNumber: order.number,
    customerId,
    contact,
    status: 'DRAFT',
    number: null,
    currency: order.total.currency,
    subtotal: total - tax,
    tax,
    total,
    seller: null,
    createdAt: new Date(),
    issuedAt: null,
    dueAt: null,
    paidAt: null,
  });
  // The invoice is written first because its lines refer to it.
  await em.flush();
  await insertEntities(
    em,
    InvoiceLine,
    lines.map(line => ({ id: newId(), invoiceId: invoice.id, ...line })),
  );
  return invoice;
}

/** The invoice, when it is the viewer's or the viewer is an administrator; null otherwise. */
export async function findInvoice(ctx: InvoicesContext, id: string): Promise<Invoice | null> {
  return visible(ctx, await entityLoader(ctx, Invoice).load(id));
}

/** Does the same as findInvoice. @throws NOT_FOUND instead of null. */
export async function getInvoice(ctx: InvoicesContext, id: string): Promise<Invoice> {
  requireViewer(ctx);
  const invoice = await findInvoice(ctx, id);
  if (!invoice) throw notFound('Invoice');
  return invoice;
}

/** The order's invoice, when the viewer may see it; null otherwise. */
export async function findInvoiceOfOrder(ctx: InvoicesContext, orderId: string): Promise<Invoice | null> {
  return visible(ctx, await entityLoader(ctx, Invoice, 'orderId').load(orderId));
}

export type InvoicePage = Connection<Invoice>;

/** The viewer's invoices, or everyone's for an administrator; newest first. */
export function listInvoices(
  ctx: InvoicesContext,
  { status, ...page }: ConnectionArguments & { status?: InvoiceStatus | null | undefined },
): Promise<InvoicePage> {
  const viewer = requireViewer(ctx);
  const whose = viewer.role === 'ADMIN' ? sql`true` : sql`customer_id = ${viewer.id}`;
  return connect(ctx.em, Invoice, page, status ? sql`${whose} and status = ${status}` : whose);
}

/** A user's invoices, when the viewer is that user or an administrator; empty for others. */
export async function listInvoicesOf(
  ctx: InvoicesContext,
  userId: string,
  page: ConnectionArguments,
): Promise<InvoicePage> {
  if (!mayActFor(ctx.viewer, userId) || !isId(userId)) return emptyConnection();
  return connect(ctx.em, Invoice, page, sql`customer_id = ${userId}`);
}

/** The invoice's lines, sorted as in the order. The caller has checked that the viewer may see the invoice. */
export const linesOf = (ctx: InvoicesContext, { id }: Invoice): Promise<InvoiceLine[]> =>
  entitiesLoader(ctx, InvoiceLine, 'invoiceId', { position: 'asc' }).load(id);

/** The signed address of a document's PDF file. */
export function pdfUrlOf(
  { services: { settings } }: InvoicesContext,
  folder: 'invoices' | 'credit-notes',
  id: string,
): string {
  return fileUrl(settings.INVOICES_PUBLIC_URL, `${folder}/${id}.pdf`, settings.internalSecret);
}

const visible = ({ viewer }: InvoicesContext, invoice: Invoice | null) =>
  invoice && mayActFor(viewer, invoice.customerId) ? invoice : null;
