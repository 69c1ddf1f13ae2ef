/** The products of an event, and how many of each are left. */
import { z } from 'zod';
import { type Context, requireRole } from '#shared/context.ts';
import { entitiesLoader, entityLoader, loadOne } from '#shared/data/batch.ts';
import { inTransaction, newId, query, sql } from '#shared/data/database.ts';
import { line } from '#shared/data/text.ts';
import { invalidInput, notFound, parseInput } from '#shared/kernel/errors.ts';
import { emit } from '#shared/messaging/outbox.ts';
import { findEvent, getManagedEvent } from './events.ts';
import { Product } from './product.entity.ts';

const CURRENCIES = new Set(Intl.supportedValuesOf('currency'));
const LARGEST_PRICE = 99_999_999;
const LARGEST_CAPACITY = 1_000_000_000;

const productInput = z.object({
  eventId: z.string(),
  kind: z.enum(['ADMISSION', 'MERCHANDISE']),
  name: line(200),
  price: z.object({
    amount: z.int().min(0, 'must not be negative').max(LARGEST_PRICE, `is at most ${LARGEST_PRICE}`),
    currency: z.string().refine(code => CURRENCIES.has(code), 'must be an ISO 4217 code such as EUR'),
  }),
  taxRate: z.number().min(0, 'is a fraction from 0 to 1').max(1, 'is a fraction from 0 to 1'),
  capacity: z.int().min(0, 'must not be negative').max(LARGEST_CAPACITY, `is at most ${LARGEST_CAPACITY}`),
  maxPerOrder: z
    .int()
    .min(1, 'must be from 1 to 100')
    .max(100, 'must be from 1 to 100')
    .nullish()
    .transform(most => most ?? 10),
});

/** Adds a product with a quota of its own. Rights: the event's organizer or an administrator. */
export async function createProduct(ctx: Context, input: z.input<typeof productInput>) {
  requireRole(ctx, 'ORGANIZER');
  const event = await getManagedEvent(ctx, input.eventId);
  const parsed = parseInput(productInput, input);
  if (!parsed.ok) return parsed.error;
  if (event.status === 'CANCELED') {
    return invalidInput({ path: 'eventId', message: 'the event was canceled' });
  }
  const { price, capacity, ...fields } = parsed.value;
  return inTransaction(ctx.em, async em => {
    const product = em.create(Product, {
      ...fields,
      id: newId(),
      priceAmount: price.amount,
      priceCurrency: price.currency,
      createdAt: new Date(),
    });
    await em.flush();
    await query(
      em,
      sql`with quota as (insert into quotas (id, capacity) values (${newId()}, ${capacity}) returning id)
          insert into product_quotas (product_id, quota_id) select ${product.id}, id from quota`,
    );
    await emit(em, 'event.availability.changed', { eventId: event.id });
    return product;
  });
}

/** The product, or null when the viewer may not see its event. */
export async function findProduct(ctx: Context, id: string): Promise<Product | null> {
  const product = await entityLoader(ctx, Product).load(id);
  return product && (await findEvent(ctx, product.eventId)) ? product : null;
}

/** Like findProduct. @throws NOT_FOUND instead of null. */
export async function getProduct(ctx: Context, id: string): Promise<Product> {
  const product = await findProduct(ctx, id);
  if (!product) throw notFound('Product');
  return product;
}

/** An event's products, in the order in which they were added. */
export const productsOf = (ctx: Context, eventId: string): Promise<Product[]> =>
  entitiesLoader(ctx, Product, 'eventId', { id: 'asc' }).load(eventId);

const AVAILABLE = Symbol('available');
/** How many can be ordered now: the minimum over the product's quotas. */
export async function availableOf(ctx: Context, productId: string): Promise<number> {
  const row = await loadOne(
    ctx,
    AVAILABLE,
    ids =>
      query(
        ctx.em,
        sql<{ product_id: string; available: number }>`
          select product_id, min(capacity - taken) as available
          from product_quotas join quotas on quotas.id = quota_id
          where product_id = any(${ids}::uuid[]) group by product_id`,
      ),
    found => found.product_id,
  ).load(productId);
  return row?.available ?? 0;
}
