/**
 * Quotas: how many units exist, and how many of them orders have taken (held or sold, invariant I3).
 *
 * The count is one column, changed by one conditional statement per quota. Under READ COMMITTED such a statement waits
 * for the transaction that wrote the row before, and then reads the newest version of the row, so that the last place
 * is given once; the table's check constraint refuses anything else. Compared with locks and a sum over the holds (as
 * pretix does), this locks the contended row for one statement instead of three, and its cost does not grow with the
 * number of orders. The tests verify that the column and the holds agree.
 *
 * Every transaction changes its quotas last, and in the order of their ids: no transaction locks a row for long, and no
 * two orders can deadlock.
 */
import { type EntityManager, query, sql } from '#shared/data/database.ts';

/** Quantities by quota. */
export type Demand = Map<string, number>;

const inKeyOrder = (demand: Demand) => [...demand].sort(([a], [b]) => (a < b ? -1 : 1));

/**
 * Takes the demanded quantity from each quota that has enough. Returns the quotas that had too little: when there are
 * any, the caller rolls back, so that an order gets all or nothing.
 */
export async function takeFromQuotas(em: EntityManager, demand: Demand): Promise<string[]> {
  const short: string[] = [];
  for (const [id, quantity] of inKeyOrder(demand)) {
    const taken = await query(
      em,
      sql`update quotas set taken = taken + ${quantity}::int
          where id = ${id} and taken + ${quantity}::int <= capacity returning id`,
    );
    if (taken.length === 0) short.push(id);
  }
  return short;
}

/** Gives back the quantities that takeFromQuotas took. */
export async function giveBackToQuotas(em: EntityManager, demand: Demand): Promise<void> {
  for (const [id, quantity] of inKeyOrder(demand)) {
    await query(em, sql`update quotas set taken = taken - ${quantity}::int where id = ${id}`);
  }
}
