/**
 * Counts how many database connections each subgraph can use at once: a connection that was never returned is missing.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { Client } from 'pg';
import { mintPassport, PASSPORT_HEADER } from '#shared/kernel/passport.ts';
import { DEVELOPMENT_INTERNAL_SECRET } from '#shared/kernel/settings.ts';
import { SEEDED_USERS } from '#shared/seeds.ts';
import type { Pool } from './judges/evidence.ts';
import { SUBGRAPH_DATABASES } from './snapshot.ts';
import type { World } from './world.ts';

/** More connections than any pool has. */
const REQUESTS = 24;
/** A new connection takes some time on a busy machine. */
const FULL_WITHIN_MS = 10_000;
const STEADY_MS = 1_500;
const LOOK_EVERY_MS = 50;

/** The counts by subgraph. Where `expected` is given, this waits until the count reaches it. */
export async function countConnections(world: World, expected = new Map<string, number>()) {
  const counts = SUBGRAPH_DATABASES.map(
    async (name): Promise<[string, number]> => [
      name,
      await countBusy(world, name, expected.get(name)).catch(() => 0),
    ],
  );
  return new Map(await Promise.all(counts));
}

export const comparePools = (before: Map<string, number>, after: Map<string, number>): Pool[] =>
  [...before].map(([process, count]) => ({ process, before: count, after: after.get(process) ?? 0 }));

/**
 * Locks a table from outside, sends more requests for it than there are connections, and counts the sessions that wait.
 */
async function countBusy({ stack, sql }: World, name: string, expected: number | undefined): Promise<number> {
  const lock = new Client({ connectionString: stack.databaseUrl(name) });
  lock.on('error', () => undefined);
  await lock.connect();
  const leaving = new AbortController();
  try {
    await lock.query('begin');
    await lock.query('lock table dead_letters in access exclusive mode');
    const asked = await askForDeadLetters(`${stack.urls[name]}/graphql`, name, leaving.signal);
    let most = 0;
    let grownAt = Date.now();
    const giveUpAt = Date.now() + FULL_WITHIN_MS;
    const isFull = () =>
      expected === undefined ? most > 0 && Date.now() - grownAt > STEADY_MS : most >= expected;
    while (!isFull() && Date.now() < giveUpAt) {
      const [row] = await sql<{ count: number }>(
        'postgres',
        `select count(*)::int as count from pg_stat_activity where datname = $1 and wait_event_type = 'Lock'`,
        [name],
      );
      if (row!.count > most) {
        most = row!.count;
        grownAt = Date.now();
      }
      await pause(LOOK_EVERY_MS);
    }
    await lock.query('rollback');
    await asked.finished;
    return most;
  } finally {
    leaving.abort();
    await lock.end();
  }
}

/** Sends requests as the gateway does for an administrator. Resolves, once all are under way, to the end of all. */
async function askForDeadLetters(url: string, name: string, signal: AbortSignal) {
  const { id, email, displayName, role } = SEEDED_USERS.find(user => user.role === 'ADMIN')!;
  const viewer = { id, email, displayName, role, permissions: [], locale: 'fr' };
  const passport = await mintPassport(viewer, DEVELOPMENT_INTERNAL_SECRET);
  const query = `{ ${name}DeadLetters(first: 1) { nodes { id } } }`;
  const asked = Array.from({ length: REQUESTS }, () =>
    fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', [PASSPORT_HEADER]: passport },
      body: JSON.stringify({ query }),
      signal: AbortSignal.any([signal, AbortSignal.timeout(10_000)]),
    })
      .then(response => response.arrayBuffer())
      .catch(() => undefined),
  );
  return { finished: Promise.all(asked) };
}
