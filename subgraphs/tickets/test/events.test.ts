import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { v7 } from 'uuid';
import { ask, viewerWith } from '#shared/test/world.ts';
import { startTickets } from '../server.ts';
import {
  CREATE_EVENT,
  CREATE_PRODUCT,
  eventInput,
  lineOf,
  PUBLISH,
  startWorld,
  type World,
} from './world.ts';

let world: World;
beforeAll(async () => {
  world = await startWorld({ SEED: 'true' });
});
afterAll(() => world?.stop());

const productInput = (eventId: string, more: object = {}) => ({
  eventId,
  kind: 'ADMISSION',
  name: 'Standard',
  taxRate: 0.2,
  capacity: 10,
  price: { amount: 1_000, currency: 'EUR' },
  ...more,
});

test('an event begins as a draft with a slug and a key of its own', async () => {
  const create = () =>
    world.mutate(world.organizer, CREATE_EVENT, { input: eventInput({ title: 'Été à la Hâlle!' }) });
  const first = await create();
  expect(first).toMatchObject({
    slug: 'ete-a-la-halle',
    status: 'DRAFT',
    organizer: { id: world.organizer.id },
  });
  expect(Buffer.from(first.publicKey, 'base64url')).toHaveLength(32);
  const second = await create();
  expect(second.slug).toMatch(/^ete-a-la-halle-[0-9a-f]{8}$/);
  expect(second.publicKey).not.toBe(first.publicKey);
});

test('twenty events of one title at once get twenty slugs', async () => {
  const input = eventInput({ title: 'Same Name' });
  const made = await Promise.all(
    Array.from({ length: 20 }, () => world.mutate(world.organizer, CREATE_EVENT, { input })),
  );
  expect(new Set(made.map(event => event.slug)).size).toBe(20);
});

test('A24: what is wrong with an event is said field by field', async () => {
  const answer = await world.mutate(world.organizer, CREATE_EVENT, {
    input: eventInput({
      title: 'Gala\r\nBcc: x',
      venue: 'A\u0000B',
      timezone: 'Mars/Olympus',
      endsAt: '2020-01-01T00:00:00Z',
    }),
  });
  expect(answer.__typename).toBe('InvalidInput');
  expect(answer.issues.map((i: { path: string }) => i.path).sort()).toEqual([
    'endsAt',
    'timezone',
    'title',
    'venue',
  ]);
  const early = await world.mutate(world.organizer, CREATE_EVENT, {
    input: eventInput({ endsAt: '2020-01-01T00:00:00Z' }),
  });
  expect(early.issues).toEqual([{ path: 'endsAt', message: 'must be after startsAt' }]);
});

test('A21: prices, rates, capacities and currencies out of range are refused', async () => {
  const { id } = await world.mutate(world.organizer, CREATE_EVENT, { input: eventInput() });
  const faults = async (more: object) => {
    const answer = await world.mutate(world.organizer, CREATE_PRODUCT, { input: productInput(id, more) });
    return answer.__typename === 'InvalidInput' ? answer.issues.map((i: { path: string }) => i.path) : [];
  };
  expect(await faults({ price: { amount: -1, currency: 'EUR' } })).toEqual(['price.amount']);
  expect(await faults({ price: { amount: 100_000_000, currency: 'EUR' } })).toEqual(['price.amount']);
  expect(await faults({ price: { amount: 1, currency: 'eur' } })).toEqual(['price.currency']);
  expect(await faults({ price: { amount: 1, currency: 'ABC' } })).toEqual(['price.currency']);
  expect(await faults({ taxRate: 1.5, capacity: -1, maxPerOrder: 0, name: ' ' })).toEqual([
    'name',
    'taxRate',
    'capacity',
    'maxPerOrder',
  ]);
  expect(await faults({ maxPerOrder: 101 })).toEqual(['maxPerOrder']);
  expect(
    await faults({ capacity: 0, maxPerOrder: null, price: { amount: 99_999_999, currency: 'JPY' } }),
  ).toEqual([]);
  const fraction = await world.ask(world.organizer, CREATE_PRODUCT, {
    input: productInput(id, { capacity: 1.5 }),
  });
  expect(fraction.errors![0]!.extensions.code).toBe('BAD_USER_INPUT');
});

test('an event without a product, or over, is not published; publishing twice changes nothing', async () => {
  const { id } = await world.mutate(world.organizer, CREATE_EVENT, { input: eventInput() });
  expect((await world.mutate(world.organizer, PUBLISH, { id })).__typename).toBe('EventNotPublishable');
  await world.mutate(world.organizer, CREATE_PRODUCT, { input: productInput(id) });
  for (let i = 0; i < 2; i++)
    expect(await world.mutate(world.organizer, PUBLISH, { id })).toEqual({
      __typename: 'Event',
      status: 'PUBLISHED',
    });

  const past = eventInput({ startsAt: '2020-01-01T20:00:00Z', endsAt: '2020-01-01T22:00:00Z' });
  const { id: pastId } = await world.mutate(world.organizer, CREATE_EVENT, { input: past });
  await world.mutate(world.organizer, CREATE_PRODUCT, { input: productInput(pastId) });
  expect(await world.mutate(world.organizer, PUBLISH, { id: pastId })).toMatchObject({
    __typename: 'EventNotPublishable',
    message: 'The event has ended.',
  });
});

