/** Cursor connections (Relay's shape) over tables whose ids sort by age. */
import type { Constructor } from '@mikro-orm/postgresql';
import type { RawBuilder } from 'kysely';
import { type EntityManager, isId, query, sql } from './database.ts';
import { badInput } from './errors.ts';

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
  return toConnection(
    rows.map(row => em.map(entity, row as never)),
    size,
    count,
  );
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
