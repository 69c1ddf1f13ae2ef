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

/** The entities of the whole rows that a statement gives, e.g. one that ends in `returning *`. */
export async function queryEntities<E extends object>(
  em: EntityManager,
  entity: Constructor<E>,
  statement: RawBuilder<unknown>,
): Promise<E[]> {
  return entitiesOf(em, entity, (await query(em, statement)) as object[]);
}

/**
 * The entities that `rest` selects: whatever follows `select * from <table>`, with bind parameters.
 *
 *     selectEntities(em, Ticket, sql`where order_id = ${orderId} order by id`)
 */
export function selectEntities<E extends object>(
  em: EntityManager,
  entity: Constructor<E>,
  rest: RawBuilder<unknown>,
): Promise<E[]> {
  return queryEntities(em, entity, sql`select * from ${tableOf(em, entity)} ${rest}`);
}

/** Properties whose value the database computes, the same expression for every record: the time by its clock. */
export type Computed<E> = { readonly [property in keyof E]?: RawBuilder<unknown> };

/**
 * The statement that inserts records of an entity, all at once. It stands alone, in a `with`, or before `on conflict`
 * and `returning *`.
 *
 * Columns come from the entity's own definition, so that they are written down once. All records have the same
 * properties; those that none of them has take the column's default.
 */
export function insertion<E extends object, const C extends Computed<E> = Record<never, never>>(
  em: EntityManager,
  entity: Constructor<E>,
  records: readonly Omit<RequiredEntityData<E>, keyof C>[],
  computed?: C,
): RawBuilder<unknown> {
  const table = tableOf(em, entity);
  const given = Object.keys(records[0] ?? {}).map(property => ({
    property,
    column: columnOf(em, entity, property),
  }));
  const added = Object.entries<RawBuilder<unknown> | undefined>(computed ?? {}).map(([property, value]) => ({
    column: sql.ref(columnOf(em, entity, property)),
    value,
  }));
  const rows = (records as readonly Record<string, unknown>[]).map(record =>
    Object.fromEntries(given.map(({ property, column }) => [column, jsonValue(record[property])])),
  );
  const columns = given.map(({ column }) => sql.ref(column));
  return sql`insert into ${table} (${sql.join([...columns, ...added.map(({ column }) => column)])})
    select ${sql.join([...columns, ...added.map(({ value }) => value)])}
    from jsonb_populate_recordset(null::${table}, ${JSON.stringify(rows)}::jsonb)`;
}

/** Inserts records of an entity in one statement, whatever their number; see insertion. They do not enter the unit of work. */
export async function insertEntities<E extends object, const C extends Computed<E> = Record<never, never>>(
  em: EntityManager,
  entity: Constructor<E>,
  records: readonly Omit<RequiredEntityData<E>, keyof C>[],
  computed?: C,
): Promise<void> {
  if (records.length > 0) await query(em, insertion(em, entity, records, computed));
}

/** The table of an entity, for statements. */
const tableOf = (em: EntityManager, entity: Constructor<object>) =>
  sql.table(em.getMetadata(entity).tableName);

/** The column of an entity's property. @throws Error when there is none: a fault of ours. */
export function columnOf(em: EntityManager, entity: Constructor<object>, property: string): string {
  const { className, properties } = em.getMetadata(entity);
  const column = (properties as Record<string, { fieldNames: string[] }>)[property]?.fieldNames[0];
  if (!column) throw new Error(`${className} has no column for ${property}`);
  return column;
}

/** As PostgreSQL reads it from JSON: bytea in its own notation, which JSON has no type for. */
const jsonValue = (value: unknown) =>
  value instanceof Uint8Array ? `\\x${Buffer.from(value).toString('hex')}` : value;
