import { Migration, Migrator } from '@mikro-orm/migrations';
import { type Constructor, type EntityManager, type EntitySchema, MikroORM } from '@mikro-orm/postgresql';
import { type RawBuilder, sql } from 'kysely';
import type { Pool } from 'pg';
import { v7, validate } from 'uuid';
import { checkDeadline } from '../kernel/deadline.ts';
import {
  ANSWER_TIMEOUT_MS,
  CONNECTION_TIMEOUT_MS,
  guardPool,
  type Limits,
  POOL_SIZE,
  SESSION_OPTIONS,
} from './pool.ts';

export type { EntityManager } from '@mikro-orm/postgresql';
export { LockMode } from '@mikro-orm/postgresql';
export { type RawBuilder, sql } from 'kysely';
export { Migration };

/** Oldest first. A migration that has run somewhere is never edited: the next one mends it. */
export type Migrations = Record<string, Constructor<Migration>>;

/**
 * Opens a subgraph's own database and brings it up to date.
 *
 * A connection that breaks leaves the pool, and whoever waits too long for one, or for an answer, gets an error of
 * which `isDatabaseUnavailable` is true. A transaction that takes longer than a minute is ended by PostgreSQL.
 */
export async function openDatabase(
  url: string,
  entities: (Constructor | EntitySchema)[],
  migrations: Migrations,
): Promise<MikroORM> {
  const limits: Limits = { answer: undefined };
  const orm = await MikroORM.init({
    clientUrl: url,
    entities,
    extensions: [Migrator],
    discovery: { warnWhenNoEntities: false },
    migrations: {
      migrationsList: Object.entries(migrations).map(([name, migration]) => ({
        name,
        class: migration,
      })),
      snapshot: false,
    },
    pool: { min: 0, max: POOL_SIZE },
    driverOptions: {
      options: SESSION_OPTIONS,
      connectionTimeoutMillis: CONNECTION_TIMEOUT_MS,
      keepAlive: true,
      onPoolCreated: (pool: Pool) => guardPool(pool, limits),
    },
    logger: () => {},
  });
  await migrate(orm);
  limits.answer = ANSWER_TIMEOUT_MS;
  return orm;
}

/**
 * Runs what is missing, all in one transaction. Replicas that start together take turns by its advisory lock. It may
 * take as long as it needs: on a large table that is longer than any other transaction may take.
 */
async function migrate(orm: MikroORM): Promise<void> {
  await orm.em.fork().transactional(async em => {
    await query(em, sql`set local transaction_timeout = 0`);
    await query(em, sql`select pg_advisory_xact_lock(hashtext('guichet-migrations'))`);
    await orm.migrator.up({ transaction: em.getTransactionContext() });
  });
}

/** The pool of an open database, for health checks. */
export const poolOf = (orm: MikroORM): Promise<Pool> => orm.em.getConnection().getNativeClient();

/**
 * Runs SQL with bind parameters in the unit of work's transaction, if there is one.
 *
 * MikroORM itself sends values inlined and unprepared, which is several times slower: hot reads and locking
 * statements go through here. `sql` is Kysely's template; column names come back as they are in the database.
 * @throws UNAVAILABLE after the deadline of the reading request that it belongs to.
 */
export async function query<Row>(em: EntityManager, statement: RawBuilder<Row>): Promise<Row[]> {
  checkDeadline();
  return (await statement.execute(em.getKysely())).rows;
}

/** Runs in the unit of work's transaction, or in a new one: commits when `work` returns, rolls back when it throws. */
export function inTransaction<T>(em: EntityManager, work: (em: EntityManager) => Promise<T>): Promise<T> {
  return em.isInTransaction() ? work(em) : em.transactional(inner => work(inner as EntityManager));
}

/** A new id: UUIDv7 (RFC 9562), so that ids sort by age and lists page by id alone. */
export const newId = (): string => v7();

/** False for text that cannot be an id; PostgreSQL would answer it with an error instead of nothing. */
export const isId = (text: string): boolean => validate(text);

/** True when the failure is PostgreSQL's unique_violation, optionally of one constraint. */
export function isUniqueViolation(error: unknown, constraint?: string): boolean {
  const { code, constraint: name, cause } = error as { code?: string; constraint?: string; cause?: unknown };
  if (code === '23505') return !constraint || name === constraint;
  return cause instanceof Error && isUniqueViolation(cause, constraint);
}
