import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { follow, type Live, told } from '../test/live.ts';
import { ADA, type Stack, startStack, until } from '../test/stack.ts';

const EVE = { ...ADA, id: 'eve' };
const ORDER = 'subscription ($id: ID!) { orderUpdated(orderId: $id) { status } }';
const PURCHASE = 'subscription { orderUpdated(orderId: "o1") { status payments { status } } }';
const AVAILABLE = 'subscription { availabilityChanged(eventId: "e2") { available } }';

let stack: Stack;
let token: string;
beforeEach(async () => {
  stack = await startStack();
  token = await stack.signToken();
  stack.shop.orders.set('o1', { id: 'o1', status: 'RESERVED', owner: 'ada' });
  stack.shop.orders.set('e-order', { id: 'e-order', status: 'RESERVED', owner: 'eve' });
  stack.shop.payments.set('o1', [{ id: 'p1', status: 'PROCESSING' }]);
  stack.shop.available.set('e2', 10);
});
afterEach(() => stack.stop());

function change(status: string) {
  stack.shop.orders.get('o1')!.status = status;
  stack.shop.changed('o1');
}

const statuses = ({ results }: Live) =>
  results.map(({ data }) => (data as { orderUpdated: { status: string } } | undefined)?.orderUpdated.status);
const availables = ({ results }: Live) =>
  results.map(({ data }) => (data?.availabilityChanged as { available: number }[])?.[0]?.available);

test('fifty equal subscriptions of one viewer share one upstream, and each event is joined once', async () => {
  const clients = Array.from({ length: 5 }, () => stack.connect(token));
  const lives = Array.from({ length: 50 }, (_, i) => follow(clients[i % 5]!, PURCHASE));
  for (const live of lives) await told(live, 1);
  expect([stack.shop.watchers('o1'), stack.payments.requests.length]).toEqual([1, 1]);
  change('PAID');
  await told(lives[0]!, 2);
  change('COMPLETED');
  for (const live of lives) await told(live, 3);
  expect(stack.payments.requests).toHaveLength(3);
  for (const live of lives) expect(statuses(live)).toEqual(['RESERVED', 'PAID', 'COMPLETED']);
});

test('the upstream ends with the last member, not before', async () => {
  const lives = [follow(stack.connect(token), PURCHASE), follow(stack.connect(token), PURCHASE)];
  for (const live of lives) await told(live, 1);
  lives[0]!.stop();
  change('PAID');
  await told(lives[1]!, 2);
  expect(stack.shop.watchers('o1')).toBe(1);
  lives[1]!.stop();
  await until('no watcher', () => stack.shop.watchers('o1') === 0 && stack.orders.sockets() === 0);
});

test('other variables, another selection and another operation name are other groups; white space is not', async () => {
  const client = stack.connect(token);
  stack.shop.orders.set('o2', { id: 'o2', status: 'PAID', owner: 'ada' });
  const lives = [
    follow(client, ORDER, { id: 'o1' }),
    follow(client, ORDER.replaceAll(' {', '\n  {'), { id: 'o1' }),
    follow(client, ORDER, { id: 'o2' }),
    follow(client, 'subscription ($id: ID!) { orderUpdated(orderId: $id) { id } }', { id: 'o1' }),
  ];
  for (const live of lives) await told(live, 1);
  expect([stack.shop.watchers('o1'), stack.shop.watchers('o2')]).toEqual([2, 1]);
  expect(lives.map(live => statuses(live)[0])).toEqual(['RESERVED', 'RESERVED', 'PAID', undefined]);
});

test('I11: viewers never share what is private, and a stranger is not told another’s events', async () => {
  const stranger = await stack.signToken({ viewer: EVE });
  const own = follow(stack.connect(token), ORDER, { id: 'o1' });
  await told(own, 1);
  const foreign = follow(stack.connect(stranger), ORDER, { id: 'o1' });
  const nobody = follow(stack.connect(), ORDER, { id: 'o1' });
  const theirs = follow(stack.connect(stranger), ORDER, { id: 'e-order' });
  await until('refused', () => foreign.completed && nobody.completed);
  await told(theirs, 1);
  change('PAID');
  await told(own, 2);
  expect(stack.orders.sockets()).toBe(2);
  expect(foreign.results).toEqual([
    { data: null, errors: [expect.objectContaining({ path: ['orderUpdated'] })] },
  ]);
  expect(foreign.results[0]!.errors?.[0]?.extensions?.code).toBe('NOT_FOUND');
  expect(nobody.results[0]!.errors?.[0]?.extensions?.code).toBe('UNAUTHENTICATED');
  expect(statuses(theirs)).toEqual(['RESERVED']);
});

