import { expect, test } from '@jest/globals';
import { BoundedMap } from './bounded-map.ts';

test('what is used stays, what is not gives way, and there is never more than the limit', () => {
  const map = new BoundedMap<number, string>(10);
  map.set(0, 'in use');
  for (let i = 1; i <= 1_000; i++) {
    map.set(i, `entry ${i}`);
    expect(map.get(0)).toBe('in use');
  }
  const known = Array.from({ length: 1_001 }, (_, i) => i).filter(i => map.get(i) !== undefined);
  expect(known.length).toBeLessThanOrEqual(10);
  expect(known).toEqual(expect.arrayContaining([0, 998, 999, 1_000]));
});

test('entries count by their weight; one that is too heavy by itself is not kept', () => {
  const map = new BoundedMap<string, number>(100, weight => weight);
  map.set('a', 40);
  map.set('b', 40);
  expect([map.get('b'), map.get('a')]).toEqual([40, 40]);
  map.set('too heavy', 101);
  expect([map.get('too heavy'), map.get('a')]).toEqual([undefined, 40]);
  map.set('heavy', 90);
  expect(['a', 'b', 'heavy'].map(key => map.get(key))).toEqual([undefined, undefined, 90]);
});

test('an entry that is set again has its new value and weight, one that is deleted none', () => {
  const map = new BoundedMap<string, number>(100, weight => weight);
  for (let i = 0; i < 50; i++) map.set('again', 30);
  map.set('other', 20);
  expect([map.get('again'), map.get('other')]).toEqual([30, 20]);
  map.delete('again');
  map.set('third', 30);
  expect([map.get('again'), map.get('other'), map.get('third')]).toEqual([undefined, 20, 30]);
});

test('a limit of one keeps the latest', () => {
  const map = new BoundedMap<string, string>(1);
  map.set('a', 'x');
  map.set('b', 'y');
  expect([map.get('a'), map.get('b')]).toEqual([undefined, 'y']);
});
