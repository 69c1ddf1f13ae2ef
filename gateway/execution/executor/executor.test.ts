import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parse, validate } from 'graphql';
import { createWorld, type World } from './test/compare.ts';
import { generateOperation } from './test/generate.ts';
import { guichet, makeUp } from './test/guichet.ts';

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
beforeEach(() => {
  world.down.clear();
  world.sent.length = 0;
});
afterAll(() => world.stop());

/** Executes an operation both ways and gives our outcome, which must be @apollo/gateway's. */
async function both(query: string, variables?: Record<string, unknown>) {
  const expected = await world.stock(query, variables);
  world.sent.length = 0;
  const outcome = await world.own(query, variables);
  expect(outcome).toEqual(expected);
  return outcome;
}

const CASES: [what: string, query: string, variables?: Record<string, unknown>][] = [
  [
    'entities joined from three subgraphs',
    '{ reviews { stars media { title owner { nick } } editor { name score } } }',
  ],
  ['entities in a list of lists', '{ me { rooms { name score reviews(n: 1) { text } } } }'],
  ['missing entities', '{ reviews { editor { id name nick } } }'],
  ['missing entities with a required field', '{ users { id score } }'],
  ['entities that fail', '{ users { id name level } }'],
  ['a fetch that fails as a whole', '{ one(id: "f2") { title ... on Film { weight } } }'],
  ['a null that its field forbids, in a list', '{ me { friends { nick } } }'],
  ['a null from the subgraph that a non-null list forbids', '{ strict { title box } }'],
  ['an enum value that the API hides', '{ users { id role } }'],
  [
    'unions whose members have keys of different types',
    '{ items { ... on Book { weight } ... on Gift { weight wrap } ... on Film { weight } } }',
  ],
  [
    'an interface',
    '{ media(first: 9) { __typename title ... on Film { minutes } ... on Book { pages tags details } } }',
  ],
  [
    'a field selected on an interface and on its types, which narrow it',
    '{ one(id: "b1") { next { id next { ... on Book { pages } } } ... on Book { next { pages weight next { title } } } } }',
  ],
  [
    'such a field in lists',
    '{ media(first: 9) { series { id } ... on Film { series { title } } ... on Book { series { pages } } } }',
  ],
  ['an interface object', '{ media(first: 9) { title average reviews { stars media { title } } } }'],
  ['what an interface object is', '{ top { __typename id title ... on Book { pages } } }'],
  ['an interface object that stays what it is', '{ top { id average } }'],
  ['required fields, nested and null ones too', '{ books { weight box } }'],
  [
    'required fields behind other subgraphs',
    '{ best { media { ... on Book { weight box dimensions { w } } } } }',
  ],
  ['provided fields', '{ reviews { author { name } } }'],
  ['provided fields beside fetched ones', '{ reviews { author { name nick } editor { name } } }'],
  [
    'aliases',
    '{ a: me { id b: id n: name } c: me { id } x: user(id: "bob") { m: name } y: user(id: "eve") { m: name } }',
  ],
  ['one field with different arguments', '{ me { one: reviews(n: 1) { id } all: reviews { id } } }'],
  [
    'names that every object inherits',
    '{ constructor: me { toString: name valueOf: score __proto__: nick } }',
  ],
  [
    'fragments in fragments',
    '{ ...Q } fragment Q on Query { me { ...U } } fragment U on User { name ... { nick ...V } } fragment V on User { score }',
  ],
  [
    'one field selected several times',
    '{ me { home { street } } ... on Query { me { home { zip } friends { id } } } me { friends { name } } }',
  ],
  [
    '@skip and @include',
    'query ($a: Boolean!, $b: Boolean = true) { me { name @skip(if: $a) nick @include(if: $a) ... @include(if: $b) { score } } gift @skip(if: true) { id } }',
    { a: true },
  ],
  [
    'conditions on whole fetches',
    'query ($a: Boolean!) { me { id ... @include(if: $a) { score level } } }',
    { a: false },
  ],
  [
    'variables',
    'query ($id: ID!, $n: Int = 1, $f: String) { user(id: $id) { reviews(n: $n) { id } home { zip(format: $f) } } }',
    { id: 'ada', n: null },
  ],
  [
    'introspection',
    'query ($t: String!) { __typename __schema { queryType { name } types { name } } t: __type(name: $t) { fields { name } } me { __typename x: __typename } }',
    { t: 'User' },
  ],
  [
    'mutations in turn',
    'mutation { a: rename(id: "bob", name: "x") { name score } b: review(id: "r1") { text author { nick } } c: rename(id: "bob") { nick } }',
  ],
  [
    'a field that fails',
    '{ reviews { id text } film(id: "f2") { sequel { id } } one(id: "f2") { average } }',
  ],
];

test.each(CASES)('both executors give the same: %s', async (...[, query, variables]) => {
  expect(validate(world.schema, parse(query))).toEqual([]);
  await both(query, variables);
});

test.each(['catalog', 'reviews', 'users', 'shipping'])('both give the same when %s is down', async name => {
  world.down.add(name);
  for (const [, query, variables] of CASES) await both(query, variables);
});

const { EXECUTOR_RUNS } = process.env;

