import type { Constructor } from '@mikro-orm/postgresql';
import DataLoader from 'dataloader';
import type { Context } from '../context.ts';
import { isId, query, sql } from './database.ts';
import { entitiesOf } from './entities.ts';

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

/** The request's loader of entities by id: one `= any($1)` for all of them, null for what does not exist. */
export function entityLoader<E extends { id: string }>(
  ctx: Context,
  entity: Constructor<E>,
): DataLoader<string, E | null> {
  const table = ctx.em.getMetadata(entity).tableName;
  return loadOne(
    ctx,
    entity,
    async ids => {
      const rows = await query(
        ctx.em,
        sql<object>`select * from ${sql.table(table)} where id = any(${ids.filter(isId)}::uuid[])`,
      );
      return entitiesOf(ctx.em, entity, rows);
    },
    row => row.id,
  );
}
