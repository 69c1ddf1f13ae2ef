/** The setup for tests of orders: a tickets subgraph that only knows its products, and the usual operations. */
import { v7 } from 'uuid';
import { type EntityManager, openDatabase } from '#shared/data/database.ts';
import { DEADLINE_HEADER } from '#shared/kernel/deadline.ts';
import { readBody } from '#shared/kernel/http.ts';
import { createLog } from '#shared/kernel/log.ts';
import type { Viewer } from '#shared/kernel/passport.ts';
import type { Environment } from '#shared/kernel/settings.ts';
import { messageMigrations } from '#shared/messaging/migrations.ts';
import { startHttpServer, startSubgraphWorld } from '#shared/test/world.ts';
import { migrations } from '../migrations/index.ts';
import { Order, OrderLine, OrderTransition } from '../order/order.entity.ts';
import { unlimitedOrders } from '../place/order-limit.ts';
import type { Product } from '../place/products.ts';
import { startOrders } from '../server.ts';
import type { OrdersContext } from '../services.ts';
import { readOrdersSettings } from '../settings.ts';

/** Simulates the tickets subgraph: answers `_entities` of products over HTTP. */
export async function startTickets() {
  const products = new Map<string, Product>();
  const state = {
    products,
    questions: 0,
    /** The deadline header of each request. */
    deadlines: [] as (string | string[] | undefined)[],
    down: false,
    /** Runs while the next request is being answered. */
    meanwhile: undefined as (() => Promise<void>) | undefined,
  };
  const server = await startHttpServer(async (req, res) => {
    state.questions += 1;
    state.deadlines.push(req.headers[DEADLINE_HEADER]);
    if (state.down) {
      req.destroy();
      return;
    }
    const { variables } = JSON.parse((await readBody(req, 1_000_000)).toString());
    const { meanwhile } = state;
    state.meanwhile = undefined;
    await meanwhile?.();
    const _entities = variables.representations.map(({ id }: { id: string }) => products.get(id) ?? null);
    res.end(JSON.stringify({ data: { _entities } }));
  });
  return Object.assign(state, {
    url: server.url,
    stop: server.stop,
    /** Puts a product on sale. By default it costs 60.00 EUR with 20 % tax. */
    add(product: Partial<Product> = {}): Product {
      const added: Product = {
        id: v7(),
        event: { id: v7(), status: 'PUBLISHED' },
        kind: 'ADMISSION',
        name: 'Entry',
        price: { amount: 6_000, currency: 'EUR' },
        taxRate: 0.2,
        available: 100,
        maxPerOrder: 10,
        ...product,
      };
      products.set(added.id, added);
      return added;
    },
  });
}

export type World = Awaited<ReturnType<typeof startWorld>>;

/** Starts the orders subgraph on a separate database, with a tickets subgraph; the others are simulated. */
export async function startWorld(extra: Environment = {}) {
  const tickets = await startTickets();
  const world = await startSubgraphWorld('orders', startOrders, {
    TICKETS_URL: tickets.url,
    // No other subgraph answers the orders placed here, so the order limit would refuse new ones.
    SAGA_TARGET: '0',
    ...extra,
  });
  return {
    ...world,
    tickets,
    /** The answer to placeOrder with this input, under a new idempotency key unless one is given. */
    async place(viewer: Viewer, input: Record<string, unknown> = {}) {
      const { data, errors } = await world.ask(viewer, PLACE, { input: { idempotencyKey: v7(), ...input } });
      return data?.placeOrder ?? { errors };
    },
    async stop() {
      await world.stop();
      await tickets.stop();
    },
  };
}

/** Lets tests call domain functions on the subgraph's database concurrently, as its message handlers do. */
export async function openDomain({ environment }: World) {
  const settings = readOrdersSettings(environment);
  const orm = await openDatabase(settings.databaseUrl, [Order, OrderLine, OrderTransition], {
    ...messageMigrations,
    ...migrations,
  });
  const context = (em: EntityManager) =>
    ({
      em,
      viewer: null,
      correlationId: 'test',
      cache: new Map(),
      log: createLog('test', 'silent'),
      live: { publish: async () => {} } as unknown as OrdersContext['live'],
      services: { settings, orderLimit: unlimitedOrders, stopSweeping: async () => {} },
    }) satisfies OrdersContext;
  const fork = () => orm.em.fork() as EntityManager;
  return {
    fork,
    /** A context outside any transaction, as in a job. */
    context: () => context(fork()),
    /** Runs in a separate transaction, as a message handler does. */
    handle: <T>(work: (ctx: OrdersContext) => Promise<T>): Promise<T> =>
      fork().transactional(em => work(context(em as EntityManager))),
    close: () => orm.close(true),
  };
}
export type Domain = Awaited<ReturnType<typeof openDomain>>;

/** All messages that were sent about one order, with their names, oldest first. */
export async function messagesOf({ sql }: World, orderId: string) {
  const rows = await sql(
    `select name, envelope -> 'data' as data from outbox where envelope -> 'data' ->> 'orderId' = $1 order by id`,
    [orderId],
  );
  return rows as { name: string; data: Record<string, unknown> }[];
}

export const PLACE = `mutation ($input: PlaceOrderInput!) { placeOrder(input: $input) {
  __typename
  ... on Order {
    id number status expiresAt placedAt customer { id }
    subtotal { amount currency } tax { amount } total { amount currency }
    lines { product { id } name quantity unitPrice { amount } total { amount } }
    timeline { from to reason actor }
  }
  ... on ProductUnavailable { products { id } }
  ... on InvalidInput { issues { path message } }
  ... on Error { message }
} }`;

export const CANCEL = `mutation ($input: CancelOrderInput!) { cancelOrder(input: $input) {
  __typename ... on Order { id status timeline { from to reason actor } } ... on Error { message }
} }`;

export const ORDER = `query ($id: ID!) { order(id: $id) {
  id number status expiresAt timeline { from to reason actor }
} }`;