test('A20: a draft and its products are there for the organizer and administrators alone', async () => {
  const { id, slug } = await world.mutate(world.organizer, CREATE_EVENT, {
    input: eventInput({ title: 'Secret' }),
  });
  const product = await world.mutate(world.organizer, CREATE_PRODUCT, { input: productInput(id) });
  const EVENT = 'query ($id: ID, $slug: String) { event(id: $id, slug: $slug) { title products { id } } }';
  const others = [null, viewerWith('CUSTOMER'), viewerWith('STAFF'), viewerWith('ORGANIZER')];
  for (const viewer of others) {
    const answers = [
      await world.ask(viewer, EVENT, { id }),
      await world.ask(viewer, EVENT, { slug }),
      await world.ask(viewer, EVENT, { id: v7() }),
      await world.ask(viewer, EVENT, { id: 'nonsense' }),
    ];
    for (const { errors } of answers)
      expect(errors![0]).toMatchObject({ message: 'Event not found.', extensions: { code: 'NOT_FOUND' } });
  }
  for (const viewer of [world.organizer, viewerWith('ADMIN')])
    expect((await world.ask(viewer, EVENT, { id })).data.event.products).toEqual([{ id: product.id }]);
  const intruder = viewerWith('ORGANIZER');
  const publish = await world.ask(intruder, PUBLISH, { id });
  expect(publish.errors![0]!.extensions.code).toBe('NOT_FOUND');
  const customer = await world.ask(viewerWith('CUSTOMER'), CREATE_EVENT, { input: eventInput() });
  expect(customer.errors![0]!.extensions.code).toBe('FORBIDDEN');
});

test('another organizer adds nothing to a published event', async () => {
  const { id } = await world.openEvent();
  const { errors } = await world.ask(viewerWith('ORGANIZER'), CREATE_PRODUCT, { input: productInput(id) });
  expect(errors![0]!.extensions.code).toBe('FORBIDDEN');
});

test('published events are listed for all, drafts only for their own organizer', async () => {
  const author = viewerWith('ORGANIZER');
  const { id } = await world.mutate(author, CREATE_EVENT, { input: eventInput({ title: 'Mine' }) });
  const LIST = '{ events(first: 100) { nodes { id status } totalCount } }';
  const ids = async (viewer: typeof author | null) =>
    (await world.ask(viewer, LIST)).data.events.nodes.map((event: { id: string }) => event.id);
  expect(await ids(author)).toContain(id);
  expect(await ids(null)).not.toContain(id);
  expect(await ids(world.organizer)).not.toContain(id);
});

test('orders learn what they need of a product; an unpublished one is null', async () => {
  const { products } = await world.openEvent([{ capacity: 7 }]);
  const draft = await world.mutate(world.organizer, CREATE_EVENT, { input: eventInput() });
  const hidden = await world.mutate(world.organizer, CREATE_PRODUCT, { input: productInput(draft.id) });
  const { data, errors } = await world.ask(
    null,
    `query ($r: [_Any!]!) { _entities(representations: $r) { ... on Product {
      id kind name price { amount currency } taxRate available maxPerOrder event { id status startsAt endsAt } } } }`,
    { r: [products[0]!.id, hidden.id, v7(), 'x'].map(id => ({ __typename: 'Product', id })) },
  );
  expect(errors).toBeUndefined();
  expect(data._entities).toEqual([
    expect.objectContaining({
      kind: 'ADMISSION',
      name: 'Standard',
      price: { amount: 2_500, currency: 'EUR' },
      taxRate: 0.055,
      available: 7,
      maxPerOrder: 10,
      event: expect.objectContaining({ status: 'PUBLISHED', startsAt: expect.stringMatching(/Z$/) }),
    }),
    null,
    null,
    null,
  ]);
});

test('the seeded event is on sale, in euros, with both rates of tax', async () => {
  const { data } = await world.ask(
    null,
    '{ event(slug: "nuit-des-guichets") { status products { name kind taxRate available price { amount currency } } } }',
  );
  expect(data.event.status).toBe('PUBLISHED');
  expect(data.event.products.map((p: { name: string; available: number }) => [p.name, p.available])).toEqual([
    ['Standard', 500],
    ['VIP', 50],
    ['T-shirt', 200],
  ]);
});

test('a second replica on the same database seeds nothing twice', async () => {
  const SEEDED = '{ event(slug: "nuit-des-guichets") { id publicKey startsAt products { id available } } }';
  const before = await world.ask(null, SEEDED);
  const replica = await startTickets(world.environment);
  try {
    expect(await ask(replica.url, null, SEEDED)).toEqual(before);
  } finally {
    await replica.stop();
  }
});

test('whoever watches an event sees its availability now and at each change', async () => {
  const { id, products } = await world.openEvent([{ capacity: 5 }, { capacity: 9, name: 'VIP' }]);
  const watching = world.subscribe(
    null,
    'subscription ($id: ID!) { availabilityChanged(eventId: $id) { name available } }',
    { id },
  );
  const available = async () =>
    (await watching.next()).data.availabilityChanged.map((p: { available: number }) => p.available);
  try {
    // Messages about the creation of the event may still arrive; they change nothing.
    expect(await available()).toEqual([5, 9]);
    await world.reserve([lineOf(products[0]!, 2)]);
    let latest = await available();
    while (latest[0] === 5) latest = await available();
    expect(latest).toEqual([3, 9]);
  } finally {
    await watching.close();
  }
});
