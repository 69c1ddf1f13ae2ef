/** A running tickets subgraph for tests; messages stand in for the other subgraphs. */
import { v7 } from 'uuid';
import type { MessageData, OrderLineData } from '#schema/messages/index.ts';
import type { Viewer } from '#shared/kernel/passport.ts';
import type { Environment } from '#shared/kernel/settings.ts';
import { eventually, startSubgraphWorld, viewerWith } from '#shared/test/world.ts';
import { startTickets } from '../server.ts';

export const CREATE_EVENT = `mutation ($input: CreateEventInput!) { createEvent(input: $input) {
  __typename
  ... on Event { id slug title status publicKey startsAt timezone validFrom organizer { id } }
  ... on InvalidInput { issues { path message } }
} }`;
export const CREATE_PRODUCT = `mutation ($input: CreateProductInput!) { createProduct(input: $input) {
  __typename
  ... on Product { id name kind price { amount currency } taxRate maxPerOrder available event { id } }
  ... on InvalidInput { issues { path message } }
} }`;
export const PUBLISH = `mutation ($id: ID!) { publishEvent(eventId: $id) {
  __typename ... on Event { status } ... on Error { message }
} }`;
export const SCAN = `mutation ($input: ScanTicketInput!) { scanTicket(input: $input) {
  __typename
  ... on ScanOutcome { result message ticket { id code status } scan { id scannedAt operator { id } } }
  ... on InvalidInput { issues { path message } }
} }`;

const DAY = 86_400_000;
export const eventInput = (more: object = {}) => ({
  title: 'A Night Out',
  venue: 'The Hall',
  startsAt: new Date(Date.now() + 30 * DAY).toISOString(),
  endsAt: new Date(Date.now() + 30 * DAY + 4 * 3_600_000).toISOString(),
  timezone: 'Europe/Paris',
  ...more,
});

export interface TestProduct {
  id: string;
  name: string;
  kind: 'ADMISSION' | 'MERCHANDISE';
  price: { amount: number; currency: string };
  taxRate: number;
  event: { id: string };
}

/** A line of an order for a product, as orders would send it. */
export const lineOf = (
  product: TestProduct,
  quantity = 1,
  more: Partial<OrderLineData> = {},
): OrderLineData => ({
  productId: product.id,
  eventId: product.event.id,
  kind: product.kind,
  name: product.name,
  quantity,
  unitPrice: product.price.amount,
  taxRate: product.taxRate,
  guestNames: [],
  ...more,
});

export type World = Awaited<ReturnType<typeof startWorld>>;

/** The tickets subgraph on a database of its own; messages stand in for the others. */
export async function startWorld(extra: Environment = {}) {
  const world = await startSubgraphWorld('tickets', startTickets, extra);
  const { messenger } = world;
  const organizer = viewerWith('ORGANIZER');
  const buyer = viewerWith('CUSTOMER', { displayName: 'Béa Buyer', locale: 'fr' });

  const mutate = async (viewer: Viewer, mutation: string, variables: object) => {
    const { data, errors } = await world.ask(viewer, mutation, variables as Record<string, unknown>);
    if (errors) throw new Error(JSON.stringify(errors));
    return Object.values(data as object)[0];
  };

  /** The first message of this name about the order. */
  const answerTo = <
    N extends 'inventory-reserve-result' | 'shipping-schedule-result' | 'ticket.generation.completed',
  >(
    name: N,
    orderId: string,
  ): Promise<MessageData<N>> =>
    eventually(async () => (await world.emitted(name)).find(data => data.orderId === orderId));

  const reserveRequest = (
    orderId: string,
    lines: OrderLineData[],
  ): MessageData<'inventory-reserve-request'> => ({
    orderId,
    customerId: buyer.id,
    lines,
    expiresAt: new Date(Date.now() + 900_000).toISOString(),
  });
  const paidOrder = (orderId: string, lines: OrderLineData[], customer: Viewer = buyer) => ({
    orderId,
    number: 'G-1',
    lines,
    customer: {
      id: customer.id,
      email: customer.email,
      displayName: customer.displayName,
      locale: customer.locale,
    },
    total: { amount: lines.reduce((sum, l) => sum + l.unitPrice * l.quantity, 0), currency: 'EUR' },
  });

  async function reserve(lines: OrderLineData[], orderId = v7()) {
    await messenger.deliver('inventory-reserve-request', reserveRequest(orderId, lines));
    return answerTo('inventory-reserve-result', orderId);
  }
  async function buy(lines: OrderLineData[], customer: Viewer = buyer) {
    const orderId = v7();
    const { reserved, reason } = await reserve(lines, orderId);
    if (!reserved) throw new Error(`not reserved: ${reason}`);
    await messenger.deliver('shipping-schedule-request', paidOrder(orderId, lines, customer));
    return answerTo('shipping-schedule-result', orderId);
  }

  return {
    ...world,
    organizer,
    buyer,
    mutate,
    answerTo,
    reserveRequest,
    paidOrder,
    reserve,
    buy,
    /** A published event with these products (an admission of 25.00 EUR unless told otherwise). */
    async openEvent(products: object[] = [{}], event: object = {}) {
      const { id } = await mutate(organizer, CREATE_EVENT, { input: eventInput(event) });
      const created: TestProduct[] = [];
      for (const product of products) {
        const standard = {
          eventId: id,
          kind: 'ADMISSION',
          name: 'Standard',
          taxRate: 0.055,
          capacity: 100,
          price: { amount: 2_500, currency: 'EUR' },
        };
        created.push(await mutate(organizer, CREATE_PRODUCT, { input: { ...standard, ...product } }));
      }
      await mutate(organizer, PUBLISH, { id });
      return { id: id as string, products: created };
    },
    async available(productId: string): Promise<number> {
      const { data } = await world.ask(null, 'query ($id: ID!) { product(id: $id) { available } }', {
        id: productId,
      });
      return data.product.available;
    },
    /** The tickets of an order that its buyer sees. */
    async ticketsOf(orderId: string, viewer: Viewer | null = buyer) {
      const { data } = await world.ask(
        viewer,
        `query ($r: [_Any!]!) { _entities(representations: $r) { ... on Order { tickets {
          id code qrCode pdfUrl guestName status issuedAt redeemedAt product { name } event { id title publicKey }
          order { id } scans { result } } shipment { id status lines { quantity product { name } } } } } }`,
        { r: [{ __typename: 'Order', id: orderId }] },
      );
      return data._entities[0];
    },
  };
}
