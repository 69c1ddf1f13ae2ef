/**
 * The tax within a price, in whole numbers throughout: 0.055 has no exact binary fraction, and a half cent must fall
 * the same way on an order as on its invoice. Amounts are minor units (cents); tax rates are fractions.
 */

/** Rates are exact to a millionth: 5.5 % is 55,000 of them. */
const MILLION = 1_000_000n;

/** n ÷ d for n ≥ 0 and d > 0, halves rounded up. */
export const divideHalfUp = (n: bigint, d: bigint): number => Number((2n * n + d) / (2n * d));

/**
 * The tax contained in an amount: amount × rate ÷ (1 + rate), halves rounded up to the next minor unit.
 *
 * Prices include tax, as consumers are shown them (Code de la consommation, art. L112-1); an invoice states the tax
 * apart (CGI, annexe II, art. 242 nonies A, I, 11°). Rounding each line to the nearest cent is common practice.
 */
export function taxWithin(amount: number, rate: number): number {
  const millionths = BigInt(Math.round(rate * Number(MILLION)));
  return divideHalfUp(BigInt(amount) * millionths, MILLION + millionths);
}
