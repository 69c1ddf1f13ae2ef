/**
 * Quotas: how many exist, and how many of them orders have taken (held or sold, invariant I3).
 *
 * The count is one column, changed by one conditional statement per quota. Under READ COMMITTED such a statement waits
 * for whoever wrote the row before and then looks at the row's newest version, so that the last place is given once;
 * the table's check would refuse anything else. Against locks and a sum over the holds (pretix's way) this keeps the
 * hot row for one statement instead of three and costs the same however many orders there are. That the column and the
 * holds agree is what the tests verify.
 *
 * Every transaction changes its quotas last, and in the order of their ids: nobody holds a row for long, and no two
 * orders can wait for each other.
 */
import { type EntityManager, query, sql } from '#shared/data/database.ts';

/** Quantities by quota. */
export type Demand = Map<string, number>;

const inKeyOrder = (demand: Demand) => [...demand].sort(([a], [b]) => (a < b ? -1 : 1));

/**
 * Takes what is demanded of each quota that has it. Gives the quotas that had too little: when there are any, the
 * caller rolls back, so that an order gets all or nothing.
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

/** Gives back what takeFromQuotas took. */
export async function giveBackToQuotas(em: EntityManager, demand: Demand): Promise<void> {
  for (const [id, quantity] of inKeyOrder(demand)) {
    await query(em, sql`update quotas set taken = taken - ${quantity}::int where id = ${id}`);
  }
}
