import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { v7 } from 'uuid';
import type { Viewer } from '#shared/kernel/passport.ts';
import { viewerWith } from '#shared/test/world.ts';
import { startWorld, type World } from './world.ts';

let world: World;

beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world?.stop());

const RESULT = `__typename
  ... on Basket { lines { product { id } quantity } total { amount currency } }
  ... on ProductUnavailable { products { id } }
  ... on InvalidInput { issues { path } }`;
const ADD = `mutation ($input: AddToBasketInput!) { addToBasket(input: $input) { ${RESULT} } }`;
const SET = `mutation ($input: SetBasketQuantityInput!) { setBasketQuantity(input: $input) { ${RESULT} } }`;
const BASKET = '{ basket { lines { product { id } quantity } total { amount currency } } }';

const add = async (viewer: Viewer, productId: string, quantity?: number) =>
  (await world.ask(viewer, ADD, { input: { productId, ...(quantity !== undefined && { quantity }) } })).data
    .addToBasket;
const set = async (viewer: Viewer, productId: string, quantity: number) =>
  (await world.ask(viewer, SET, { input: { productId, quantity } })).data.setBasketQuantity;
const see = async (viewer: Viewer) => (await world.ask(viewer, BASKET)).data.basket;

test('a basket adds up what is put in, at the prices of the moment, in one question to tickets', async () => {
  const viewer = viewerWith('CUSTOMER');
  const entry = world.tickets.add();
  const shirt = world.tickets.add({ price: { amount: 2_500, currency: 'EUR' } });
  expect(await see(viewer)).toEqual({ lines: [], total: null });
  await add(viewer, entry.id);
  await add(viewer, shirt.id, 3);
  expect(await add(viewer, entry.id, 2)).toEqual({
    __typename: 'Basket',
    lines: [
      { product: { id: entry.id }, quantity: 3 },
      { product: { id: shirt.id }, quantity: 3 },
    ],
    total: { amount: 25_500, currency: 'EUR' },
  });
  shirt.price.amount = 2_000;
  const { questions } = world.tickets;
  expect((await see(viewer)).total.amount).toBe(24_000);
  expect(world.tickets.questions).toBe(questions + 1);
  // A product that is no longer sold adds nothing to the total.
  world.tickets.products.delete(shirt.id);
  expect((await see(viewer)).total.amount).toBe(18_000);
});

test('a line is changed and taken out, within the limits of its product', async () => {
  const viewer = viewerWith('CUSTOMER');
  const { id } = world.tickets.add({ maxPerOrder: 4, available: 8 });
  await add(viewer, id, 2);
  expect((await set(viewer, id, 4)).lines).toEqual([{ product: { id }, quantity: 4 }]);
  expect((await set(viewer, id, 5)).issues).toEqual([{ path: 'quantity' }]);
  expect((await set(viewer, id, 9)).products).toEqual([{ id }]);
  expect((await set(viewer, id, -1)).issues).toEqual([{ path: 'quantity' }]);
  expect((await add(viewer, id, 1)).issues).toEqual([{ path: 'quantity' }]);
  expect((await add(viewer, id, 0)).issues).toEqual([{ path: 'quantity' }]);
  expect((await add(viewer, id, 101)).issues).toEqual([{ path: 'quantity' }]);
  expect((await add(viewer, v7())).__typename).toBe('ProductUnavailable');
  expect((await set(viewer, id, 0)).lines).toEqual([]);
  expect((await set(viewer, 'not an id', 0)).lines).toEqual([]);
});

test('additions at the same time never pass the limit per order', async () => {
  const viewer = viewerWith('CUSTOMER');
  const { id } = world.tickets.add({ maxPerOrder: 10 });
  const answers = await Promise.all(Array.from({ length: 20 }, () => add(viewer, id, 1)));
  expect(answers.filter(answer => answer.__typename === 'Basket')).toHaveLength(10);
  expect((await see(viewer)).lines).toEqual([{ product: { id }, quantity: 10 }]);
});

test('an order without lines takes the basket and empties it; a retry answers the same order', async () => {
  const viewer = viewerWith('CUSTOMER');
  const { id } = world.tickets.add();
  await add(viewer, id, 2);
  const input = { idempotencyKey: v7() };
  const answers = await Promise.all(Array.from({ length: 10 }, () => world.place(viewer, input)));
  expect(new Set(answers.map(answer => answer.id)).size).toBe(1);
  expect(answers[0]).toMatchObject({ __typename: 'Order', lines: [{ product: { id }, quantity: 2 }] });
  expect((await see(viewer)).lines).toEqual([]);
  expect((await world.place(viewer, input)).id).toBe(answers[0].id);
  expect((await world.place(viewer)).issues).toEqual([
    { path: 'lines', message: expect.stringContaining('empty') },
  ]);
});

test('one basket becomes one order, also when two keys place it at the same time', async () => {
  const viewer = viewerWith('CUSTOMER');
  const { id } = world.tickets.add();
  await add(viewer, id, 2);
  const answers = await Promise.all(Array.from({ length: 8 }, () => world.place(viewer)));
  expect(answers.filter(answer => answer.__typename === 'Order')).toHaveLength(1);
  expect(answers.filter(answer => answer.__typename === 'InvalidInput')).toHaveLength(7);
});

test('an order with lines of its own leaves the basket alone, and a refused one too', async () => {
  const viewer = viewerWith('CUSTOMER');
  const product = world.tickets.add();
  await add(viewer, product.id, 2);
  await world.place(viewer, { lines: [{ productId: product.id, quantity: 1 }] });
  product.available = 0;
  expect((await world.place(viewer)).__typename).toBe('ProductUnavailable');
  expect((await see(viewer)).lines).toHaveLength(1);
});

test('a basket needs a viewer and is nobody else’s', async () => {
  const viewer = viewerWith('CUSTOMER');
  await add(viewer, world.tickets.add().id);
  expect((await see(viewerWith('ADMIN'))).lines).toEqual([]);
  const { errors } = await world.ask(null, BASKET);
  expect(errors![0]!.extensions.code).toBe('UNAUTHENTICATED');
});
