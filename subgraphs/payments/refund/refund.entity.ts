import { defineEntity, p } from '@mikro-orm/postgresql';
import { defineTransitions, requireStep, type StatusOf, whyNotTo } from '#shared/data/transitions.ts';

/** A bank may send back what had succeeded. */
export const TRANSITIONS = defineTransitions({
  PENDING: ['SUCCEEDED', 'FAILED'],
  SUCCEEDED: ['FAILED'],
  FAILED: [],
});
export type RefundStatus = StatusOf<typeof TRANSITIONS>;

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
  /** Why it does not get this status, in words; null when it can. */
  whyNotTo(status: RefundStatus): string | null {
    return whyNotTo(TRANSITIONS, this.status, status);
  }

  /** Takes a step. @throws Error where TRANSITIONS does not have it. */
  moveTo(status: RefundStatus): void {
    requireStep(TRANSITIONS, `Refund ${this.id}`, this.status, status);
    this.status = status;
  }
}
RefundSchema.setClass(Refund);
