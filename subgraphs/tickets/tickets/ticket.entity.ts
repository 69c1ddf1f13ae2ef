import { defineEntity, OptionalProps, p } from '@mikro-orm/postgresql';
import { defineTransitions, type StatusOf } from '#shared/data/transitions.ts';

/** Every change of a ticket's status that exists: an order may be undone after its tickets were used. */
export const TRANSITIONS = defineTransitions({
  VALID: ['REDEEMED', 'REVOKED'],
  REDEEMED: ['REVOKED'],
  REVOKED: [],
});
export type TicketStatus = StatusOf<typeof TRANSITIONS>;

const TicketSchema = defineEntity({
  name: 'Ticket',
  tableName: 'tickets',
  properties: {
    id: p.uuid().primary(),
    code: p.text().unique(),
    orderId: p.uuid(),
    eventId: p.uuid(),
    productId: p.uuid(),
    customerId: p.uuid(),
    guestName: p.text(),
    /** The buyer's language, for the PDF. */
    locale: p.text(),
    status: p.text().$type<TicketStatus>(),
    qrCode: p.text(),
    issuedAt: p.datetime(),
    redeemedAt: p.datetime().nullable(),
  },
});

export class Ticket extends TicketSchema.class {
  declare [OptionalProps]?: '__typename' | 'order' | 'fileName';

  get __typename() {
    return 'Ticket' as const;
  }

  get order() {
    return { __typename: 'Order' as const, id: this.orderId };
  }

  /** The name of the ticket's PDF among the subgraph's files. */
  get fileName() {
    return `tickets/${this.id}.pdf`;
  }
}
TicketSchema.setClass(Ticket);
