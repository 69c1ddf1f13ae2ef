import { listDeadLetters, replayDeadLetter } from '#shared/messaging/dead-letters.ts';
import type { Resolvers } from '../../schema/generated/invoices.ts';
import type { CreditNote } from './credit/credit-note.entity.ts';
import { creditNotesOf, findCreditNote } from './credit/credit-notes.ts';
import type { Invoice, InvoiceLine } from './issue/invoice.entity.ts';
import {
  findInvoice,
  findInvoiceOfOrder,
  getInvoice,
  linesOf,
  listInvoices,
  listInvoicesOf,
  pdfUrlOf,
} from './issue/invoices.ts';
import { finalizeInvoice } from './issue/payment-terms.ts';
import { type TaxLine, taxByRate } from './issue/taxes.ts';

/** Amounts are stored beside one currency for the whole document. */
const money = (field: 'subtotal' | 'tax' | 'total') => (document: Invoice | CreditNote) => ({
  amount: document[field],
  currency: document.currency,
});
const withCurrency = <Row extends object>(rows: Row[], { currency }: Invoice | CreditNote) =>
  rows.map(row => ({ ...row, currency }));

type WithCurrency<Row> = Row & { currency: string };

export const resolvers: Resolvers = {
  Query: {
    invoice: (_, { id }, ctx) => getInvoice(ctx, id),
    invoices: (_, args, ctx) => listInvoices(ctx, args),
    invoicesDeadLetters: (_, args, ctx) => listDeadLetters(ctx, args),
  },
  Mutation: {
    finalizeInvoice: (_, { input }, ctx) => finalizeInvoice(ctx, input),
    replayInvoicesDeadLetter: (_, { id }, ctx) => replayDeadLetter(ctx, id),
  },
  Invoice: {
    __resolveReference: ({ id }, ctx) => findInvoice(ctx, id),
    order: ({ orderId }: Invoice) => ({ __typename: 'Order', id: orderId }),
    customer: ({ customerId }: Invoice) => ({ __typename: 'User', id: customerId }),
    lines: async (invoice: Invoice, _, ctx) => withCurrency(await linesOf(ctx, invoice), invoice),
    taxLines: async (invoice: Invoice, _, ctx) =>
      withCurrency(taxByRate(await linesOf(ctx, invoice)), invoice),
    subtotal: money('subtotal'),
    tax: money('tax'),
    total: money('total'),
    pdfUrl: ({ id, number }: Invoice, _, ctx) => (number ? pdfUrlOf(ctx, 'invoices', id) : null),
    creditNotes: (invoice: Invoice, _, ctx) => creditNotesOf(ctx, invoice),
  },
  InvoiceLine: {
    unitPrice: ({ unitPrice, currency }: WithCurrency<InvoiceLine>) => ({ amount: unitPrice, currency }),
    total: ({ total, currency }: WithCurrency<InvoiceLine>) => ({ amount: total, currency }),
  },
  TaxLine: {
    base: ({ base, currency }: WithCurrency<TaxLine>) => ({ amount: base, currency }),
    tax: ({ tax, currency }: WithCurrency<TaxLine>) => ({ amount: tax, currency }),
  },
  CreditNote: {
    __resolveReference: ({ id }, ctx) => findCreditNote(ctx, id),
    invoice: ({ invoiceId }: CreditNote, _, ctx) => getInvoice(ctx, invoiceId),
    subtotal: money('subtotal'),
    tax: money('tax'),
    total: money('total'),
    taxLines: (note: CreditNote) => withCurrency(note.taxLines, note),
    pdfUrl: ({ id }: CreditNote, _, ctx) => pdfUrlOf(ctx, 'credit-notes', id),
  },
  Order: {
    invoice: ({ id }, _, ctx) => findInvoiceOfOrder(ctx, id),
  },
  User: {
    invoices: ({ id }, args, ctx) => listInvoicesOf(ctx, id, args),
  },
};
