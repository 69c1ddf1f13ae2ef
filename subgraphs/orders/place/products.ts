/** Products as the tickets subgraph knows them, queried over the network before a transaction begins. */

import type { Money, OrderLineData } from '#schema/messages/index.ts';
import { askSubgraph } from '#shared/ask.ts';
import { isId } from '#shared/data/database.ts';
import type { OrdersContext } from '../services.ts';

export interface Product {
  id: string;
  event: { id: string; status: string };
  kind: OrderLineData['kind'];
  name: string;
  /** Tax included. */
  price: Money;
  taxRate: number;
  available: number;
  maxPerOrder: number;
}

const PRODUCTS = `query ($representations: [_Any!]!) { _entities(representations: $representations) {
  ... on Product { id event { id status } kind name price { amount currency } taxRate available maxPerOrder }
} }`;

/**
 * The products with these ids that the viewer may see, keyed by id. One request fetches all of them.
 * @throws UNAVAILABLE when the tickets subgraph does not answer.
 */
export async function askProducts(ctx: OrdersContext, ids: string[]): Promise<Map<string, Product>> {
  const { TICKETS_URL, internalSecret } = ctx.services.settings;
  const representations = [...new Set(ids.filter(isId))].map(id => ({ __typename: 'Product', id }));
  if (representations.length === 0) return new Map();
  const { _entities: products } = await askSubgraph<{ _entities: (Product | null)[] }>(
    ctx,
    { url: TICKETS_URL, internalSecret },
    PRODUCTS,
    { representations },
  );
  return new Map(products.filter(product => product !== null).map(product => [product.id, product]));
}

/** True when this quantity seems available now. Only a hold makes it certain. */
export const isAvailable = (product: Product | undefined, quantity: number): product is Product =>
  product?.event.status === 'PUBLISHED' && quantity <= product.available;

/** The member of result unions that lists unavailable products. Ids of unknown products are left out. */
export function productUnavailable(products: (Product | undefined)[]) {
  const known = products.filter(product => product !== undefined);
  return {
    __typename: 'ProductUnavailable' as const,
    message:
      known.length > 0
        ? `Not available in this quantity: ${known.map(({ name }) => name).join(', ')}.`
        : 'This product is not on sale.',
    products: known.map(({ id }) => ({ id })),
  };
}
