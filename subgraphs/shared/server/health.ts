/**
 * What supervisors and load balancers ask a process: `/ready`, whether it can serve at the moment, and `/health`,
 * whether it needs a restart. A database that is away makes it not ready and leaves it healthy: a restart would not
 * bring the database back.
 */
import type { ServerResponse } from 'node:http';
import { Client, type Pool } from 'pg';
import { answerJson } from '../kernel/http.ts';
import type { Log } from '../kernel/log.ts';

/** One reason for which a process may need a restart. */
export interface HealthCheck {
  name: string;
  /** What is wrong and will not become well without a restart, in a sentence; undefined while there is nothing. */
  ailment(): string | undefined | Promise<string | undefined>;
}

/** What all checks complain of, each under its name; empty for a healthy process. A check that throws complains. */
export async function findAilments(checks: HealthCheck[]): Promise<Record<string, string>> {
  const found = await Promise.all(
    checks.map(async ({ name, ailment }) => {
      try {
        return [name, await ailment()] as const;
      } catch (error) {
        return [name, `the check failed: ${error}`] as const;
      }
    }),
  );
  return Object.fromEntries(found.filter((entry): entry is [string, string] => entry[1] !== undefined));
}

/** Answers `/health`. */
export async function answerHealth(res: ServerResponse, checks: HealthCheck[], log: Log): Promise<void> {
  const ailments = await findAilments(checks);
  if (Object.keys(ailments).length === 0) return answerJson(res, 200, { status: 'ok' });
  log.error({ ailments }, 'unhealthy: this process needs a restart');
  answerJson(res, 503, { status: 'unhealthy', ailments });
}

/** Answers `/ready`. */
export async function answerReady(
  res: ServerResponse,
  database: DatabaseWatch,
  stopping: boolean,
): Promise<void> {
  if (stopping) return answerJson(res, 503, { status: 'stopping' });
  if (await database.ready()) return answerJson(res, 200, { status: 'ready' });
  answerJson(res, 503, { status: 'database does not answer' });
}

/** Longest time that an asker waits for a probe's outcome. The probe itself may take longer. */
const PATIENCE_MS = 1_000;
const PROBE_ANSWER_MS = 2_000;

/**
 * A pool of which no connection has come back for so long, while one was asked for, counts as wedged. Longer than
 * any transaction may last (`TRANSACTION_TIMEOUT_MS`): connections that wait for a lock come back by then.
 */
const WEDGED_AFTER_MS = 75_000;

export interface DatabaseWatch extends HealthCheck {
  /** Whether a connection of the pool answers within a second. */
  ready(): Promise<boolean>;
}

/**
 * Watches over a pool.
 *
 * There is one probe under way at a time, however many ask: probes do not queue up behind each other, nor fill the
 * pool that they watch.
 */
export function watchDatabase(
  pool: Pool,
  databaseUrl: string,
  { wedgedAfterMs = WEDGED_AFTER_MS } = {},
): DatabaseWatch {
  let probe: Promise<boolean> | undefined;
  /** When the first probe began that has not been followed by one with a good end. */
  let askingSince: number | undefined;
  let lastReturn = performance.now();
  pool.on('release', () => {
    lastReturn = performance.now();
  });

  function ask(): Promise<boolean> {
    askingSince ??= performance.now();
    probe ??= useConnection(pool)
      .then(
        () => {
          askingSince = undefined;
          return true;
        },
        () => false,
      )
      .finally(() => {
        probe = undefined;
      });
    return orFalseWithin(PATIENCE_MS, probe);
  }

  return {
    name: 'database',
    ready: ask,
    async ailment() {
      const since = askingSince;
      const answered = ask();
      if (since === undefined) return undefined;
      const stuckForMs = performance.now() - Math.max(since, lastReturn);
      if (stuckForMs < wedgedAfterMs || (await answered)) return undefined;
      if (!(await orFalseWithin(PATIENCE_MS, connectAfresh(databaseUrl)))) return undefined;
      const seconds = Math.round(stuckForMs / 1_000);
      return `no connection came back to the pool for ${seconds} s, although the database answers`;
    },
  };
}

async function useConnection(pool: Pool): Promise<void> {
  const client = await pool.connect();
  try {
    await client.query({ text: 'select 1', query_timeout: PROBE_ANSWER_MS } as { text: string });
    client.release();
  } catch (error) {
    client.release(error as Error);
    throw error;
  }
}

/** True when the database answers on a connection that is not the pool's. */
async function connectAfresh(connectionString: string): Promise<boolean> {
  const client = new Client({ connectionString, connectionTimeoutMillis: PROBE_ANSWER_MS });
  client.on('error', () => {});
  try {
    await client.connect();
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => {});
  }
}

async function orFalseWithin(ms: number, outcome: Promise<boolean>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>(resolve => {
    timer = setTimeout(resolve, ms, false);
  });
  try {
    return await Promise.race([outcome, late]);
  } finally {
    clearTimeout(timer);
  }
}
