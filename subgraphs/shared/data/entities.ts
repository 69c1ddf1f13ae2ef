/**
 * Between SQL and entities: what MikroORM's unit of work does not do well, inserting many and listing, goes through SQL,
 * and only here do its rows become entities and entities rows. See docs/decisions/sql-and-mikroorm.md.
 */
import type { Constructor, EntityData, RequiredEntityData } from '@mikro-orm/postgresql';
import { type RawBuilder, sql } from 'kysely';
import { type EntityManager, query } from './database.ts';

/** A unit of work of its own, outside of any transaction that `em` may be in. */
export const fork = (em: EntityManager): EntityManager => em.fork() as EntityManager;

/** The entity of a whole row, as SQL gives it; one that the unit of work knows already is brought up to date. */
export function entityOf<E extends object>(em: EntityManager, entity: Constructor<E>, row: object): E {
  return em.map(entity, row as EntityData<E>);
}

export const entitiesOf = <E extends object>(
  em: EntityManager,
  entity: Constructor<E>,
  rows: object[],
): E[] => rows.map(row => entityOf(em, entity, row));

/**
 * The entities that `rest` selects: whatever follows `select * from <table>`, with bind parameters.
 *
 *     selectEntities(em, Ticket, sql`where order_id = ${orderId} order by id`)
 */
export async function selectEntities<E extends object>(
  em: EntityManager,
  entity: Constructor<E>,
  rest: RawBuilder<unknown>,
): Promise<E[]> {
  const table = sql.table(em.getMetadata(entity).tableName);
  return entitiesOf(em, entity, await query(em, sql<object>`select * from ${table} ${rest}`));
}

/**
 * Inserts rows of an entity in one statement, whatever their number. They do not enter the unit of work.
 *
 * Columns come from the entity's own definition, so that they are written down once. All records have the same
 * properties; those that none of them has take the column's default.
 */
export async function insertEntities<E extends object>(
  em: EntityManager,
  entity: Constructor<E>,
  records: readonly RequiredEntityData<E>[],
): Promise<void> {
  const [first] = records;
  if (!first) return;
  const { tableName, properties } = em.getMetadata(entity);
  const columnOf = (property: string) =>
    properties[property as keyof typeof properties]!.fieldNames[0] as string;
  const rows = records.map(record =>
    Object.fromEntries(Object.entries(record).map(([property, value]) => [columnOf(property), value])),
  );
  const table = sql.table(tableName);
  const columns = sql.join(Object.keys(first).map(property => sql.ref(columnOf(property))));
  await query(
    em,
    sql`insert into ${table} (${columns})
      select ${columns} from jsonb_populate_recordset(null::${table}, ${JSON.stringify(rows)}::jsonb)`,
  );
}
