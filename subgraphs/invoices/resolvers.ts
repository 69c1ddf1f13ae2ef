import { listDeadLetters, replayDeadLetter } from '#shared/messaging/dead-letters.ts';
import type { Resolvers } from '../../schema/generated/invoices.ts';
import { creditNotesOf, findCreditNote } from './credit/credit-notes.ts';
import {
  findInvoice,
  findInvoiceOfOrder,
  getInvoice,
  linesOf,
  listInvoices,
  listInvoicesOf,
  pdfUrlOf,
} from './issue/invoices.ts';
import { money, withCurrency } from './issue/money.ts';
import { finalizeInvoice } from './issue/payment-terms.ts';
import { taxByRate } from './issue/taxes.ts';

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
    order: ({ orderId }) => ({ id: orderId }),
    customer: ({ customerId }) => ({ id: customerId }),
    lines: async (invoice, _, ctx) => withCurrency(await linesOf(ctx, invoice), invoice),
    taxLines: async (invoice, _, ctx) => withCurrency(taxByRate(await linesOf(ctx, invoice)), invoice),
    subtotal: money('subtotal'),
    tax: money('tax'),
    total: money('total'),
    pdfUrl: ({ id, number }, _, ctx) => (number ? pdfUrlOf(ctx, 'invoices', id) : null),
    creditNotes: (invoice, _, ctx) => creditNotesOf(ctx, invoice),
  },
  InvoiceLine: {
    unitPrice: ({ unitPrice, currency }) => ({ amount: unitPrice, currency }),
    total: ({ total, currency }) => ({ amount: total, currency }),
  },
  TaxLine: {
    base: ({ base, currency }) => ({ amount: base, currency }),
    tax: ({ tax, currency }) => ({ amount: tax, currency }),
  },
  CreditNote: {
    __resolveReference: ({ id }, ctx) => findCreditNote(ctx, id),
    invoice: ({ invoiceId }, _, ctx) => getInvoice(ctx, invoiceId),
    subtotal: money('subtotal'),
    tax: money('tax'),
    total: money('total'),
    taxLines: note => withCurrency(note.taxLines, note),
    pdfUrl: ({ id }, _, ctx) => pdfUrlOf(ctx, 'credit-notes', id),
  },
  Order: {
    invoice: ({ id }, _, ctx) => findInvoiceOfOrder(ctx, id),
  },
  User: {
    invoices: ({ id }, args, ctx) => listInvoicesOf(ctx, id, args),
  },
};
