import { createHash } from 'node:crypto';
import { type EntityManager, query, sql } from './database.ts';

/** Part of every subgraph's first migration. */
export const IDEMPOTENCY_TABLE = `create table idempotency_keys (
  scope text not null,
  key text not null,
  input_hash text not null,
  result_id uuid not null,
  created_at timestamptz not null default clock_timestamp(),
  primary key (scope, key)
)`;

export type Claim = { outcome: 'new' } | { outcome: 'replay'; resultId: string } | { outcome: 'conflict' };

/**
 * Takes an idempotency key within the caller's transaction: whoever commits first with it is the one that acts.
 *
 * `scope` keeps viewers and operations apart, e.g. `placeOrder:<viewer id>`. A concurrent request with the same key
 * waits for this transaction to end. `replay`: the same input was answered with `resultId` before; `conflict`: the
 * key was used with another input.
 */
export async function claimKey(
  em: EntityManager,
  { scope, key, input, resultId }: { scope: string; key: string; input: unknown; resultId: string },
): Promise<Claim> {
  const hash = hashOf(input);
  const taken = await query(
    em,
    sql`insert into idempotency_keys (scope, key, input_hash, result_id)
      values (${scope}, ${key}, ${hash}, ${resultId}) on conflict do nothing returning key`,
  );
  return taken.length > 0 ? { outcome: 'new' } : findKey(em, { scope, key, input });
}

/** What a key was used for so far, without taking it: for an early answer before slow questions are asked. */
export async function findKey(
  em: EntityManager,
  { scope, key, input }: { scope: string; key: string; input: unknown },
): Promise<Claim> {
  const [earlier] = await query(
    em,
    sql<{ input_hash: string; result_id: string }>`select input_hash, result_id from idempotency_keys
      where scope = ${scope} and key = ${key}`,
  );
  if (!earlier) return { outcome: 'new' };
  if (earlier.input_hash !== hashOf(input)) return { outcome: 'conflict' };
  return { outcome: 'replay', resultId: earlier.result_id };
}

/** Forgets keys that are older than `age`, a PostgreSQL interval such as `14 days`. */
export async function forgetKeys(em: EntityManager, age: string): Promise<void> {
  await query(em, sql`delete from idempotency_keys where created_at < now() - ${age}::interval`);
}

const hashOf = (input: unknown) => createHash('sha256').update(canonicalJson(input)).digest('hex');

/** JSON with sorted keys: equal inputs give equal text, whatever the order they were written in. */
function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner) =>
    inner && typeof inner === 'object' && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}

/** The member of result unions that answers a conflicting key. */
export const idempotencyConflict = () => ({
  __typename: 'IdempotencyConflict' as const,
  message: 'This idempotency key was used before with another input.',
});
