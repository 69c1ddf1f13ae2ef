import { loadExisting } from '#shared/data/batch.ts';
import { listDeadLetters, replayDeadLetter } from '#shared/messaging/dead-letters.ts';
import type { Resolvers } from '../../schema/generated/tickets.ts';
import { watchScans } from './admission/live-scans.ts';
import { scansOf, scanTicket } from './admission/scans.ts';
import { watchAvailability } from './events/availability.ts';
import { Event } from './events/event.entity.ts';
import { createEvent, findEvent, getEventBy, listEvents, publishEvent } from './events/events.ts';
import { Product } from './events/product.entity.ts';
import { availableOf, createProduct, findProduct, getProduct, productsOf } from './events/products.ts';
import { findShipment, shipmentLinesOf, shipmentOf } from './fulfil/shipments.ts';
import { findTicket, getTicket, pdfUrlOf, ticketsOfOrder, ticketsOfUser } from './tickets/tickets.ts';

export const resolvers: Resolvers = {
  Query: {
    event: (_, args, ctx) => getEventBy(ctx, args),
    events: (_, args, ctx) => listEvents(ctx, args),
    product: (_, { id }, ctx) => getProduct(ctx, id),
    ticket: (_, { id }, ctx) => getTicket(ctx, id),
    ticketsDeadLetters: (_, args, ctx) => listDeadLetters(ctx, args),
  },
  Mutation: {
    createEvent: (_, { input }, ctx) => createEvent(ctx, input),
    createProduct: (_, { input }, ctx) => createProduct(ctx, input),
    publishEvent: (_, { eventId }, ctx) => publishEvent(ctx, eventId),
    scanTicket: (_, { input }, ctx) => scanTicket(ctx, input),
    replayTicketsDeadLetter: (_, { id }, ctx) => replayDeadLetter(ctx, id),
  },
  Subscription: {
    availabilityChanged: { subscribe: (_, { eventId }, ctx) => watchAvailability(ctx, eventId) },
    ticketScanned: { subscribe: (_, { eventId }, ctx) => watchScans(ctx, eventId) },
  },
  Event: {
    __resolveReference: ({ id }, ctx) => findEvent(ctx, id),
    products: (event, _, ctx) => productsOf(ctx, event.id),
  },
  // A viewer who may see a product or a ticket may see its event.
  Product: {
    __resolveReference: ({ id }, ctx) => findProduct(ctx, id),
    event: (product, _, ctx) => loadExisting(ctx, Event, product.eventId),
    available: (product, _, ctx) => availableOf(ctx, product.id),
  },
  Ticket: {
    __resolveReference: ({ id }, ctx) => findTicket(ctx, id),
    event: (ticket, _, ctx) => loadExisting(ctx, Event, ticket.eventId),
    product: (ticket, _, ctx) => loadExisting(ctx, Product, ticket.productId),
    pdfUrl: (ticket, _, ctx) => pdfUrlOf(ctx, ticket),
    scans: (ticket, _, ctx) => scansOf(ctx, ticket),
  },
  Scan: {
    ticket: ({ ticketId }, _, ctx) => (ticketId ? findTicket(ctx, ticketId) : null),
  },
  Shipment: {
    __resolveReference: ({ id }, ctx) => findShipment(ctx, id),
    lines: (shipment, _, ctx) => shipmentLinesOf(ctx, shipment.id),
  },
  ShipmentLine: {
    product: (line, _, ctx) => loadExisting(ctx, Product, line.productId),
  },
  Order: {
    __resolveReference: ({ id }) => ({ id }),
    tickets: (order, _, ctx) => ticketsOfOrder(ctx, order.id),
    shipment: (order, _, ctx) => shipmentOf(ctx, order.id),
  },
  User: {
    __resolveReference: ({ id }) => ({ id }),
    tickets: (user, _, ctx) => ticketsOfUser(ctx, user.id),
  },
};