/** Compares the outcomes of generated operations, with and without a subgraph that is down. */
async function compareGenerated(there: World, subgraphs: string[]) {
  const decisions = fc.array(fc.nat(999), { maxLength: 150, size: 'max' });
  const anySubgraph = fc.option(fc.constantFrom(...subgraphs), { freq: 4 });
  await fc.assert(
    fc.asyncProperty(decisions, anySubgraph, async (made, down) => {
      const { query, variables } = generateOperation(there.schema, made);
      fc.pre(validate(there.schema, parse(query)).length === 0);
      there.down.clear();
      if (down) there.down.add(down);
      expect(await there.own(query, variables)).toEqual(await there.stock(query, variables));
    }),
    // The same ones each time, unless more are asked for: then others, since it is for finding what nobody knows yet.
    EXECUTOR_RUNS ? { numRuns: Number(EXECUTOR_RUNS) } : { numRuns: 100, seed: 1 },
  );
}

test('generated operations have the same outcome, whichever subgraph is down', async () => {
  await compareGenerated(world, ['catalog', 'reviews', 'users', 'shipping']);
}, 600_000);

test('generated operations of our own API have the same outcome', async () => {
  const own = await createWorld(guichet, makeUp);
  await compareGenerated(own, Object.keys(guichet)).finally(() => own.stop());
}, 600_000);

test('equal entities are asked for once, wherever they stand', async () => {
  await both('{ reviews { media { owner { nick } } } }');
  const asked = world.sent.filter(({ variables }) => variables.representations);
  for (const { variables } of asked) {
    const texts = (variables.representations as object[]).map(one => JSON.stringify(one));
    expect(new Set(texts).size).toBe(texts.length);
  }
});

test('what a plan asks for in several places is fetched once', async () => {
  await both('{ a: reviews { editor { nick } } b: best { author { nick } } }');
  const users = world.sent.filter(({ service }) => service === 'users');
  expect(users).toHaveLength(1);
});

test('fetches that come up together for one subgraph travel in one request, with the client’s variables', async () => {
  const query = `query ($n: Int, $f: String) {
    reviews { editor { nick home { zip(format: $f) } } media { owner { id } } } }`;
  await both(query, { n: 1, f: 'bad' });
  const merged = world.sent.filter(({ service }) => service === 'users');
  expect(merged).toHaveLength(1);
  expect(merged[0]!.query).toMatch(/_e0:_entities\(.*_e1:_entities\(/);
  expect(Object.keys(merged[0]!.variables).sort()).toEqual(['_e0', '_e1', 'f']);
});

test('a fetch that fails as a whole does not take along those that it travels with', async () => {
  const { data } = await both(
    '{ film(id: "f2") { weight } user(id: "bob") { score } me { parcels { weight } } }',
  );
  expect(data).toEqual({
    film: { weight: null },
    user: { score: 7 },
    me: { parcels: [{ weight: 1 }, { weight: 2 }] },
  });
});

test('entities that fail as a whole do not take along those of another place, asked for by the same fetch', async () => {
  const { data } = await both('{ film(id: "f1") { weight next { weight } } }');
  expect(data).toEqual({ film: { weight: 1, next: { weight: null } } });
  const asked = world.sent.filter(({ service }) => service === 'shipping');
  expect(asked.map(({ variables }) => (variables.representations as unknown[]).length)).toEqual([2, 1, 1]);
});

test('what was read before a mutation is read again after it', async () => {
  const read = 'review(id: "r1") { editor { nick } }';
  await both(`mutation { a: ${read} rename(id: "ada") { id } b: ${read} }`);
  expect(world.sent.filter(({ variables }) => variables.representations)).toHaveLength(2);
});

test('an object stays what it is when a subgraph knows it as an interface object', async () => {
  expect(await world.own('{ books(first: 1) { next { average __typename weight } } }')).toEqual({
    data: { books: [{ next: { average: 3.5, __typename: 'Book', weight: null } }] },
    errors: [],
  });
});

test('a null is carried up when the object’s own type forbids it, if the interface does not', async () => {
  const link = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.7", import: ["@key"])';
  const thing = (label: string) =>
    parse(`${link}
    interface Thing { id: ID! ${label && 'label: String'} }
    type Tool implements Thing @key(fields: "id") { id: ID! ${label} }
    ${label ? '' : 'type Query { thing: Thing }'}`);
  const resolvers = { Query: { thing: () => ({ __typename: 'Tool', id: 't1' }) } };
  const two = await createWorld({
    things: { typeDefs: thing(''), resolvers },
    labels: { typeDefs: thing('label: String!'), resolvers: {} },
  });
  two.down.add('labels');
  expect(await two.own('{ thing { label } }')).toEqual({
    data: { thing: null },
    errors: ['labels is down. @ thing'],
  });
  await two.stop();
});

test('null for a condition that has a default is the client’s fault', async () => {
  const { data, errors } = await world.own('query ($a: Boolean = true) { me { id @skip(if: $a) } }', {
    a: null,
  });
  expect([data, errors]).toEqual([undefined, ['$a decides on a selection: true or false. @ ']]);
});

test('a live event is the first fetch of its plan', async () => {
  const event = {
    data: { reviewed: { __typename: 'Review', id: 'r1', author: { __typename: 'User', id: 'bob' } } },
  };
  const query = 'subscription ($f: Boolean!) { reviewed { id author { n: nick score @include(if: $f) } } }';
  expect(await world.event(query, event, { f: true })).toEqual({
    data: { reviewed: { id: 'r1', author: { n: 'nick of bob', score: 7 } } },
    errors: [],
  });
  const failed = { data: { reviewed: null }, errors: [{ message: 'Not now.', path: ['reviewed'] }] };
  expect(await world.event(query, failed, { f: true })).toEqual({
    data: { reviewed: null },
    errors: ['Not now. @ reviewed'],
  });
});
