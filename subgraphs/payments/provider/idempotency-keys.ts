/**
 * Idempotency keys with generations. Stripe stores the first answer to a key and replays it for a day, its own errors
 * included (https://docs.stripe.com/api/idempotent_requests): a key that never varied would lock out whatever needs it.
 * So a key moves on to its next generation, by compare-and-set in the database, once an error was answered, is known to
 * be stored, and the provider shows no trace of the operation. Where an answer was lost, the same key is asked again.
 *
 * A row exists only for an operation that has failed once, and is written before anything else is done about it.
 */
import { type EntityManager, query, sql } from '#shared/data/database.ts';
import { fork } from '#shared/data/entities.ts';
import type { PaymentsContext } from '../services.ts';
import { ProviderRefusal, ProviderUnavailable } from './provider-errors.ts';

/**
 * An error that is answered twice under one key, this far apart, is taken as stored where the provider does not mark
 * its replays: one that is still at work on the key would answer 409.
 */
const SETTLE_MS = 500;
/** An error and its replay, the next generation, and one more: whatever comes after that is an outage. */
const CALLS = 4;

export interface Operation<T> {
  /** What the operation has left behind at the provider; null when there is nothing. */
  look: () => Promise<T | null>;
  make: (key: string) => Promise<T>;
  settleMs?: number;
}

interface KeyRow {
  generation: number;
  /** An error was answered under this generation, long enough ago. */
  settled: boolean;
}

/**
 * Has the provider carry out an operation once, whoever asks, how often, and however it fails: makes it under its
 * saved key, or finds what was made behind an error.
 *
 * @param name the operation, unique for ever; the first generation of its key.
 * @throws ProviderUnavailable when it has to be called again later; ProviderRefusal.
 */
export async function carryOutOnce<T>(
  ctx: PaymentsContext,
  name: string,
  { look, make, settleMs = SETTLE_MS }: Operation<T>,
): Promise<T> {
  const em = fork(ctx.em);
  const before = await findKey(em, name);
  let generation = before?.generation ?? 0;
  // A server that knows no keys would do it a second time.
  const left = before && (await look().catch(ignoreRefusal));
  if (left) return left;
  for (let call = 1; ; call += 1) {
    try {
      return await make(keyOf(name, generation));
    } catch (error) {
      if (!(error instanceof ProviderUnavailable)) throw error;
      const row = await recordFailure(em, name, { generation, answered: error.answered, settleMs });
      if (!error.answered) throw error;
      const found = await look().catch(refusal => {
        throw refusal instanceof ProviderRefusal ? error : refusal;
      });
      if (found) return found;
      if (call === CALLS) throw error;
      if (row.generation !== generation) generation = row.generation;
      else if (error.stored || row.settled) generation = await moveOn(ctx, em, name, generation);
      // The first answer does not say that it is stored; the second does.
      else if (call > 1) throw error;
    }
  }
}

/** True when an operation whose name begins so has failed once. */
export async function hasFailed(em: EntityManager, prefix: string): Promise<boolean> {
  const rows = await query(em, sql`select 1 from provider_keys where operation like ${`${prefix}%`} limit 1`);
  return rows.length > 0;
}

/** How the names of all operations that make a payment known to the provider begin. */
export const intentKey = (paymentId: string) => `payment-${paymentId}-intent`;

const keyOf = (name: string, generation: number) =>
  generation === 0 ? name : `${name}-generation-${generation}`;

/** Asking again under the same key does no harm. */
function ignoreRefusal(error: unknown): null {
  if (error instanceof ProviderRefusal) return null;
  throw error;
}

async function findKey(em: EntityManager, name: string): Promise<{ generation: number } | undefined> {
  const [row] = await query(
    em,
    sql<{ generation: number }>`select generation from provider_keys where operation = ${name}`,
  );
  return row;
}

/** The times are the database's, so that those of two processes can be compared. */
async function recordFailure(
  em: EntityManager,
  name: string,
  { generation, answered, settleMs }: { generation: number; answered: boolean; settleMs: number },
): Promise<KeyRow> {
  const [row] = await query(
    em,
    sql<KeyRow>`insert into provider_keys as k (operation, failed_at)
      values (${name}, case when ${answered}::boolean then clock_timestamp() end)
      on conflict (operation) do update set failed_at = case when k.generation = ${generation}
        then coalesce(k.failed_at, excluded.failed_at) else k.failed_at end
      returning generation,
        coalesce(failed_at <= clock_timestamp() - make_interval(secs => ${settleMs / 1_000}), false) as settled`,
  );
  return row!;
}

/** The generation to go on with: the next one, which is the same for all who found this one used up. */
async function moveOn(ctx: PaymentsContext, em: EntityManager, name: string, from: number): Promise<number> {
  await query(
    em,
    sql`update provider_keys set generation = ${from + 1}, failed_at = null
      where operation = ${name} and generation = ${from}`,
  );
  const { generation } = (await findKey(em, name))!;
  ctx.log.warn(
    { operation: name, generation },
    'an error is stored under a key: its next generation is used',
  );
  return generation;
}
