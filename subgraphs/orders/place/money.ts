/** The totals of an order. Amounts are minor units (cents); tax rates are fractions. */
import { taxWithin } from '#shared/tax.ts';

export interface Priced {
  quantity: number;
  /** Tax included. */
  unitPrice: number;
  taxRate: number;
}

export const lineTotal = ({ quantity, unitPrice }: Pick<Priced, 'quantity' | 'unitPrice'>): number =>
  quantity * unitPrice;

/** The totals of the lines. The tax is rounded per line, so that each line can be checked by itself. */
export function sumUp(lines: Priced[]): { subtotal: number; tax: number; total: number } {
  const total = lines.reduce((sum, line) => sum + lineTotal(line), 0);
  const tax = lines.reduce((sum, line) => sum + taxWithin(lineTotal(line), line.taxRate), 0);
  return { subtotal: total - tax, tax, total };
}
