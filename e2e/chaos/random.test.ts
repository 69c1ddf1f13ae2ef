import { expect, test } from '@jest/globals';
import { makePlans, scarceCapacity } from './plans.ts';
import { createRandom, deal } from './random.ts';
import { faultDeck, scheduleFaults } from './schedule.ts';

const first = <T>(items: Generator<T>, count: number): T[] =>
  Array.from({ length: count }, () => items.next().value);

test('the same seed plans the same purchases and the same faults, another one others', () => {
  const faults = (seed: number) => first(scheduleFaults(seed, faultDeck('postgresql')), 50);
  expect(makePlans(7, 40)).toEqual(makePlans(7, 40));
  expect(faults(7)).toEqual(faults(7));
  expect(makePlans(8, 40)).not.toEqual(makePlans(7, 40));
  expect(faults(8)).not.toEqual(faults(7));
});

test('every kind of fault strikes before a run may end', () => {
  const deck = faultDeck('redis');
  const kinds = first(scheduleFaults(3, deck), deck.length).map(({ fault }) => fault.kind);
  expect([...kinds].sort()).toEqual([...deck].sort());
});

test('buyers want more of the small event than there is', () => {
  for (let seed = 1; seed <= 20; seed++) {
    const plans = makePlans(seed, 40);
    const wanted = plans
      .flat()
      .filter(({ lines }) => lines[0]!.product === 'scarce')
      .reduce((sum, { lines, twice }) => sum + lines[0]!.quantity * (twice ? 2 : 1), 0);
    expect(scarceCapacity(plans)).toBeLessThan(wanted);
  }
});

test('a deck is dealt whole before any of its items comes again', () => {
  const dealt = first(deal(['a', 'b', 'c'], createRandom(1, 'deck')), 6);
  expect(new Set(dealt.slice(0, 3)).size).toBe(3);
  expect(new Set(dealt.slice(3)).size).toBe(3);
});
