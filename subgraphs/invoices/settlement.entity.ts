import { defineEntity, p } from '@mikro-orm/postgresql';

/** What is known of one captured payment. Facts are only ever added, so it does not matter in which order. */
export interface PaymentFacts {
  amount: number;
  currency: string;
  /** ISO 8601. */
  capturedAt: string;
  /** True for payInvoice: it pays this invoice and nothing else. */
  forInvoice: boolean;
  /** By refund id. */
  refunds: Record<string, { amount: number; reason: string | null }>;
}

const SettlementSchema = defineEntity({
  name: 'Settlement',
  tableName: 'settlements',
  properties: {
    orderId: p.uuid().primary(),
    /** When the order was paid, as orders says. */
    paidAt: p.datetime().nullable(),
    /** The order ended without having been paid. */
    closed: p.boolean(),
    /** The payment that pays the invoice; refunds of any other are not the invoice's. */
    paymentId: p.uuid().nullable(),
    payments: p.json<Record<string, PaymentFacts>>(),
  },
});

/**
 * All that is known of the money of one order, kept also when there is no invoice (yet). Its row is the lock under
 * which everything about the order's invoice is decided.
 */
export class Settlement extends SettlementSchema.class {}
SettlementSchema.setClass(Settlement);