test('a viewer with new rights is another viewer', async () => {
  const promoted = await stack.signToken({ viewer: { ...ADA, role: 'ADMIN' } });
  const lives = [
    follow(stack.connect(token), ORDER, { id: 'o1' }),
    follow(stack.connect(promoted), ORDER, { id: 'o1' }),
  ];
  for (const live of lives) await told(live, 1);
  expect(stack.shop.watchers('o1')).toBe(2);
});

test('who joins late gets the current state at once, without another fetch', async () => {
  const first = follow(stack.connect(token), PURCHASE);
  await told(first, 1);
  change('PAID');
  await told(first, 2);
  const late = follow(stack.connect(token), PURCHASE);
  await told(late, 1);
  change('COMPLETED');
  await told(late, 2);
  await told(first, 3);
  expect(statuses(late)).toEqual(['PAID', 'COMPLETED']);
  expect(stack.payments.requests).toHaveLength(3);
});

test('who joins late after a failure is told how it is now, not how it was', async () => {
  const first = follow(stack.connect(token), PURCHASE);
  await told(first, 1);
  await stack.payments.kill();
  change('PAID');
  await told(first, 2);
  expect(first.results[1]!.errors).toHaveLength(1);
  await stack.payments.start();
  const late = follow(stack.connect(token), PURCHASE);
  await until('without a fault', () => late.results.at(-1)?.errors === undefined && late.results.length > 0);
  expect(late.results.at(-1)).toEqual({
    data: { orderUpdated: { status: 'PAID', payments: [{ status: 'PROCESSING' }] } },
  });
});

test('a restarted subgraph is subscribed once per group, and all members are told what changed', async () => {
  const lives = Array.from({ length: 20 }, () => follow(stack.connect(token), ORDER, { id: 'o1' }));
  for (const live of lives) await told(live, 1);
  await stack.orders.kill();
  stack.shop.orders.get('o1')!.status = 'PAID';
  await stack.orders.start();
  for (const live of lives) await told(live, 2);
  expect(stack.shop.watchers('o1')).toBe(1);
  change('COMPLETED');
  for (const live of lives) await told(live, 3);
  for (const live of lives) expect(statuses(live)).toEqual(['RESERVED', 'PAID', 'COMPLETED']);
});

test('everybody shares what is public, signed in or not, and it runs as if signed out', async () => {
  const stranger = await stack.signToken({ viewer: EVE });
  const lives = [token, stranger, undefined].map(each => follow(stack.connect(each), AVAILABLE));
  for (const live of lives) await told(live, 1);
  expect(stack.shop.watchers('e2')).toBe(1);
  stack.shop.available.set('e2', 9);
  stack.shop.changed('e2');
  for (const live of lives) await told(live, 2);
  for (const live of lives) expect(availables(live)).toEqual([10, 9]);
});

test('a public operation with a field that is not known to be public is not shared between viewers', async () => {
  const stranger = await stack.signToken({ viewer: EVE });
  const query =
    'subscription { availabilityChanged(eventId: "e2") { available ...More } } fragment More on Product { secret }';
  const lives = [token, stranger].map(each => follow(stack.connect(each), query));
  for (const live of lives) await told(live, 1);
  expect(stack.shop.watchers('e2')).toBe(2);
});

test('the organizer of a draft watches it with rights of their own; others are refused', async () => {
  stack.shop.drafts.set('e2', 'ada');
  const own = follow(stack.connect(token), AVAILABLE);
  const foreign = follow(stack.connect(await stack.signToken({ viewer: EVE })), AVAILABLE);
  const nobody = follow(stack.connect(), AVAILABLE);
  await until('refused', () => foreign.completed && nobody.completed);
  await told(own, 1);
  stack.shop.available.set('e2', 8);
  stack.shop.changed('e2');
  await told(own, 2);
  expect(availables(own)).toEqual([10, 8]);
  for (const live of [foreign, nobody]) {
    expect(live.results.map(({ errors }) => errors?.[0]?.extensions?.code)).toEqual(['NOT_FOUND']);
  }
});
