import type { Constructor } from '@mikro-orm/postgresql';
import DataLoader from 'dataloader';
import type { Context } from '../context.ts';
import { isId, sql } from './database.ts';
import { columnOf, selectEntities } from './entities.ts';

/**
 * The request's DataLoader for `key`, made on first use: all ids asked for in one tick go to `load` together.
 * `load` gets distinct ids and answers in any order; `idOf` says which id a row belongs to.
 */
export function loadOne<Row>(
  ctx: Pick<Context, 'cache'>,
  key: unknown,
  load: (ids: string[]) => Promise<Row[]>,
  idOf: (row: Row) => string,
): DataLoader<string, Row | null> {
  return cached(ctx, key, async ids => {
    const rows = new Map((await load(ids)).map(row => [idOf(row), row]));
    return ids.map(id => rows.get(id) ?? null);
  });
}

/** As loadOne, for joins: all rows of each id, in the order `load` gives them. */
export function loadMany<Row>(
  ctx: Pick<Context, 'cache'>,
  key: unknown,
  load: (ids: string[]) => Promise<Row[]>,
  idOf: (row: Row) => string,
): DataLoader<string, Row[]> {
  return cached(ctx, key, async ids => {
    const rows = Map.groupBy(await load(ids), idOf);
    return ids.map(id => rows.get(id) ?? []);
  });
}

function cached<V>(ctx: Pick<Context, 'cache'>, key: unknown, load: (ids: string[]) => Promise<V[]>) {
  let loader = ctx.cache.get(key) as DataLoader<string, V> | undefined;
  if (!loader) {
    loader = new DataLoader(ids => load([...ids]));
    ctx.cache.set(key, loader);
  }
  return loader;
}

/** Properties that hold the id by which entities are loaded. */
type IdOf<E> = {
  [property in keyof E]-?: E[property] extends string | null | undefined ? property : never;
}[keyof E] &
  string;

type Order<E> = { readonly [property in keyof E]?: 'asc' | 'desc' };

/**
 * The request's loader of entities by a unique id of theirs, `id` unless told: one `= any($1)` for all of them, null
 * for what does not exist.
 */
export function entityLoader<E extends { id: string }>(
  ctx: Pick<Context, 'cache' | 'em'>,
  entity: Constructor<E>,
  property: IdOf<E> = 'id' as IdOf<E>,
): DataLoader<string, E | null> {
  return loadOne(
    ctx,
    keyOf(ctx, entity, property),
    ids => selectByIds(ctx, entity, property, ids),
    row => row[property] as string,
  );
}

/**
 * The entity with this id, which something else refers to.
 * @throws Error when it does not exist: a fault of ours.
 */
export async function loadExisting<E extends { id: string }>(
  ctx: Pick<Context, 'cache' | 'em'>,
  entity: Constructor<E>,
  id: string,
): Promise<E> {
  const found = await entityLoader(ctx, entity).load(id);
  if (!found) throw new Error(`There is no ${entity.name} ${id}`);
  return found;
}

/**
 * As entityLoader, for joins: all entities whose `property` holds the id, in this order. The property must have an
 * index.
 *
 *     entitiesLoader(ctx, Ticket, 'orderId', { id: 'asc' }).load(orderId)
 */
export function entitiesLoader<E extends object>(
  ctx: Pick<Context, 'cache' | 'em'>,
  entity: Constructor<E>,
  property: IdOf<E>,
  order: Order<E>,
): DataLoader<string, E[]> {
  return loadMany(
    ctx,
    `${keyOf(ctx, entity, property)} ${JSON.stringify(order)}`,
    ids => selectByIds(ctx, entity, property, ids, order),
    row => row[property] as string,
  );
}

const keyOf = ({ em }: Pick<Context, 'em'>, entity: Constructor<object>, property: string) =>
  `${em.getMetadata(entity).tableName}.${property}`;

function selectByIds<E extends object>(
  { em }: Pick<Context, 'em'>,
  entity: Constructor<E>,
  property: string,
  ids: string[],
  order: Order<E> = {},
): Promise<E[]> {
  const terms = Object.entries<'asc' | 'desc' | undefined>(order).map(
    ([by, direction]) =>
      sql`${sql.ref(columnOf(em, entity, by))} ${direction === 'desc' ? sql`desc` : sql`asc`}`,
  );
  const orderBy = terms.length > 0 ? sql`order by ${sql.join(terms)}` : sql``;
  const column = sql.ref(columnOf(em, entity, property));
  return selectEntities(em, entity, sql`where ${column} = any(${ids.filter(isId)}::uuid[]) ${orderBy}`);
}
