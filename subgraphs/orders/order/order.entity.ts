import { defineEntity, OptionalProps, p } from '@mikro-orm/postgresql';
import type { Money, OrderLineData } from '#schema/messages/index.ts';
import { defineTransitions, type StatusOf } from '#shared/data/transitions.ts';

/** Every allowed change of status. An order's history follows this graph (I4). */
export const TRANSITIONS = defineTransitions({
  CREATED: ['RESERVED', 'FAILED'],
  RESERVED: ['PAID', 'FAILED', 'CANCELED'],
  PAID: ['SHIPPING_SCHEDULED', 'FAILED', 'CANCELED'],
  SHIPPING_SCHEDULED: ['COMPLETED', 'CANCELED'],
  COMPLETED: [],
  CANCELED: ['FAILED'],
  FAILED: [],
});
export type OrderStatus = StatusOf<typeof TRANSITIONS>;

const OrderSchema = defineEntity({
  name: 'Order',
  tableName: 'orders',
  properties: {
    id: p.uuid().primary(),
    /** The number that people use, e.g. `G-7K2M-94QX`. */
    number: p.text().unique(),
    customerId: p.uuid(),
    customerEmail: p.text(),
    customerName: p.text(),
    customerLocale: p.text(),
    status: p.text().$type<OrderStatus>(),
    /** The number of the latest transition, counted from 1. */
    seq: p.integer(),
    currency: p.text(),
    subtotal: p.bigint('number'),
    tax: p.bigint('number'),
    total: p.bigint('number'),
    provider: p.text().$type<'STRIPE' | 'PAYPAL'>(),
    paymentId: p.uuid().nullable(),
    ticketIds: p.array<string>().columnType('uuid[]'),
    expiresAt: p.datetime().nullable(),
    /** True when the hold has been extended. That happens once at most, while a payment is under way. */
    extended: p.boolean(),
    /** Set when the hold ends: the time of the first request to payments to close the order or report it as paid. */
    closingSince: p.datetime().nullable(),
    placedAt: p.datetime(),
    statusAt: p.datetime(),
    lastStepAt: p.datetime(),
  },
});

export class Order extends OrderSchema.class {
  declare [OptionalProps]?: '__typename' | 'isOver' | 'deadline';

  /** Says which member of a result union this is. */
  get __typename() {
    return 'Order' as const;
  }

  /** True when the order ended without fulfilment: no stock, payment or ticket may remain for it. */
  get isOver(): boolean {
    return this.status === 'CANCELED' || this.status === 'FAILED';
  }

  /** The time until which the order must be paid; null unless it waits for its payment. */
  get deadline(): Date | null {
    return this.status === 'RESERVED' ? (this.expiresAt ?? null) : null;
  }

  money(amount: number): Money {
    return { amount, currency: this.currency };
  }

  /** This order as it was after an earlier transition. */
  asOf({ seq, to }: Pick<OrderTransition, 'seq' | 'to'>): Order {
    return Object.create(this, { seq: { value: seq }, status: { value: to } });
  }
}
OrderSchema.setClass(Order);

const OrderLineSchema = defineEntity({
  name: 'OrderLine',
  tableName: 'order_lines',
  properties: {
    orderId: p.uuid().primary(),
    position: p.integer().primary(),
    productId: p.uuid(),
    eventId: p.uuid(),
    kind: p.text().$type<OrderLineData['kind']>(),
    name: p.text(),
    quantity: p.integer(),
    unitPrice: p.bigint('number'),
    taxRate: p.float(),
    guestNames: p.array<string>(),
  },
});

export class OrderLine extends OrderLineSchema.class {
  declare [OptionalProps]?: 'asData';

  /** The line as messages carry it. */
  get asData(): OrderLineData {
    const { productId, eventId, kind, name, quantity, unitPrice, taxRate, guestNames } = this;
    return { productId, eventId, kind, name, quantity, unitPrice, taxRate, guestNames };
  }
}
OrderLineSchema.setClass(OrderLine);

const OrderTransitionSchema = defineEntity({
  name: 'OrderTransition',
  tableName: 'order_transitions',
  properties: {
    orderId: p.uuid().primary(),
    seq: p.integer().primary(),
    from: p.text().$type<OrderStatus>().nullable().fieldName('from_status'),
    to: p.text().$type<OrderStatus>().fieldName('to_status'),
    at: p.datetime(),
    reason: p.text().nullable(),
    actor: p.text(),
  },
});

export class OrderTransition extends OrderTransitionSchema.class {}
OrderTransitionSchema.setClass(OrderTransition);
