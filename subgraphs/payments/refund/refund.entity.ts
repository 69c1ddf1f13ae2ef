import { defineEntity, p } from '@mikro-orm/postgresql';

/** Later ones replace earlier ones and never the other way round: a bank may send back what had succeeded. */
export const REFUND_STATUSES = ['PENDING', 'SUCCEEDED', 'FAILED'] as const;
export type RefundStatus = (typeof REFUND_STATUSES)[number];

const RefundSchema = defineEntity({
  name: 'Refund',
  tableName: 'refunds',
  properties: {
    id: p.uuid().primary(),
    paymentId: p.uuid(),
    /** Minor units of the currency that was captured. */
    amount: p.bigint('number'),
    status: p.text().$type<RefundStatus>(),
    reason: p.text().strictNullable(),
    /** Begun at the provider and not here. */
    external: p.boolean(),
    providerReference: p.text().strictNullable(),
    failureMessage: p.text().strictNullable(),
    createdAt: p.datetime(),
  },
});

/** One line of a payment's refund ledger. */
export class Refund extends RefundSchema.class {
  mayBecome(status: RefundStatus): boolean {
    return REFUND_STATUSES.indexOf(status) > REFUND_STATUSES.indexOf(this.status);
  }
}
RefundSchema.setClass(Refund);
