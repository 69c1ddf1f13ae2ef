import { expect, test } from '@jest/globals';
import { taxWithin } from '#shared/tax.ts';
import { remainder, shareOf, sum, type TaxLine, taxByRate } from './taxes.ts';

const gross = (lines: TaxLine[]) => sum(lines, line => line.base + line.tax);

test('the tax contained in a price is exact, and half a cent is rounded up', () => {
  expect(taxWithin(12_000, 0.2)).toBe(2_000);
  expect(taxWithin(1_055, 0.055)).toBe(55);
  expect(taxWithin(0, 0.2)).toBe(0);
  expect(taxWithin(999, 0)).toBe(0);
  // total / 6 ends in .5 whenever total is 3 more than a multiple of 6.
  for (let total = 3; total < 60_000; total += 6) expect(taxWithin(total, 0.2)).toBe((total + 3) / 6);
});

test('lines are grouped by rate, highest first, and add up to the total', () => {
  const lines = [
    { taxRate: 0.055, total: 9_000, tax: taxWithin(9_000, 0.055) },
    { taxRate: 0.2, total: 1_500, tax: 250 },
    { taxRate: 0.055, total: 500, tax: taxWithin(500, 0.055) },
  ];
  expect(taxByRate(lines)).toEqual([
    { rate: 0.2, base: 1_250, tax: 250 },
    { rate: 0.055, base: 9_005, tax: 495 },
  ]);
});

test('shares taken one after the other add up to the whole at every rate, and none is negative', () => {
  const random = (below: number) => Math.floor(Math.random() * below);
  for (let round = 0; round < 2_000; round++) {
    const lines = [0.2, 0.055, 0.1].map(taxRate => {
      const total = random(5) === 0 ? 0 : random(2_000);
      return { taxRate, total, tax: taxWithin(total, taxRate) };
    });
    const whole = taxByRate(lines);
    const parts: TaxLine[] = [];
    for (let left = gross(whole); left > 0; ) {
      const amount = Math.min(left, 1 + random(400));
      const share = shareOf(remainder(whole, parts), amount);
      expect(gross(share)).toBe(amount);
      for (const { base, tax } of share) expect(Math.min(base, tax)).toBeGreaterThanOrEqual(0);
      parts.push(...share);
      left -= amount;
    }
    for (const { base, tax } of remainder(whole, parts)) expect([base, tax]).toEqual([0, 0]);
  }
});

test('more than what is left cannot be shared out', () => {
  expect(() => shareOf([{ rate: 0.2, base: 100, tax: 20 }], 121)).toThrow('not a part');
});
