import { defineEntity, OptionalProps, p } from '@mikro-orm/postgresql';
import type { Money } from '#schema/messages/index.ts';
import { defineTransitions, requireStep, type StatusOf } from '#shared/data/transitions.ts';

/** A capture counts whenever it comes; nothing follows it. */
export const TRANSITIONS = defineTransitions({
  REQUIRES_PAYMENT_METHOD: ['REQUIRES_ACTION', 'PROCESSING', 'SUCCEEDED', 'FAILED', 'CANCELED'],
  REQUIRES_ACTION: ['REQUIRES_PAYMENT_METHOD', 'PROCESSING', 'SUCCEEDED', 'FAILED', 'CANCELED'],
  PROCESSING: ['REQUIRES_PAYMENT_METHOD', 'REQUIRES_ACTION', 'SUCCEEDED', 'FAILED', 'CANCELED'],
  SUCCEEDED: [],
  FAILED: ['SUCCEEDED'],
  CANCELED: ['SUCCEEDED'],
});
export type PaymentStatus = StatusOf<typeof TRANSITIONS>;

export type ProviderName = 'STRIPE' | 'PAYPAL';

const OPEN: readonly PaymentStatus[] = ['REQUIRES_PAYMENT_METHOD', 'REQUIRES_ACTION', 'PROCESSING'];

/** Two payments at different moments have the same mark when no attempt was made in between. */
export const markOf = (seen: {
  status: PaymentStatus;
  charge: string | null;
  failure: string | null;
}): string => [seen.status, seen.charge ?? '', seen.failure ?? ''].join(' ');

const PaymentSchema = defineEntity({
  name: 'Payment',
  tableName: 'payments',
  properties: {
    id: p.uuid().primary(),
    orderId: p.uuid().strictNullable(),
    invoiceId: p.uuid().strictNullable(),
    customerId: p.uuid(),
    customerEmail: p.text(),
    customerName: p.text(),
    /** What the buyer reads at the provider, e.g. `Order 2026-000042`. */
    description: p.text(),
    provider: p.text().$type<ProviderName>(),
    providerReference: p.text().strictNullable(),
    /** References that were given up: the provider cannot capture by them any more, or a job makes sure of it. */
    retiredReferences: p.array<string>().default([]),
    clientSecret: p.text().strictNullable(),
    status: p.text().$type<PaymentStatus>(),
    /** Minor units, here and below. */
    amount: p.bigint('number'),
    currency: p.text(),
    capturedAmount: p.bigint('number').default(0),
    capturedCurrency: p.text().strictNullable(),
    refundedAmount: p.bigint('number').default(0),
    nextActionUrl: p.text().strictNullable(),
    failureCode: p.text().strictNullable(),
    failureMessage: p.text().strictNullable(),
    lastCharge: p.text().strictNullable(),
    /** Confirmations begun here; the number is part of the idempotency key. */
    attempts: p.integer().default(0),
    /** Set while the outcome of the last attempt is not known. */
    confirmingSince: p.datetime().strictNullable(),
    confirmingMethod: p.text().strictNullable(),
    /** What `mark` gave when the last attempt began. */
    attemptBaseline: p.text().strictNullable(),
    returnUrl: p.text().strictNullable(),
    /** Set once the order wanted its money back: it is told how that went. */
    refundReason: p.text().strictNullable(),
    /** What an administrator should look at. */
    flag: p.text().strictNullable(),
    /** Counts the visible changes, so that what was asked of the provider before one is not applied after it. */
    revision: p.integer().default(0),
    createdAt: p.datetime(),
    updatedAt: p.datetime(),
  },
});

export class Payment extends PaymentSchema.class {
  declare [OptionalProps]?: '__typename' | 'isOpen' | 'money' | 'captured' | 'mark';

  get __typename() {
    return 'Payment' as const;
  }

  /** The amount asked for. */
  get money(): Money {
    return { amount: this.amount, currency: this.currency };
  }

  /** What was collected. */
  get captured(): Money {
    return { amount: this.capturedAmount, currency: this.capturedCurrency ?? this.currency };
  }

  /** Not ended: money may still be collected. */
  get isOpen(): boolean {
    return OPEN.includes(this.status);
  }

  /** What an attempt changes at the provider, in short. */
  get mark(): string {
    return markOf({ status: this.status, charge: this.lastCharge, failure: this.failureCode });
  }

  /** Takes a step, unless the payment has this status. @throws Error where TRANSITIONS does not have it. */
  moveTo(status: PaymentStatus): void {
    if (status === this.status) return;
    requireStep(TRANSITIONS, `Payment ${this.id}`, this.status, status);
    this.status = status;
  }

  /** Why it cannot be confirmed now, in words for the buyer; null when it can. */
  whyNotConfirmable(orderClosed: boolean): string | null {
    if (this.status === 'SUCCEEDED') return 'This payment has succeeded already.';
    if (!this.isOpen) return 'This payment has ended.';
    if (orderClosed) return 'The order can no longer be paid.';
    if (this.confirmingSince) return 'This payment is being confirmed by another request.';
    if (this.status === 'PROCESSING') return 'The bank is processing this payment. Its outcome will follow.';
    return null;
  }
}
PaymentSchema.setClass(Payment);
