/** Totals and the tax within them. Amounts are minor units (cents); tax rates are fractions. */

/** Rates are exact to a millionth: 5.5 % is 55,000 of them. */
const MILLION = 1_000_000n;

/**
 * The tax contained in an amount: amount × rate ÷ (1 + rate), halves rounded up to the next minor unit.
 *
 * Prices include tax, as consumers are shown them (Code de la consommation, art. L112-1); an invoice states the tax
 * apart (CGI, annexe II, art. 242 nonies A, I, 11°). Rounding each line to the nearest cent is common practice. In
 * whole numbers throughout, because 0.055 has no exact binary fraction.
 */
export function taxWithin(amount: number, rate: number): number {
  const millionths = BigInt(Math.round(rate * Number(MILLION)));
  const dividend = BigInt(amount) * millionths;
  const divisor = MILLION + millionths;
  return Number((2n * dividend + divisor) / (2n * divisor));
}

export interface Priced {
  quantity: number;
  /** Tax included. */
  unitPrice: number;
  taxRate: number;
}

export const lineTotal = ({ quantity, unitPrice }: Pick<Priced, 'quantity' | 'unitPrice'>): number =>
  quantity * unitPrice;

/** What the lines come to. The tax is rounded per line, so that each line can be checked by itself. */
export function sumUp(lines: Priced[]): { subtotal: number; tax: number; total: number } {
  const total = lines.reduce((sum, line) => sum + lineTotal(line), 0);
  const tax = lines.reduce((sum, line) => sum + taxWithin(lineTotal(line), line.taxRate), 0);
  return { subtotal: total - tax, tax, total };
}
