/** A document stores its amounts and one currency for all of them; the API returns each amount with the currency. */
import type { CreditNote } from '../credit/credit-note.entity.ts';
import type { Invoice, InvoiceLine } from './invoice.entity.ts';
import type { TaxLine } from './taxes.ts';

type Document = Invoice | CreditNote;
type WithCurrency<Row> = Row & { currency: string };
export type InvoiceLineWithCurrency = WithCurrency<InvoiceLine>;
export type TaxLineWithCurrency = WithCurrency<TaxLine>;

/** Resolves one amount of a document. */
export const money = (field: 'subtotal' | 'tax' | 'total') => (document: Document) => ({
  amount: document[field],
  currency: document.currency,
});

export const withCurrency = <Row extends object>(rows: Row[], { currency }: Document): WithCurrency<Row>[] =>
  rows.map(row => ({ ...row, currency }));
