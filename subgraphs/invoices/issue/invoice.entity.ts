import { defineEntity, OptionalProps, p } from '@mikro-orm/postgresql';
import type { Customer } from '#schema/messages/index.ts';
import { defineTransitions, requireStep, type StatusOf } from '#shared/data/transitions.ts';
import type { Seller } from '../settings.ts';

/**
 * Every allowed change of an invoice's status. A VOID invoice without a number becomes PAID when its order turns out to
 * be paid; a VOID invoice with a number is final.
 */
export const TRANSITIONS = defineTransitions({
  DRAFT: ['DUE', 'PAID', 'VOID'],
  DUE: ['PAID', 'VOID'],
  PAID: [],
  VOID: ['PAID'],
});
export type InvoiceStatus = StatusOf<typeof TRANSITIONS>;

/** The customer's data at the time when the order was placed. */
export type Contact = Omit<Customer, 'id'>;

const InvoiceSchema = defineEntity({
  name: 'Invoice',
  tableName: 'invoices',
  properties: {
    id: p.uuid().primary(),
    orderId: p.uuid(),
    orderNumber: p.text(),
    customerId: p.uuid(),
    contact: p.json<Contact>(),
    status: p.text().$type<InvoiceStatus>(),
    /** Null until the invoice is finalized; then a trigger refuses changes of all but status and paidAt. */
    number: p.text().nullable(),
    currency: p.text(),
    subtotal: p.bigint('number'),
    tax: p.bigint('number'),
    total: p.bigint('number'),
    /** The seller's data at the time when the invoice was finalized. */
    seller: p.json<Seller>().nullable(),
    createdAt: p.datetime(),
    issuedAt: p.datetime().nullable(),
    /** Set only when the invoice has payment terms. */
    dueAt: p.datetime().nullable(),
    paidAt: p.datetime().nullable(),
  },
});

export class Invoice extends InvoiceSchema.class {
  declare [OptionalProps]?: '__typename';

  get __typename() {
    return 'Invoice' as const;
  }
}
InvoiceSchema.setClass(Invoice);

/**
 * Gives an invoice its next status and applies the changes that belong to it. The caller holds the lock of the order's
 * settlement, and flushes.
 * @throws INTERNAL_SERVER_ERROR when there is no such step: callers check the status first.
 */
export function moveInvoice(
  invoice: Invoice,
  to: InvoiceStatus,
  changes: Partial<Pick<Invoice, 'number' | 'seller' | 'issuedAt' | 'dueAt' | 'paidAt'>> = {},
): void {
  requireStep(TRANSITIONS, `Invoice ${invoice.number ?? invoice.id}`, invoice.status, to);
  Object.assign(invoice, changes, { status: to });
}

const InvoiceLineSchema = defineEntity({
  name: 'InvoiceLine',
  tableName: 'invoice_lines',
  properties: {
    id: p.uuid().primary(),
    invoiceId: p.uuid(),
    position: p.integer(),
    kind: p.text().$type<'ADMISSION' | 'MERCHANDISE'>(),
    description: p.text(),
    quantity: p.integer(),
    /** Tax is included, as in the total. */
    unitPrice: p.bigint('number'),
    taxRate: p.float(),
    total: p.bigint('number'),
    tax: p.bigint('number'),
  },
});

export class InvoiceLine extends InvoiceLineSchema.class {}
InvoiceLineSchema.setClass(InvoiceLine);
