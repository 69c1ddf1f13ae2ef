/** Buyers as a provider knows them: one customer per user and provider. */
import { type EntityManager, inTransaction, query, sql } from '#shared/data/database.ts';
import { fork } from '#shared/data/entities.ts';
import { emit } from '#shared/messaging/outbox.ts';
import { carryOutOnce } from '../provider/idempotency-keys.ts';
import { type PaymentsContext, providerOf } from '../services.ts';
import type { Payment } from './payment.entity.ts';

/** The provider's id of a payment's customer, made once per user however many ask at the same time. */
export async function ensureCustomer(ctx: PaymentsContext, payment: Payment): Promise<string> {
  const { provider: name, customerId: userId, customerEmail, customerName } = payment;
  const em = fork(ctx.em);
  await query(
    em,
    sql`insert into customers (provider, user_id, email, display_name)
      values (${name}, ${userId}, ${customerEmail}, ${customerName}) on conflict do nothing`,
  );
  const [saved] = await query(
    em,
    sql<{ email: string; name: string; reference: string | null }>`
      select email, display_name as name, provider_reference as reference
      from customers where provider = ${name} and user_id = ${userId}`,
  );
  const { email, name: displayName, reference: known } = saved!;
  if (known) return known;
  const provider = providerOf(ctx, payment);
  const customer = { userId, email, name: displayName };
  const reference = await carryOutOnce(ctx, keyOf(payment), {
    look: () => provider.findCustomer(customer),
    make: key => provider.createCustomer(customer, key),
  });
  await inTransaction(em, async em => {
    const stored = await query(
      em,
      sql`update customers set provider_reference = ${reference}
        where provider = ${name} and user_id = ${userId} and provider_reference is null returning user_id`,
    );
    if (stored.length > 0 && name === 'STRIPE') {
      await emit(em, 'stripe.customer.created', { userId, stripeCustomerId: reference });
    }
  });
  return (await findCustomer(em, payment)) ?? reference;
}

/** An operation's name is unique over all providers; Stripe's has been in use since it was the only one. */
const keyOf = ({ provider, customerId }: Payment) =>
  provider === 'STRIPE' ? `customer-${customerId}` : `customer-${provider.toLowerCase()}-${customerId}`;

/** The provider's id of a payment's customer, once there is one. */
export async function findCustomer(
  em: EntityManager,
  { provider, customerId }: Payment,
): Promise<string | null> {
  const [row] = await query(
    em,
    sql<{ reference: string | null }>`select provider_reference as reference
      from customers where provider = ${provider} and user_id = ${customerId}`,
  );
  return row?.reference ?? null;
}
