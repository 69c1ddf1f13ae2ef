/** Tax by rate, and its shares. Amounts are minor units. */
import { divideHalfUp } from '#shared/tax.ts';

export interface TaxLine {
  /** A fraction: 0.055 is 5.5 %. */
  rate: number;
  /** Without tax. */
  base: number;
  tax: number;
}

/** Sums lines by rate, highest rate first. */
export function taxByRate(lines: { taxRate: number; total: number; tax: number }[]): TaxLine[] {
  return [...Map.groupBy(lines, line => line.taxRate)]
    .map(([rate, group]) => {
      const tax = sum(group, line => line.tax);
      return { rate, base: sum(group, line => line.total) - tax, tax };
    })
    .sort((a, b) => b.rate - a.rate);
}

/** Leaves out of `whole` what `parts` (of the same rates) have taken already. */
export function remainder(whole: TaxLine[], parts: TaxLine[]): TaxLine[] {
  return whole.map(({ rate, base, tax }) => {
    const taken = parts.filter(part => part.rate === rate);
    return { rate, base: base - sum(taken, part => part.base), tax: tax - sum(taken, part => part.tax) };
  });
}

/**
 * The part of `rest` that `amount` (tax included, at most all of it) stands for, in proportion over its rates.
 *
 * Shares taken one after the other, each out of what the ones before have left, add up exactly: whoever takes all
 * that is left gets all that is left, at every rate.
 */
export function shareOf(rest: TaxLine[], amount: number): TaxLine[] {
  const all = sum(rest, gross);
  if (amount < 0 || amount > all) throw new Error(`${amount} is not a part of ${all}`);
  if (all === 0) return [];
  // Cutting at rounded running totals, rather than rounding each part, leaves no cent over.
  let passed = 0;
  let given = 0;
  return rest
    .map(line => {
      passed += gross(line);
      const until = divideHalfUp(BigInt(passed) * BigInt(amount), BigInt(all));
      const part = until - given;
      given = until;
      const tax = part === 0 ? 0 : divideHalfUp(BigInt(line.tax) * BigInt(part), BigInt(gross(line)));
      return { rate: line.rate, base: part - tax, tax };
    })
    .filter(line => gross(line) > 0);
}

const gross = (line: TaxLine) => line.base + line.tax;

export const sum = <T>(items: T[], value: (item: T) => number) =>
  items.reduce((total, item) => total + value(item), 0);
