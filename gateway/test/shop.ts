import { EventEmitter, on } from 'node:events';
import { GraphQLError, GraphQLScalarType, parse } from 'graphql';
import { unauthenticated } from '#shared/kernel/errors.ts';
import type { SubgraphContext } from './subgraph.ts';

const link = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.7", import: ["@key", "@tag"])';

/** The data behind the stand-ins of orders and payments, and its changes. */
export function createShop() {
  const changes = new EventEmitter();
  changes.setMaxListeners(0);
  const shop = {
    orders: new Map<string, { id: string; status: string; owner: string }>(),
    payments: new Map<string, { id: string; status: string }[]>(),
    /** By event; those of other events never change, and subscriptions to them end after the first answer. */
    available: new Map<string, number>(),
    /** Organizers of events that only they may see. */
    drafts: new Map<string, string>(),
    /** Tells subscribers that the order or event, or something that belongs to it, has changed. */
    changed: (id: string) => changes.emit(id, id),
    /** Subscriptions to an order or event that are being served. */
    watchers: (id: string) => changes.listenerCount(id),
    /** Called by `paymentCount` before it answers, e.g. to let it take its time. */
    beforeCount: async () => {},
    /** Called by live operations before it yields, e.g. to let it fail. */
    beforeEvent: () => {},
    /** Called by `orderUpdated` when somebody subscribes. */
    beforeSubscribe: () => {},
  };

  async function* watch<T>(topic: string, load: () => T, signal: AbortSignal) {
    const news = on(changes, topic, { signal });
    try {
      shop.beforeEvent();
      yield load();
      for await (const _ of news) {
        shop.beforeEvent();
        yield load();
      }
    } finally {
      await news.return?.();
    }
  }

  /** What `load` gives now and after each change. A generator that waits cannot be ended from outside, save by a signal. */
  function abortable<T>(topic: string, load: () => T) {
    const ending = new AbortController();
    const events = watch(topic, load, ending.signal);
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

  async function* once<T>(value: T) {
    yield value;
  }

  const users = {
    typeDefs: parse(`${link}
      type User @key(fields: "id") { id: ID! displayName: String! }
      type Query { me: User }
      type Mutation { rename(displayName: String!): User login(email: String!): Boolean @tag(name: "sign-in") register(email: String!): Boolean @tag(name: "sign-in") }`),
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
      input Paint { color: Color, shade: Int @deprecated(reason: "There is one.") }
      type Order @key(fields: "id") { id: ID! status: String! related: [Order!]! customer: User! broken: String }
      type User @key(fields: "id", resolvable: false) { id: ID! }
      type Query { order(id: ID!): Order orders(first: Int): [Order!]! odd(value: Odd): String paint(color: Color): String mix(paint: Paint): String uncoded: String internal: String }
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
        orders: (_: unknown, { first }: { first?: number }) => [...shop.orders.values()].slice(0, first),
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
            return abortable(orderId, () => ({ orderUpdated: { ...shop.orders.get(orderId) } }));
          },
        },
      },
    },
  };

  const payments = {
    typeDefs: parse(`${link}
      type Order @key(fields: "id") { id: ID! payments: [Payment!] }
      type Payment { id: ID! status: String! }
      type Product { id: ID! @tag(name: "public") available: Int! @tag(name: "public") secret: String }
      type Query { paymentCount: Int! }
      type Subscription { availabilityChanged(eventId: ID!): [Product!]! @tag(name: "public") }`),
    resolvers: {
      Query: {
        paymentCount: async () => {
          await shop.beforeCount();
          return shop.payments.size;
        },
      },
      Order: {
        __resolveReference: ({ id }: { id: string }) => ({ id }),
        payments: ({ id }: { id: string }) => shop.payments.get(id) ?? [],
      },
      Subscription: {
        availabilityChanged: {
          subscribe(_: unknown, { eventId }: { eventId: string }, { viewer }: SubgraphContext) {
            const organizer = shop.drafts.get(eventId);
            if (organizer && organizer !== viewer?.id) {
              throw new GraphQLError('Event not found.', { extensions: { code: 'NOT_FOUND' } });
            }
            const load = () => ({
              availabilityChanged: [{ id: eventId, available: shop.available.get(eventId) ?? 3 }],
            });
            return shop.available.has(eventId) ? abortable(eventId, load) : once(load());
          },
        },
      },
    },
  };
  return { ...shop, shop, definitions: { users, orders, payments } };
}
