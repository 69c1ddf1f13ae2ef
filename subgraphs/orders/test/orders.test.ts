import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { v7 } from 'uuid';
import type { Viewer } from '#shared/kernel/passport.ts';
import { viewerWith } from '#shared/test/world.ts';
import { CANCEL, ORDER, PLACE, startWorld, type World } from './world.ts';

let world: World;
let buyer: Viewer;

beforeAll(async () => {
  world = await startWorld();
  buyer = viewerWith('CUSTOMER', { displayName: 'Ann Buyer' });
});
afterAll(() => world?.stop());

const countOrders = async () => Number((await world.sql('select count(*) from orders'))[0]!.count);

test('an order has a number, the prices of the moment, their tax, and a first entry in its timeline', async () => {
  const entry = world.tickets.add({ name: 'Entry', maxPerOrder: 4 });
  const shirt = world.tickets.add({
    kind: 'MERCHANDISE',
    name: 'Programme, signed',
    taxRate: 0.055,
    price: { amount: 1_055, currency: 'EUR' },
  });
  const order = await world.place(buyer, {
    lines: [
      { productId: entry.id, quantity: 2, guestNames: [' Bob, "B" {x} ', '<b>Eve</b>'] },
      { productId: shirt.id, quantity: 1, guestNames: ['ignored'] },
      { productId: entry.id, quantity: 2, guestNames: ['Zoë'] },
    ],
  });
  expect(order).toMatchObject({
    __typename: 'Order',
    number: expect.stringMatching(/^G-[2-9A-Z]{4}-[2-9A-Z]{4}$/),
    status: 'CREATED',
    expiresAt: null,
    customer: { id: buyer.id },
    subtotal: { amount: 21_000, currency: 'EUR' },
    tax: { amount: 4_055 },
    total: { amount: 25_055, currency: 'EUR' },
    timeline: [{ from: null, to: 'CREATED', reason: null, actor: 'customer' }],
  });
  expect(order.lines).toEqual([
    {
      product: { id: entry.id },
      name: 'Entry',
      quantity: 2,
      unitPrice: { amount: 6_000 },
      total: { amount: 12_000 },
    },
    {
      product: { id: shirt.id },
      name: 'Programme, signed',
      quantity: 1,
      unitPrice: { amount: 1_055 },
      total: { amount: 1_055 },
    },
    {
      product: { id: entry.id },
      name: 'Entry',
      quantity: 2,
      unitPrice: { amount: 6_000 },
      total: { amount: 12_000 },
    },
  ]);
  const request = (await world.emitted('inventory-reserve-request')).at(-1)!;
  expect(request).toMatchObject({ orderId: order.id, customerId: buyer.id });
  expect(request.lines.map(line => line.guestNames)).toEqual([
    ['Bob, "B" {x}', '<b>Eve</b>'],
    [],
    ['Zoë', 'Ann Buyer'],
  ]);
  expect(request.lines[1]).toMatchObject({ eventId: shirt.event.id, kind: 'MERCHANDISE', taxRate: 0.055 });
  expect((await world.emitted('order.status.updated')).at(-1)).toMatchObject({
    orderId: order.id,
    from: null,
    to: 'CREATED',
    customer: { id: buyer.id, email: buyer.email, displayName: 'Ann Buyer', locale: 'fr' },
    total: { amount: 25_055, currency: 'EUR' },
  });
});

test('fifty parallel calls with one key place one order, and all answer it; another input is a conflict', async () => {
  const { id } = world.tickets.add();
  const input = { idempotencyKey: v7(), lines: [{ productId: id, quantity: 1 }] };
  const before = await countOrders();
  const answers = await Promise.all(Array.from({ length: 50 }, () => world.place(buyer, input)));
  expect(new Set(answers.map(answer => answer.id)).size).toBe(1);
  expect(answers[0].number).toMatch(/^G-/);
  expect(await countOrders()).toBe(before + 1);
  const other = await world.place(buyer, { ...input, lines: [{ productId: id, quantity: 2 }] });
  expect(other.__typename).toBe('IdempotencyConflict');
  // Each viewer has separate idempotency keys.
  expect((await world.place(viewerWith('CUSTOMER'), input)).id).not.toBe(answers[0].id);
});

