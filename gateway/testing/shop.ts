import { EventEmitter, on } from 'node:events';
import { GraphQLError, GraphQLScalarType, parse } from 'graphql';
import { unauthenticated } from '#shared/errors.ts';
import type { SubgraphContext } from './subgraph.ts';

const link = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.7", import: ["@key"])';

/** The data behind the stand-ins of orders and payments, and the news of its changes. */
export function createShop() {
  const changes = new EventEmitter();
  changes.setMaxListeners(0);
  const shop = {
    orders: new Map<string, { id: string; status: string; owner: string }>(),
    payments: new Map<string, { id: string; status: string }[]>(),
    /** Tells subscribers that the order, or something that belongs to it, has changed. */
    changed: (orderId: string) => changes.emit(orderId, orderId),
    /** Subscriptions that are being served. */
    watchers: (orderId: string) => changes.listenerCount(orderId),
    /** Called by `orderUpdated` before it yields, e.g. to let it fail. */
    beforeEvent: () => {},
    /** Called by `orderUpdated` when somebody subscribes. */
    beforeSubscribe: () => {},
  };

  async function* watchOrder(orderId: string, signal: AbortSignal) {
    const news = on(changes, orderId, { signal });
    try {
      shop.beforeEvent();
      yield { orderUpdated: { ...shop.orders.get(orderId) } };
      for await (const _ of news) {
        shop.beforeEvent();
        yield { orderUpdated: { ...shop.orders.get(orderId) } };
      }
    } finally {
      await news.return?.();
    }
  }

  /** A generator that waits cannot be ended from outside, save by a signal. */
  function abortable(orderId: string) {
    const ending = new AbortController();
    const events = watchOrder(orderId, ending.signal);
    return {
      next: () =>
        events.next().catch(error => {
          if (ending.signal.aborted) return { done: true as const, value: undefined };
          throw error;
        }),
      async return() {
        ending.abort();
        return { done: true as const, value: undefined };
      },
      [Symbol.asyncIterator]() {
        return this;
      },
    };
  }

  const users = {
    typeDefs: parse(`${link}
      type User @key(fields: "id") { id: ID! displayName: String! }
      type Query { me: User }
      type Mutation { rename(displayName: String!): User }`),
    resolvers: {
      Query: { me: (_: unknown, __: unknown, { viewer }: SubgraphContext) => viewer },
      Mutation: {
        rename: (_: unknown, { displayName }: { displayName: string }, { viewer }: SubgraphContext) =>
          viewer && { ...viewer, displayName },
      },
      User: {
        __resolveReference: ({ id }: { id: string }) =>
          id === 'ghost' ? null : { id, displayName: `user ${id}` },
      },
    },
  };

  const orders = {
    typeDefs: parse(`${link}
      scalar Odd
      enum Color { CRIMSON }
      type Order @key(fields: "id") { id: ID! status: String! related: [Order!]! customer: User! broken: String }
      type User @key(fields: "id", resolvable: false) { id: ID! }
      type Query { order(id: ID!): Order orders: [Order!]! odd(value: Odd): String paint(color: Color): String uncoded: String internal: String }
      type Subscription { orderUpdated(orderId: ID!): Order! }`),
    resolvers: {
      Odd: new GraphQLScalarType({
        name: 'Odd',
        parseValue(value) {
          if (Number(value) % 2 !== 1) throw new GraphQLError('An odd number is wanted.');
          return value;
        },
      }),
      Query: {
        order: (_: unknown, { id }: { id: string }) => {
          const order = shop.orders.get(id);
          if (!order) throw new GraphQLError('Order not found.', { extensions: { code: 'NOT_FOUND' } });
          return order;
        },
        orders: () => [...shop.orders.values()],
        uncoded: () => {
          throw new Error('select * from "secret_table" at postgres://user:hunter2@db');
        },
        internal: () => {
          throw new GraphQLError('stack of http://10.0.0.1/', { extensions: { code: 'BAD_REQUEST' } });
        },
      },
      Order: {
        __resolveReference: ({ id }: { id: string }) => shop.orders.get(id),
        related: (order: unknown) => [order],
        customer: ({ owner }: { owner: string }) => ({ id: owner }),
      },
      Subscription: {
        orderUpdated: {
          subscribe: (_: unknown, { orderId }: { orderId: string }, { viewer }: SubgraphContext) => {
            shop.beforeSubscribe();
            if (!viewer) throw unauthenticated();
            if (shop.orders.get(orderId)?.owner !== viewer.id) {
              throw new GraphQLError('Order not found.', { extensions: { code: 'NOT_FOUND' } });
            }
            return abortable(orderId);
          },
        },
      },
    },
  };

  const payments = {
    typeDefs: parse(`${link}
      type Order @key(fields: "id") { id: ID! payments: [Payment!] }
      type Payment { id: ID! status: String! }
      type Product { id: ID! available: Int! }
      type Query { paymentCount: Int! }
      type Subscription { availabilityChanged(eventId: ID!): [Product!]! }`),
    resolvers: {
      Query: { paymentCount: () => shop.payments.size },
      Order: {
        __resolveReference: ({ id }: { id: string }) => ({ id }),
        payments: ({ id }: { id: string }) => shop.payments.get(id) ?? [],
      },
      Subscription: {
        availabilityChanged: {
          async *subscribe(_: unknown, { eventId }: { eventId: string }) {
            yield { availabilityChanged: [{ id: eventId, available: 3 }] };
          },
        },
      },
    },
  };
  return { ...shop, shop, definitions: { users, orders, payments } };
}
