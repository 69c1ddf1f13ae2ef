/** Locks that decide which of two transactions on a payment, or on an order without one, goes first. */
import { type EntityManager, isId, LockMode, query, sql } from '#shared/data/database.ts';
import { Payment } from './payment.entity.ts';

/** The payment as it is now, locked until the transaction ends; without the lock only to show a race in a test. */
export async function lockPayment(
  em: EntityManager,
  id: string,
  { lock = true } = {},
): Promise<Payment | null> {
  if (!isId(id)) return null;
  const lockMode = lock ? LockMode.PESSIMISTIC_WRITE : LockMode.NONE;
  return em.findOne(Payment, { id }, { lockMode, refresh: true });
}

/**
 * Lets one transaction at a time decide whether an order or invoice gets a payment: the row that would say so may
 * not exist yet.
 */
export async function lockSubject(em: EntityManager, id: string): Promise<void> {
  await query(em, sql`select pg_advisory_xact_lock(hashtextextended(${id}, 0))`);
}
