import { defineEntity, OptionalProps, p } from '@mikro-orm/postgresql';
import type { Customer } from '#schema/messages/index.ts';
import type { Seller } from '../settings.ts';

export type InvoiceStatus = 'DRAFT' | 'DUE' | 'PAID' | 'VOID';

/** The customer as known when the order was placed. */
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
    /** Null until the invoice is finalized; from then on a trigger keeps all but status and paidAt as it is. */
    number: p.text().nullable(),
    currency: p.text(),
    subtotal: p.bigint('number'),
    tax: p.bigint('number'),
    total: p.bigint('number'),
    /** As it was when the invoice was finalized. */
    seller: p.json<Seller>().nullable(),
    createdAt: p.datetime(),
    issuedAt: p.datetime().nullable(),
    /** Only with payment terms. */
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
    /** Tax included, as the total. */
    unitPrice: p.bigint('number'),
    taxRate: p.float(),
    total: p.bigint('number'),
    tax: p.bigint('number'),
  },
});

export class InvoiceLine extends InvoiceLineSchema.class {}
InvoiceLineSchema.setClass(InvoiceLine);
