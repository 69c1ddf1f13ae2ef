/** Cursor connections (Relay's shape) over tables whose ids sort by age. */
import type { Constructor } from '@mikro-orm/postgresql';
import type { RawBuilder } from 'kysely';
import type { Context } from '../context.ts';
import { badInput } from '../kernel/errors.ts';
import { loadMany, loadOne } from './batch.ts';
import { type EntityManager, isId, query, sql } from './database.ts';
import { entitiesOf, entityOf } from './entities.ts';

export interface ConnectionArguments {
  first?: number | null | undefined;
  after?: string | null | undefined;
}

const LARGEST_PAGE = 100;

const encodeCursor = (id: string) => Buffer.from(id).toString('base64url');

function readArguments({ first, after }: ConnectionArguments) {
  const size = first ?? 20;
  if (size < 0 || size > LARGEST_PAGE) throw badInput(`first: from 0 to ${LARGEST_PAGE}, not ${size}.`);
  if (after === null || after === undefined) return { size, afterId: null };
  const afterId = Buffer.from(after, 'base64url').toString();
  if (!isId(afterId)) throw badInput('after: not a cursor of this list.');
  return { size, afterId };
}

/**
 * A page of a table's rows for which `where` holds, newest first. `where` must be served by an index that ends
 * in `id`. The rows are counted only when the client asks for `totalCount`.
 */
export async function connect<E extends { id: string }>(
  em: EntityManager,
  entity: Constructor<E>,
  args: ConnectionArguments,
  where: RawBuilder<unknown>,
) {
  const { size, afterId } = readArguments(args);
  const table = sql.table(em.getMetadata(entity).tableName);
  const page = afterId ? sql`and id < ${afterId}::uuid` : sql``;
  const rows = await query(
    em,
    sql<object>`select * from ${table} where ${where} ${page} order by id desc limit ${size + 1}`,
  );
  const count = async () => {
    const [row] = await query(
      em,
      sql<{ count: number }>`select count(*)::int as count from ${table} where ${where}`,
    );
    return row!.count;
  };
  return toConnection(entitiesOf(em, entity, rows), size, count);
}

/**
 * The request's loader of such pages for many parents: one statement (and one count, when asked for) for all of them.
 * `column` holds the parent's id and must have an index on (column, id).
 */
export function connectMany<E extends { id: string }>(
  ctx: Pick<Context, 'cache' | 'em'>,
  entity: Constructor<E>,
  column: string,
  args: ConnectionArguments,
): { load(id: string): Promise<Connection<E>> } {
  const { size, afterId } = readArguments(args);
  const { tableName } = ctx.em.getMetadata(entity);
  const [table, parent] = [sql.table(tableName), sql.ref(column)];
  const page = afterId ? sql`and id < ${afterId}::uuid` : sql``;
  const key = `${tableName}.${column}`;
  const pages = loadMany(
    ctx,
    `${key} ${size} ${afterId}`,
    ids =>
      query(
        ctx.em,
        sql<{
          parent_id: string;
        }>`select parent.id as parent_id, page.* from unnest(${ids.filter(isId)}::uuid[]) as parent (id)
          cross join lateral (select * from ${table} where ${parent} = parent.id ${page}
            order by id desc limit ${size + 1}) as page`,
      ),
    row => row.parent_id,
  );
  const counts = loadOne(
    ctx,
    `${key} count`,
    ids =>
      query(
        ctx.em,
        sql<{ parent_id: string; count: number }>`select ${parent} as parent_id, count(*)::int as count
          from ${table} where ${parent} = any(${ids.filter(isId)}::uuid[]) group by 1`,
      ),
    row => row.parent_id,
  );
  return {
    async load(id) {
      const rows = await pages.load(id);
      return toConnection(
        rows.map(({ parent_id: _, ...row }) => entityOf(ctx.em, entity, row)),
        size,
        async () => (await counts.load(id))?.count ?? 0,
      );
    },
  };
}

function toConnection<E extends { id: string }>(found: E[], size: number, totalCount: () => Promise<number>) {
  const nodes = found.slice(0, size);
  return {
    nodes,
    edges: nodes.map(node => ({ node, cursor: encodeCursor(node.id) })),
    pageInfo: {
      hasNextPage: found.length > size,
      endCursor: nodes.length > 0 ? encodeCursor(nodes.at(-1)!.id) : null,
    },
    totalCount,
  };
}
export type Connection<E> = Awaited<ReturnType<typeof toConnection<E & { id: string }>>>;

/** What a list looks like to whoever may not see it. */
export const emptyConnection = () => toConnection([], 0, async () => 0);
