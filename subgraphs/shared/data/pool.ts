/** The connections of a subgraph to its own database: how many, how long, and when one is given up. */
import type { Pool, PoolClient, QueryConfig } from 'pg';
import { DatabaseUnavailable, endsSession, explainFailure } from '../kernel/database-errors.ts';

/** Connections per process. Few, because PostgreSQL does more work per second with few (about 8 busy ones in all). */
export const POOL_SIZE = 8;

/**
 * Longest wait for a connection. Longer than the gateway waits for an answer (10 s), after which it says UNAVAILABLE
 * itself: a message that waits its turn under load should not count as failed.
 */
export const CONNECTION_TIMEOUT_MS = 20_000;

/**
 * PostgreSQL ends a session whose transaction, or single statement, takes longer. A process that hangs or is frozen
 * in a transaction thereby holds its row locks no longer than this, and cannot commit afterwards.
 */
export const TRANSACTION_TIMEOUT_MS = 60_000;

/**
 * Longest wait for the answer to a statement: only where PostgreSQL's own limit above does not arrive, because the
 * network or the backend is frozen. The connection is given up then.
 */
export const ANSWER_TIMEOUT_MS = 90_000;

/** What a new session is told; `transaction_timeout` is known to PostgreSQL 17 and later. */
export const SESSION_OPTIONS = `-c transaction_timeout=${TRANSACTION_TIMEOUT_MS}`;

/** Milliseconds that a statement may take; undefined for no limit. */
export interface Limits {
  answer: number | undefined;
}

/**
 * Statements that begin or end a transaction. After one that fails, kysely never gives the connection back
 * (kysely-org/kysely issue 1990), and nobody can say what state the session is in.
 */
const TRANSACTION_BOUNDARY = /^(begin|start transaction|commit|rollback)\b(?! to\b)/i;

/** Kysely uses a connection for one transaction: after this statement nothing else belongs on it. */
const TRANSACTION_END = /^(commit|rollback)\b(?! to\b)/i;

/**
 * Makes the pool hand out connections that go back to it by themselves, to be closed there, when they break or
 * their transaction cannot be begun or ended.
 *
 * A connection is given back once, whoever does it first.
 */
export function guardPool(pool: Pool, limits: Limits): void {
  const connect = pool.connect.bind(pool);
  const guardedConnect = async () => {
    try {
      const client = await connect();
      if (!pool.ending) return guard(client, limits);
      // Kysely would stumble over its closed pool and keep the connection, and the pool would wait for it for ever.
      client.release();
      throw new Error('the pool was closed meanwhile');
    } catch (error) {
      throw explainFailure(error);
    }
  };
  pool.connect = ((callback?: Parameters<typeof connect>[0]) =>
    callback ? connect(callback) : guardedConnect()) as Pool['connect'];
}

/** The part of a pool's client that kysely uses; a new one each time a connection is handed out. */
function guard(client: PoolClient, limits: Limits): PoolClient {
  let given = false;
  let ended = false;
  const release = (error?: Error | boolean) => {
    if (given) return;
    given = true;
    client.release(error);
  };
  const guarded = {
    get processID() {
      return (client as { processID?: number }).processID;
    },
    release,
    query(statement: string | QueryConfig, values?: unknown[]) {
      if (given) return Promise.reject(new DatabaseUnavailable('its connection was given up'));
      const command: QueryConfig & { query_timeout?: number | undefined } =
        typeof statement === 'string'
          ? { text: statement, values: values as unknown[], query_timeout: limits.answer }
          : statement;
      // Behind a commit or rollback that is under way it would run outside the transaction, and last.
      if (ended) return Promise.reject(new Error('The transaction of this statement has ended.'));
      ended = TRANSACTION_END.test(command.text);
      const answer: unknown = client.query(command);
      if (!(answer instanceof Promise)) return answer;
      return answer.catch(error => {
        const failure = explainFailure(error);
        if (endsSession(failure) || TRANSACTION_BOUNDARY.test(command.text)) release(failure);
        throw failure;
      });
    },
  };
  return guarded as unknown as PoolClient;
}
