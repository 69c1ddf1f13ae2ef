import { describe, expect, test } from '@jest/globals';
import type { Data } from './merge.ts';
import { objectsAt, placesAt, uniteAt } from './paths.ts';
import { findSharedPaths } from './sharing.ts';

type Plan = Parameters<typeof findSharedPaths>[0];

const fetch = (operation: string, requires?: object[]) => ({
  kind: 'Fetch',
  serviceName: 'any',
  operation,
  operationKind: 'query',
  ...(requires && { requires }),
});
const entities = (path: string, selection: string) => ({
  kind: 'Flatten',
  path: path.split('.'),
  node: fetch(`query ($r: [_Any!]!) { _entities(representations: $r) { ... on Any ${selection} } }`, []),
});
const inTurn = (...nodes: object[]) => ({ kind: 'Sequence', nodes }) as unknown as Plan;

describe('objects may become one', () => {
  test('where a single fetch puts them, whatever is fetched for them', () => {
    const shared = findSharedPaths(
      inTurn(
        fetch('{ reviews { id event { id } } }'),
        entities('reviews.@.event', '{ name price }'),
        entities('reviews.@.event', '{ seats { row } }'),
      ),
    );
    expect([...shared].sort()).toEqual(['["reviews","event","seats"]', '["reviews","event"]', '["reviews"]']);
  });

  test('but not where another fetch writes into them from above', () => {
    const above = entities('reviews.@', '{ event { rank } }');
    const plan = (...more: object[]) =>
      inTurn(fetch('{ reviews { id event { id } } }'), ...more, entities('reviews.@.event', '{ name }'));
    expect(findSharedPaths(plan()).has('["reviews","event"]')).toBe(true);
    expect(findSharedPaths(plan(above)).has('["reviews","event"]')).toBe(false);
    const fragment = fetch('{ ...R } fragment R on Query { reviews { ... on R { event { rank } } } }');
    expect(findSharedPaths(plan(fragment)).has('["reviews","event"]')).toBe(false);
  });

  test('and nowhere in a plan that renames what it has fetched', () => {
    const renaming = { ...fetch('{ a: reviews { id } }'), outputRewrites: [{ kind: 'KeyRenamer' }] };
    expect(findSharedPaths(inTurn(renaming)).size).toBe(0);
  });
});

const PATH = ['all', '@', 'one'];
const holding = (...objects: unknown[]): Data => ({ all: objects.map(one => ({ one })) });

test('equal objects become one in every place where they stand', () => {
  const shared = new Set();
  const root = holding({ id: 1, n: null }, { id: 2, n: null }, null, { id: 1, n: null }, { id: 1, n: null });
  const found = uniteAt([root], PATH, shared);
  expect(found).toEqual([
    { id: 1, n: null },
    { id: 2, n: null },
  ]);
  found[0]!.name = 'told once';
  expect((root.all as { one: Data | null }[]).map(({ one }) => one?.name)).toEqual([
    'told once',
    undefined,
    undefined,
    'told once',
    'told once',
  ]);
  expect(objectsAt([root], PATH, shared)).toEqual(found);
  expect(placesAt(root, PATH).map(({ path }) => path[1])).toEqual([0, 1, 3, 4]);
});

test('objects that differ in anything, or hold others, stay apart', () => {
  const own = JSON.parse('{ "id": 1, "__proto__": 5 }');
  const objects = [
    { id: 1 },
    { id: '1' },
    { id: 1, n: null },
    { id: 2, n: null },
    { id: 2 },
    own,
    { id: 1, list: [] },
    { id: 1, list: [] },
  ];
  const root = holding(...objects);
  expect(uniteAt([root], PATH, new Set())).toHaveLength(objects.length);
  const [first, second] = (root.all as { one: Data }[]).slice(-2);
  expect(first!.one).not.toBe(second!.one);
});
