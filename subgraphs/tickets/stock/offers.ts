/** What an order asks for, compared with what is on offer. */

import type { OrderLineData } from '#schema/messages/index.ts';
import { type EntityManager, query, sql } from '#shared/data/database.ts';
import type { Demand } from './capacity.ts';

/**
 * The reason why an order cannot be reserved; the code that `inventory-reserve-result` carries, most fundamental first.
 */
export type RefusalReason = 'NOT_ON_SALE' | 'PRICE_CHANGED' | 'LIMIT_EXCEEDED' | 'SOLD_OUT';
export interface Refusal {
  reason: RefusalReason;
  productIds: string[];
}

/** A product as it is sold now, and one of the quotas it draws on. */
export interface Offer {
  product_id: string;
  event_id: string;
  kind: string;
  name: string;
  price: number;
  tax_rate: number;
  max_per_order: number;
  on_sale: boolean;
  quota_id: string;
  available: number;
}

/** The offers for these lines' products: one row per product and quota. */
export function readOffers(em: EntityManager, lines: OrderLineData[]): Promise<Offer[]> {
  return query(
    em,
    sql<Offer>`
      select p.id as product_id, p.event_id, p.kind, p.name, p.price_amount::int as price, p.tax_rate, p.max_per_order,
             e.status = 'PUBLISHED' and e.ends_at > clock_timestamp() as on_sale,
             q.id as quota_id, q.capacity - q.taken as available
      from products p join events e on e.id = p.event_id
      join product_quotas pq on pq.product_id = p.id join quotas q on q.id = pq.quota_id
      where p.id = any(${lines.map(line => line.productId)}::uuid[])`,
  );
}

/** Lines of one product are added up, both for its limit per order and for its quotas (A25). */
export function quantities(lines: Pick<OrderLineData, 'productId' | 'quantity'>[]): Map<string, number> {
  const sums = new Map<string, number>();
  for (const { productId, quantity } of lines) sums.set(productId, (sums.get(productId) ?? 0) + quantity);
  return sums;
}

/** The quantity that the order takes from each quota, over all of its products. */
export function demandOf(lines: OrderLineData[], offers: Offer[]): Demand {
  const wanted = quantities(lines);
  const demand: Demand = new Map();
  for (const { product_id, quota_id } of offers)
    demand.set(quota_id, (demand.get(quota_id) ?? 0) + (wanted.get(product_id) ?? 0));
  return demand;
}

/** The refusal when these quotas have too little. */
export const soldOut = (offers: Offer[], quotaIds: string[]): Refusal => ({
  reason: 'SOLD_OUT',
  productIds: [...new Set(offers.filter(o => quotaIds.includes(o.quota_id)).map(o => o.product_id))],
});

/**
 * The reason why the lines cannot be sold as they are, or null. For the quotas this is a first check without a lock: it
 * avoids needless work for a sold-out event, and takeFromQuotas makes the final decision.
 */
export function findRefusal(lines: OrderLineData[], offers: Offer[]): Refusal | null {
  const offered = new Map(offers.map(offer => [offer.product_id, offer]));
  const refused = (reason: RefusalReason, isAtFault: (line: OrderLineData, offer?: Offer) => boolean) => {
    const faulty = lines.filter(line => isAtFault(line, offered.get(line.productId)));
    return faulty.length > 0 ? { reason, productIds: [...new Set(faulty.map(l => l.productId))] } : null;
  };
  const wanted = quantities(lines);
  const short = [...demandOf(lines, offers)].filter(
    ([quotaId, quantity]) => offers.find(offer => offer.quota_id === quotaId)!.available < quantity,
  );
  return (
    refused('NOT_ON_SALE', (_, offer) => !offer?.on_sale) ??
    refused('PRICE_CHANGED', (line, offer) => !isSameOffer(line, offer!)) ??
    refused('LIMIT_EXCEEDED', (line, offer) => wanted.get(line.productId)! > offer!.max_per_order) ??
    (short.length > 0
      ? soldOut(
          offers,
          short.map(([quotaId]) => quotaId),
        )
      : null)
  );
}

/**
 * The price that the buyer was shown must be the current one: nobody pays a price that a client, or an old page, made
 * up (A21).
 */
const isSameOffer = (line: OrderLineData, offer: Offer) =>
  line.unitPrice === offer.price &&
  line.taxRate === offer.tax_rate &&
  line.eventId === offer.event_id &&
  line.kind === offer.kind &&
  line.name === offer.name;
