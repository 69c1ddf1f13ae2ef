/**
 * Tells when a run is at rest: nothing is in a passing state, nothing waits in a queue, every process is ready (I13).
 */
import { setTimeout as pause } from 'node:timers/promises';
import { createApiClient } from '../../dev/buyer/client.ts';
import { signIn } from '../../dev/buyer/purchase.ts';
import { PROCESSES } from './schedule.ts';
import { SUBGRAPH_DATABASES } from './snapshot.ts';
import type { World } from './world.ts';

/** By database: a statement that lists what is under way, as text. */
const UNDER_WAY: [database: string, statement: string][] = [
  [
    'orders',
    `select format('order %s is %s', id, status) as what from orders
     where status not in ('COMPLETED', 'CANCELED', 'FAILED')`,
  ],
  [
    'payments',
    `select format('payment %s of order %s is %s', id, order_id, status) as what from payments
     where status not in ('SUCCEEDED', 'FAILED', 'CANCELED') or confirming_since is not null
     union all select format('refund %s is PENDING', id) from refunds where status = 'PENDING'
     union all select format('checkout %s is %s', id, status) from checkout_sessions where status = 'OPENING'
     union all select format('webhook %s (%s) is not handled', id, type) from webhooks where handled_at is null`,
  ],
  [
    'notifications',
    `select format('notification %s of order %s is %s', id, order_id, status) as what from notifications
     where status in ('QUEUED', 'SENDING')`,
  ],
  ...SUBGRAPH_DATABASES.map((database): [string, string] => [
    database,
    `select format('%s %s in the outbox of ${database} waits for %s after %s attempts', name, id, pending, attempts)
     as what from outbox
     where (pending <> '{}' or live_topics <> '{}') and (attempts > 0 or due_at <= clock_timestamp())`,
  ]),
];

/** Finished jobs are removed: a job that is still there is waiting, or was never done. */
const JOBS: [string, string] = [
  'jobs',
  `select format('job %s of %s is %s after %s attempts', id, queue, state, attempts_made) as what from bullmq.job`,
];

/** The list of what is not at rest yet, as text; empty when everything is. */
export async function findUnrest(world: World): Promise<string[]> {
  const ailing = await findAiling(world);
  const underWay = await Promise.all(
    [...UNDER_WAY, ...(world.redis ? [] : [JOBS])].map(async ([database, statement]) => {
      try {
        return (await world.sql<{ what: string }>(database, statement)).map(({ what }) => what);
      } catch (error) {
        return [`the database ${database} does not answer: ${error}`];
      }
    }),
  );
  return [...ailing, ...underWay.flat(), ...(await findDeliveries(world))];
}

/** Processes that are not alive or not ready. */
async function findAiling({ stack }: World): Promise<string[]> {
  const asked = PROCESSES.flatMap(name =>
    ['health', 'ready'].map(async path => {
      try {
        const response = await fetch(`${stack.urls[name]}/${path}`, { signal: AbortSignal.timeout(5_000) });
        const body = (await response.text()).slice(0, 200);
        return response.ok ? [] : [`${name} answers /${path} with ${response.status} ${body}`];
      } catch (error) {
        return [`${name} does not answer /${path}: ${error}`];
      }
    }),
  );
  return (await Promise.all(asked)).flat();
}

/** Webhooks that the provider has not delivered yet. */
async function findDeliveries({ stack }: World): Promise<string[]> {
  const response = await fetch(`${stack.stripeSandboxUrl}/sandbox/deliveries?state=pending`);
  const { data } = (await response.json()) as { data: { event: string; type: string }[] };
  return data.map(({ event, type }) => `webhook ${event} (${type}) is not delivered`);
}

export interface Rest {
  seconds: number;
  /** What did not come to rest in time. */
  unrest: string[];
  /** Dead letters that were replayed. */
  replayed: string[];
}

const LOOK_EVERY_MS = 400;
/** The number of consecutive checks without unrest after which the run is at rest. */
const LOOKS = 3;

/** Waits for rest, for `withinMs` at most, and replays the dead letters once on the way. */
export async function comeToRest(world: World, withinMs: number): Promise<Rest> {
  const since = Date.now();
  const replayed = new Map<string, string>();
  let unrest: string[] = [];
  for (let quiet = 0; quiet < LOOKS && Date.now() - since < withinMs; ) {
    await pause(LOOK_EVERY_MS);
    unrest = [...(await findUnrest(world)), ...(await replayDeadLetters(world, replayed))];
    quiet = unrest.length === 0 ? quiet + 1 : 0;
  }
  const seconds = Math.round((Date.now() - since) / 100) / 10;
  return { seconds, unrest, replayed: [...replayed.values()] };
}

/**
 * Replays, through the API, the dead letters that an administrator would find. Those that remain after that are unrest.
 */
async function replayDeadLetters(world: World, replayed: Map<string, string>): Promise<string[]> {
  const unrest: string[] = [];
  for (const database of SUBGRAPH_DATABASES) {
    const letters = await world
      .sql<{ id: string; name: string; error: string }>(database, 'select id, name, error from dead_letters')
      .catch(() => []);
    for (const { id, name, error } of letters) {
      const words = `dead letter of ${database}: ${name} ${id}: ${error}`;
      unrest.push(replayed.has(id) ? `${words}, after it was replayed` : words);
      if (replayed.has(id)) continue;
      try {
        await replay(world, database, id);
        replayed.set(id, words);
      } catch (failure) {
        unrest.push(`${words} cannot be replayed: ${failure}`);
      }
    }
  }
  return unrest;
}

async function replay({ stack }: World, database: string, id: string): Promise<void> {
  const admin = await signIn(createApiClient(stack.gatewayUrl), 'admin@guichet.test', 'admin-guichet');
  const field = `replay${database[0]!.toUpperCase()}${database.slice(1)}DeadLetter`;
  await admin.get(`mutation ($id: ID!) { ${field}(id: $id) }`, { id });
}