test('a retry is answered with its order although everything has been sold since', async () => {
  const product = world.tickets.add();
  const input = { idempotencyKey: v7(), lines: [{ productId: product.id, quantity: 1 }] };
  const order = await world.place(buyer, input);
  product.available = 0;
  expect((await world.place(buyer, input)).id).toBe(order.id);
  expect(await world.place(buyer, { ...input, idempotencyKey: v7() })).toMatchObject({
    __typename: 'ProductUnavailable',
    products: [{ id: product.id }],
  });
});

test('a retry that overlaps with the call that bought the last ones is answered with their order', async () => {
  const product = world.tickets.add();
  const input = { idempotencyKey: v7(), lines: [{ productId: product.id, quantity: 1 }] };
  let first: { id: string } | undefined;
  world.tickets.meanwhile = async () => {
    first = await world.place(buyer, input);
    product.available = 0;
  };
  expect(await world.place(buyer, input)).toMatchObject({ __typename: 'Order', id: first!.id });
});

test('A21: quantities, names and keys that cannot be are refused with their place in the input', async () => {
  const { id: productId } = world.tickets.add({ maxPerOrder: 4 });
  const before = await countOrders();
  const refusal = async (input: Record<string, unknown>) => {
    const answer = await world.place(buyer, input);
    return answer.errors?.[0].extensions.code ?? answer.issues?.map((issue: { path: string }) => issue.path);
  };
  const line = (quantity: unknown, more: object = {}) => ({ lines: [{ productId, quantity, ...more }] });
  expect(await refusal(line(0))).toEqual(['lines.0.quantity']);
  expect(await refusal(line(-1))).toEqual(['lines.0.quantity']);
  expect(await refusal(line(5))).toEqual(['lines.0.quantity']);
  expect(await refusal(line(1.5))).toBe('BAD_USER_INPUT');
  expect(await refusal(line(2 ** 31))).toBe('BAD_USER_INPUT');
  expect(await refusal(line(1, { price: 1 }))).toBe('BAD_USER_INPUT');
  expect(await refusal(line(1, { guestNames: ['A', 'B'] }))).toEqual(['lines.0.guestNames']);
  expect(await refusal(line(1, { guestNames: ['Eve\r\nBcc: x'] }))).toEqual(['lines.0.guestNames.0']);
  expect(await refusal(line(1, { guestNames: ['\ud800'] }))).toEqual(['lines.0.guestNames.0']);
  expect(await refusal(line(1, { guestNames: ['x'.repeat(101)] }))).toEqual(['lines.0.guestNames.0']);
  expect(await refusal({ lines: [] })).toEqual(['lines']);
  expect(await refusal({ lines: Array(51).fill({ productId, quantity: 1 }) })).toEqual(['lines']);
  expect(await refusal({ ...line(1), idempotencyKey: 'short' })).toEqual(['idempotencyKey']);
  expect(await refusal({ ...line(1), idempotencyKey: 'x'.repeat(201) })).toEqual(['idempotencyKey']);
  expect(await refusal({ ...line(1), paymentProvider: 'PAYPAL' })).toEqual(['paymentProvider']);
  expect(await countOrders()).toBe(before);
});

test('A21: products of two currencies are not ordered together', async () => {
  const euro = world.tickets.add();
  const franc = world.tickets.add({ price: { amount: 100, currency: 'CHF' } });
  const lines = [euro, franc].map(({ id }) => ({ productId: id, quantity: 1 }));
  expect((await world.place(buyer, { lines })).issues).toEqual([
    { path: 'lines', message: expect.stringContaining('one currency') },
  ]);
});

test('A25: two lines of one product are summed before its limits are checked', async () => {
  const { id: productId } = world.tickets.add({ maxPerOrder: 4 });
  const lines = [3, 2].map(quantity => ({ productId, quantity }));
  expect((await world.place(buyer, { lines })).issues[0].path).toBe('lines.0.quantity');
  const scarce = world.tickets.add({ available: 4 });
  const both = [3, 2].map(quantity => ({ productId: scarce.id, quantity }));
  expect((await world.place(buyer, { lines: both })).products).toEqual([{ id: scarce.id }]);
});

test('what is not on sale, not visible or not even an id cannot be ordered', async () => {
  const draft = world.tickets.add({ event: { id: v7(), status: 'DRAFT' } });
  for (const productId of [draft.id, v7(), 'not an id']) {
    const answer = await world.place(buyer, { lines: [{ productId, quantity: 1 }] });
    expect(answer.__typename).toBe('ProductUnavailable');
  }
});

