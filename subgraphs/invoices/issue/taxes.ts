/** Tax by rate, and the split of an amount over the rates. Amounts are in minor units. */
import { divideHalfUp } from '#shared/tax.ts';

export interface TaxLine {
  /** The rate as a fraction: 0.055 is 5.5 %. */
  rate: number;
  /** The amount without tax. */
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

/** Subtracts from `whole` what `parts` (of the same rates) have taken already. */
export function remainder(whole: TaxLine[], parts: TaxLine[]): TaxLine[] {
  return whole.map(({ rate, base, tax }) => {
    const taken = parts.filter(part => part.rate === rate);
    return { rate, base: base - sum(taken, part => part.base), tax: tax - sum(taken, part => part.tax) };
  });
}

/**
 * Splits `amount` over the rates of `rest`, in proportion. `amount` includes tax and is at most the sum of `rest`.
 *
 * When each share is taken from what the earlier shares have left, the shares add up exactly to the whole: a share of
 * everything that is left takes everything that is left at every rate.
 */
export function shareOf(rest: TaxLine[], amount: number): TaxLine[] {
  const all = sum(rest, gross);
  if (amount < 0 || amount > all) throw new Error(`${amount} is not a part of ${all}`);
  if (all === 0) return [];
  // The running totals are rounded instead of each part, so that the parts add up to the amount.
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
