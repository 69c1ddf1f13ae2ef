import { expect, test } from '@jest/globals';
import { taxWithin } from '#shared/tax.ts';
import { sumUp } from './money.ts';

test.each([
  // amount, rate, tax: 120.00 at 20 %, 10.55 at 5.5 %, 21.10 at 5.5 %, 9.99 at 2.1 %, no tax, all tax
  [12_000, 0.2, 2_000],
  [1_055, 0.055, 55],
  [2_110, 0.055, 110],
  [999, 0.021, 21],
  [1_000, 0, 0],
  [1_000, 1, 500],
  [0, 0.2, 0],
])('%d cents at %d contain %d cents of tax', (amount, rate, tax) => {
  expect(taxWithin(amount, rate)).toBe(tax);
});

test('a half is rounded up, what is less is rounded down', () => {
  expect(taxWithin(3, 0.2)).toBe(1); // 0.5
  expect(taxWithin(2, 0.2)).toBe(0); // 0.33
  expect(taxWithin(1, 1)).toBe(1); // 0.5
});

test('amounts that binary fractions get wrong are exact', () => {
  // 9,007,199,254,740,990 × 0.2 ÷ 1.2 is 1,501,199,875,790,165 exactly.
  expect(taxWithin(9_007_199_254_740_990, 0.2)).toBe(1_501_199_875_790_165);
});

test('tax is rounded per line, and subtotal and tax always add up to the total', () => {
  const line = { quantity: 1, unitPrice: 3, taxRate: 0.2 };
  expect(sumUp([line, line, line])).toEqual({ subtotal: 6, tax: 3, total: 9 });
  expect(sumUp([{ ...line, quantity: 3 }])).toEqual({ subtotal: 7, tax: 2, total: 9 });
  for (let price = 0; price < 2_000; price += 7)
    for (const taxRate of [0, 0.021, 0.055, 0.1, 0.2]) {
      const { subtotal, tax, total } = sumUp([{ quantity: 3, unitPrice: price, taxRate }]);
      expect(subtotal + tax).toBe(total);
      expect(Math.abs(tax - (total * taxRate) / (1 + taxRate))).toBeLessThanOrEqual(0.5 + 1e-9);
    }
});
