import { defineEntity, p } from '@mikro-orm/postgresql';
import type { TaxLine } from '../issue/taxes.ts';
import type { Seller } from '../settings.ts';

const CreditNoteSchema = defineEntity({
  name: 'CreditNote',
  tableName: 'credit_notes',
  properties: {
    id: p.uuid().primary(),
    invoiceId: p.uuid(),
    customerId: p.uuid(),
    /** The refund that the credit note documents; null when it cancels an invoice that was never paid. */
    refundId: p.uuid().nullable(),
    number: p.text(),
    currency: p.text(),
    subtotal: p.bigint('number'),
    tax: p.bigint('number'),
    total: p.bigint('number'),
    taxLines: p.json<TaxLine[]>(),
    reason: p.text().nullable(),
    seller: p.json<Seller>(),
    issuedAt: p.datetime(),
  },
});

export class CreditNote extends CreditNoteSchema.class {}
CreditNoteSchema.setClass(CreditNote);
