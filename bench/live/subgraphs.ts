/** Subgraphs in memory, in a process of their own: orders with one watcher each, events with many. */
import { EventEmitter, on } from 'node:events';
import { composeServices } from '@apollo/composition';
import { parse } from 'graphql';
import { exportJWK, importSPKI } from 'jose';
import { ACCESS_TOKEN } from '#shared/kernel/passport.ts';
import { startStandIn } from '../../gateway/test/subgraph.ts';
import { now, type Order, usage } from './messages.ts';

const link = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.7", import: ["@key", "@tag"])';
const news = new EventEmitter().setMaxListeners(0);
/** The number of changes of each topic so far. */
const changes = new Map<string, number>();

async function* watch<T>(topic: string, load: (change: number) => T) {
  yield load(changes.get(topic) ?? 0);
  for await (const [change] of on(news, topic)) yield load(change as number);
}

const definitions = {
  users: {
    typeDefs: parse(`${link} type User @key(fields: "id") { id: ID! } type Query { me: User }`),
    resolvers: {},
  },
  orders: {
    typeDefs: parse(`${link}
      type Order @key(fields: "id") { id: ID! number: Int! }
      type Query { order: Order }
      type Subscription { orderUpdated(orderId: ID!): Order! }`),
    resolvers: {
      Subscription: {
        orderUpdated: {
          subscribe: (_: unknown, { orderId: id }: { orderId: string }) =>
            watch(id, number => ({ orderUpdated: { id, number } })),
        },
      },
    },
  },
  tickets: {
    typeDefs: parse(`${link}
      type Product @key(fields: "id") {
        id: ID! @tag(name: "public") name: String! @tag(name: "public") available: Int! @tag(name: "public")
      }
      type Query { product: Product }
      type Subscription { availabilityChanged(eventId: ID!): [Product!]! @tag(name: "public") }`),
    resolvers: {
      Subscription: {
        availabilityChanged: {
          // The name contains the time of the event, from which latencies are measured.
          subscribe: (_: unknown, { eventId: id }: { eventId: string }) =>
            watch(id, available => ({ availabilityChanged: [{ id, available, name: String(now()) }] })),
        },
      },
    },
  },
};

const { supergraphSdl, errors } = composeServices(
  Object.entries(definitions).map(([name, { typeDefs }]) => ({ name, typeDefs, url: 'http://subgraph' })),
);
if (!supergraphSdl) throw new Error(errors?.join('\n'));

const key = await importSPKI(process.env.PUBLIC_KEY!, ACCESS_TOKEN.algorithm);
const jwks = { keys: [{ ...(await exportJWK(key)), kid: 'bench', alg: ACCESS_TOKEN.algorithm, use: 'sig' }] };
const urls: Record<string, string> = {};
for (const [name, definition] of Object.entries(definitions)) {
  const { url } = await startStandIn({
    ...definition,
    routes: {
      '/.well-known/jwks.json': res => {
        res.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(jwks));
      },
    },
  });
  urls[`${name.toUpperCase()}_URL`] = url;
}

async function publish(topics: string[], times: number, interval: number) {
  for (let time = 0; time < times; time++) {
    const start = performance.now();
    for (const [index, topic] of topics.entries()) {
      // The events are spread over the interval, as those of independent topics are.
      const due = start + (interval * index) / topics.length;
      if (due > performance.now()) await wait(due - performance.now());
      const change = (changes.get(topic) ?? 0) + 1;
      changes.set(topic, change);
      news.emit(topic, change);
    }
    if (interval) await wait(Math.max(0, start + interval - performance.now()));
  }
}

const wait = (milliseconds: number) => new Promise(resolve => setTimeout(resolve, milliseconds));

process.on('message', async (order: Order) => {
  if (order.kind === 'publish') await publish(order.topics, order.times, order.interval);
  process.send!({ id: order.id, value: usage() });
});
process.on('disconnect', () => process.exit(0));
process.send!({ id: 0, value: { supergraphSdl, urls } });