test('when tickets do not answer, placing says so and writes nothing', async () => {
  const { id: productId } = world.tickets.add();
  const before = await countOrders();
  const input = { idempotencyKey: v7(), lines: [{ productId, quantity: 1 }] };
  world.tickets.down = true;
  const { errors } = await world.place(buyer, input);
  world.tickets.down = false;
  expect(errors[0].extensions.code).toBe('UNAVAILABLE');
  expect(await countOrders()).toBe(before);
  expect((await world.place(buyer, input)).__typename).toBe('Order');
});

test('placing needs a viewer', async () => {
  const { errors } = await world.ask(null, PLACE, { input: { idempotencyKey: v7() } });
  expect(errors![0]!.extensions.code).toBe('UNAUTHENTICATED');
});

test('A20: an order is seen by its customer and administrators; for others it is missing, in every way', async () => {
  const { id: productId } = world.tickets.add();
  const { id } = await world.place(buyer, { lines: [{ productId, quantity: 1 }] });
  const join = (viewer: Viewer | null) =>
    world.ask(viewer, 'query ($r: [_Any!]!) { _entities(representations: $r) { ... on Order { status } } }', {
      r: [{ __typename: 'Order', id }],
    });
  for (const viewer of [buyer, viewerWith('ADMIN')]) {
    expect((await world.ask(viewer, ORDER, { id })).data.order.id).toBe(id);
    expect((await join(viewer)).data._entities[0].status).toBe('CREATED');
  }
  const missing = await world.ask(buyer, ORDER, { id: v7() });
  expect(missing.errors![0]).toMatchObject({
    message: 'Order not found.',
    extensions: { code: 'NOT_FOUND' },
  });
  for (const viewer of [viewerWith('CUSTOMER'), viewerWith('ORGANIZER'), viewerWith('STAFF'), null]) {
    expect(await world.ask(viewer, ORDER, { id })).toEqual(missing);
    const cancel = await world.ask(viewer, CANCEL, { input: { orderId: id } });
    expect(cancel.errors![0]!.extensions.code).toBe('NOT_FOUND');
    expect(await join(viewer)).toEqual({ data: { _entities: [null] } });
  }
  expect(await world.ask(buyer, ORDER, { id: 'not an id' })).toEqual(missing);
});

test('lists page, filter by status, and hold what is one’s own; administrators see all', async () => {
  const viewer = viewerWith('CUSTOMER');
  const { id: productId } = world.tickets.add();
  const ids: string[] = [];
  for (let i = 0; i < 3; i++)
    ids.unshift((await world.place(viewer, { lines: [{ productId, quantity: 1 }] })).id);
  const LIST = `query ($after: String, $status: OrderStatus) { orders(first: 2, after: $after, status: $status) {
    nodes { id lines { quantity } timeline { to } } pageInfo { hasNextPage endCursor } totalCount } }`;
  const first = (await world.ask(viewer, LIST)).data.orders;
  expect(first.nodes.map((node: { id: string }) => node.id)).toEqual(ids.slice(0, 2));
  expect(first.nodes[0]).toMatchObject({ lines: [{ quantity: 1 }], timeline: [{ to: 'CREATED' }] });
  expect(first).toMatchObject({ pageInfo: { hasNextPage: true }, totalCount: 3 });
  const rest = (await world.ask(viewer, LIST, { after: first.pageInfo.endCursor, status: 'CREATED' })).data
    .orders;
  expect(rest.nodes.map((node: { id: string }) => node.id)).toEqual(ids.slice(2));
  expect((await world.ask(viewer, LIST, { status: 'PAID' })).data.orders.totalCount).toBe(0);
  expect((await world.ask(viewerWith('ADMIN'), LIST)).data.orders.totalCount).toBe(await countOrders());

  const JOIN = `query ($r: [_Any!]!) { _entities(representations: $r) { ... on User { orders(first: 2) { totalCount } basket { lines { quantity } } } } }`;
  const join = async (someone: Viewer) => {
    const r = [viewer, buyer].map(({ id }) => ({ __typename: 'User', id }));
    return (await world.ask(someone, JOIN, { r })).data._entities;
  };
  const [own, others] = await join(viewer);
  expect(own).toEqual({ orders: { totalCount: 3 }, basket: { lines: [] } });
  expect(others).toEqual({ orders: { totalCount: 0 }, basket: null });
  const [seen, alsoSeen] = await join(viewerWith('ADMIN'));
  expect(seen).toEqual({ orders: { totalCount: 3 }, basket: null });
  expect(alsoSeen.orders.totalCount).toBeGreaterThan(3);
});
