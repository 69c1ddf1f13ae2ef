import { defineEntity, p } from '@mikro-orm/postgresql';
import { defineTransitions, type StatusOf } from '#shared/data/transitions.ts';

/**
 * Every change of a hold's status that exists. A hold begins as HELD, in the transaction that may still refuse it; it
 * begins as RELEASED when the release came before the reservation.
 */
export const TRANSITIONS = defineTransitions({
  HELD: ['SOLD', 'REFUSED', 'RELEASED'],
  SOLD: ['RELEASED'],
  REFUSED: [],
  RELEASED: [],
});
export type HoldStatus = StatusOf<typeof TRANSITIONS>;

const HoldSchema = defineEntity({
  name: 'Hold',
  tableName: 'holds',
  properties: {
    orderId: p.uuid().primary(),
    /** Null when the release came first. */
    customerId: p.uuid().nullable(),
    status: p.text().$type<HoldStatus>(),
    /** The reason why it was refused or released. */
    reason: p.text().nullable(),
    unavailableProductIds: p.array<string>().columnType('uuid[]'),
    /** The time until which the order may be paid, set by orders; nothing happens here at that time. */
    expiresAt: p.datetime().nullable(),
    /** The time at which all PDFs of its tickets were drawn. */
    renderedAt: p.datetime().nullable(),
    createdAt: p.datetime(),
  },
});

export class Hold extends HoldSchema.class {}
HoldSchema.setClass(Hold);

const HoldLineSchema = defineEntity({
  name: 'HoldLine',
  tableName: 'hold_lines',
  properties: {
    orderId: p.uuid().primary(),
    productId: p.uuid().primary(),
    quotaId: p.uuid().primary(),
    eventId: p.uuid(),
    quantity: p.integer(),
  },
});

export class HoldLine extends HoldLineSchema.class {}
HoldLineSchema.setClass(HoldLine);
