/** Baskets: what a buyer has picked. A basket reserves nothing. */
import { z } from 'zod';
import type { Money } from '#schema/messages/index.ts';
import { requireViewer } from '#shared/context.ts';
import { type EntityManager, isId, query, sql } from '#shared/data/database.ts';
import { invalidInput, parseInput } from '#shared/kernel/errors.ts';
import { idText, MOST_LINES } from '../place/inputs.ts';
import { askProducts, isAvailable, productUnavailable } from '../place/products.ts';
import type { OrdersContext } from '../services.ts';

export interface BasketLine {
  productId: string;
  quantity: number;
}

/** A member of result unions. */
export interface Basket {
  __typename: 'Basket';
  lines: BasketLine[];
}

const addition = z.object({
  productId: idText,
  quantity: z.int().min(1, 'must be at least 1').max(100, 'must be at most 100').default(1),
});
const change = z.object({ productId: idText, quantity: z.int().min(0, 'must not be negative') });

/** The lines of a customer's basket, in the order in which they were added. */
export function findBasketLines(em: EntityManager, customerId: string): Promise<BasketLine[]> {
  return query(
    em,
    sql<BasketLine>`select product_id as "productId", quantity from basket_lines
      where customer_id = ${customerId} order by added_at, product_id`,
  );
}

export async function getBasket(ctx: OrdersContext): Promise<Basket> {
  return { __typename: 'Basket', lines: await findBasketLines(ctx.em, requireViewer(ctx).id) };
}

/**
 * What the basket would cost now; products that are no longer on sale are left out. Null when no product is left, or
 * when the products have different currencies. @throws UNAVAILABLE when the tickets subgraph does not answer.
 */
export async function totalOf(ctx: OrdersContext, lines: BasketLine[]): Promise<Money | null> {
  const products = await askProducts(
    ctx,
    lines.map(line => line.productId),
  );
  const prices = lines.flatMap(({ productId, quantity }) => {
    const price = products.get(productId)?.price;
    return price ? [{ amount: price.amount * quantity, currency: price.currency }] : [];
  });
  const [currency, ...others] = new Set(prices.map(price => price.currency));
  if (!currency || others.length > 0) return null;
  return { amount: prices.reduce((sum, { amount }) => sum + amount, 0), currency };
}

/** Adds a quantity of a product to what the viewer's basket already has of it. */
export async function addToBasket(ctx: OrdersContext, input: z.input<typeof addition>) {
  requireViewer(ctx);
  const parsed = parseInput(addition, input);
  return parsed.ok ? putLine(ctx, parsed.value, 'add') : parsed.error;
}

/** Sets the quantity of a product in the viewer's basket; 0 removes the product. */
export async function setBasketQuantity(ctx: OrdersContext, input: z.input<typeof change>) {
  const viewer = requireViewer(ctx);
  const parsed = parseInput(change, input);
  if (!parsed.ok) return parsed.error;
  const { productId, quantity } = parsed.value;
  if (quantity > 0) return putLine(ctx, parsed.value, 'set');
  if (isId(productId)) {
    await query(
      ctx.em,
      sql`delete from basket_lines where customer_id = ${viewer.id} and product_id = ${productId}`,
    );
  }
  return getBasket(ctx);
}

async function putLine(ctx: OrdersContext, { productId, quantity }: BasketLine, how: 'add' | 'set') {
  const viewer = requireViewer(ctx);
  const product = (await askProducts(ctx, [productId])).get(productId);
  if (!isAvailable(product, quantity)) return productUnavailable([product]);
  const { maxPerOrder } = product;
  const lines = await findBasketLines(ctx.em, viewer.id);
  if (lines.length >= MOST_LINES && !lines.some(line => line.productId === productId)) {
    return invalidInput({ path: 'productId', message: `a basket has at most ${MOST_LINES} lines` });
  }
  const had = how === 'add' ? sql`line.quantity` : sql`0`;
  // The statement itself checks the limit, so that two concurrent additions cannot exceed it together.
  const put = await query(
    ctx.em,
    sql`insert into basket_lines as line (customer_id, product_id, quantity)
      select ${viewer.id}::uuid, ${productId}::uuid, ${quantity}::int where ${quantity}::int <= ${maxPerOrder}::int
      on conflict (customer_id, product_id) do update set quantity = ${had} + excluded.quantity
        where ${had} + excluded.quantity <= ${maxPerOrder}
      returning product_id`,
  );
  if (put.length === 0) {
    return invalidInput({ path: 'quantity', message: `must be at most ${maxPerOrder} per order` });
  }
  return getBasket(ctx);
}
