/** The lines that a buyer wants to order, and their current prices. */
import { z } from 'zod';
import type { OrderLineData } from '#schema/messages/index.ts';
import { line } from '#shared/data/text.ts';
import { invalidInput } from '#shared/kernel/errors.ts';
import type { Viewer } from '#shared/kernel/passport.ts';
import type { OrdersContext } from '../services.ts';
import { idText } from './inputs.ts';
import { askProducts, isAvailable, type Product, productUnavailable } from './products.ts';

export const wantedLine = z
  .object({
    productId: idText,
    quantity: z.int().min(1, 'must be at least 1'),
    guestNames: z
      .array(line(100))
      .nullish()
      .transform(names => names ?? []),
  })
  .refine(line => line.guestNames.length <= Math.max(line.quantity, 0), {
    path: ['guestNames'],
    message: 'has more names than the quantity',
  });
export type WantedLine = z.output<typeof wantedLine>;

type Refusal = ReturnType<typeof invalidInput> | ReturnType<typeof productUnavailable>;
type PricedLines = { ok: true; lines: PricedLine[] } | { ok: false; refusal: Refusal };
export type PricedLine = OrderLineData & { currency: string };

/**
 * The lines at current prices, or the reason why they cannot be ordered. The quantities of several lines of one product
 * are added up (A25).
 */
export async function priceLines(
  ctx: OrdersContext,
  viewer: Viewer,
  wanted: WantedLine[],
): Promise<PricedLines> {
  const refuse = (refusal: Refusal): PricedLines => ({ ok: false, refusal });
  if (wanted.length === 0) return refuse(invalidInput({ path: 'lines', message: 'the basket is empty' }));
  const ids = wanted.map(line => line.productId);
  const products = await askProducts(ctx, ids);
  const quantities = new Map<string, number>();
  for (const { productId, quantity } of wanted)
    quantities.set(productId, (quantities.get(productId) ?? 0) + quantity);

  const tooMany = [...quantities].flatMap(([id, quantity]) => {
    const most = products.get(id)?.maxPerOrder ?? Number.POSITIVE_INFINITY;
    if (quantity <= most) return [];
    return { path: `lines.${ids.indexOf(id)}.quantity`, message: `must be at most ${most} per order` };
  });
  if (tooMany.length > 0) return refuse(invalidInput(...tooMany));
  const missing = [...quantities].filter(([id, quantity]) => !isAvailable(products.get(id), quantity));
  if (missing.length > 0) return refuse(productUnavailable(missing.map(([id]) => products.get(id))));

  const lines = wanted.map(line => priceLine(line, products.get(line.productId)!, viewer));
  if (new Set(lines.map(line => line.currency)).size > 1) {
    return refuse(
      invalidInput({ path: 'lines', message: 'all products of an order must be in one currency' }),
    );
  }
  return { ok: true, lines };
}

function priceLine({ quantity, guestNames }: WantedLine, product: Product, viewer: Viewer): PricedLine {
  const { id, event, kind, name, price, taxRate } = product;
  return {
    productId: id,
    eventId: event.id,
    kind,
    name,
    quantity,
    taxRate,
    unitPrice: price.amount,
    currency: price.currency,
    // When there are fewer names than tickets, the remaining tickets get the buyer's name.
    guestNames:
      kind === 'ADMISSION'
        ? Array.from({ length: quantity }, (_, i) => guestNames[i] ?? viewer.displayName)
        : [],
  };
}
