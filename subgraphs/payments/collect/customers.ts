/** Buyers as the provider knows them: one customer per user. */
import { type EntityManager, inTransaction, query, sql } from '#shared/data/database.ts';
import { emit } from '#shared/messaging/outbox.ts';
import { carryOutOnce } from '../provider/keys.ts';
import type { PaymentsContext } from '../services.ts';
import type { Payment } from './payment.entity.ts';

/** The provider's id of a payment's customer, made once per user however many ask at the same time. */
export async function ensureCustomer(ctx: PaymentsContext, payment: Payment): Promise<string> {
  const { customerId: userId, customerEmail, customerName } = payment;
  const em = ctx.em.fork() as EntityManager;
  await query(
    em,
    sql`insert into stripe_customers (user_id, email, display_name)
      values (${userId}, ${customerEmail}, ${customerName}) on conflict do nothing`,
  );
  const [saved] = await query(
    em,
    sql<{ email: string; name: string; reference: string | null }>`
      select email, display_name as name, provider_reference as reference
      from stripe_customers where user_id = ${userId}`,
  );
  if (saved!.reference) return saved!.reference;
  const { provider } = ctx.services;
  const reference = await carryOutOnce(ctx, `customer-${userId}`, {
    look: () => provider.findCustomer(userId, saved!),
    make: key => provider.createCustomer(userId, saved!, key),
  });
  await inTransaction(em, async em => {
    const stored = await query(
      em,
      sql`update stripe_customers set provider_reference = ${reference}
        where user_id = ${userId} and provider_reference is null returning user_id`,
    );
    if (stored.length > 0) await emit(em, 'stripe.customer.created', { userId, stripeCustomerId: reference });
  });
  return (await findCustomer(em, userId)) ?? reference;
}

/** The provider's id of a user's customer, once there is one. */
export async function findCustomer(em: EntityManager, userId: string): Promise<string | null> {
  const [row] = await query(
    em,
    sql<{ reference: string | null }>`select provider_reference as reference
      from stripe_customers where user_id = ${userId}`,
  );
  return row?.reference ?? null;
}
