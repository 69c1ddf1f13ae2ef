/**
 * Preloaded into the processes of a run with `--break connections`: a connection returns to its pool only after its
 * transaction has ended without an error. Kysely's PostgreSQL driver behaves like this: it forgets a connection whose
 * `begin`, `commit` or `rollback` fails (kysely-org/kysely issue 1990). The queues' pools do not use that driver and
 * are left unchanged.
 */
import { createRequire } from 'node:module';

interface PooledClient {
  query(...given: unknown[]): unknown;
  release(error?: unknown): void;
}

interface Pool {
  options: { connectionString?: string; database?: string };
  connect(callback?: unknown): Promise<PooledClient>;
}

const BEGINS = /^\s*(begin|start transaction)\b/i;
const ENDS = /^\s*(commit|rollback)\b(?! to)/i;
const inTransaction = new WeakSet<PooledClient>();
const watched = new WeakSet<PooledClient>();

function watch(client: PooledClient): PooledClient {
  if (!watched.has(client)) {
    watched.add(client);
    const query = client.query.bind(client);
    client.query = (...given) => {
      const [statement] = given as [string | { text?: string }];
      const text = typeof statement === 'string' ? statement : `${statement?.text}`;
      if (BEGINS.test(text)) inTransaction.add(client);
      const result = query(...given);
      if (ENDS.test(text) && result instanceof Promise)
        result.then(
          () => inTransaction.delete(client),
          () => undefined,
        );
      return result;
    };
  }
  // The pool makes a new `release` each time it lends the connection.
  const release = client.release.bind(client);
  client.release = error => {
    if (!inTransaction.has(client)) release(error);
  };
  return client;
}

// MikroORM may have its own copy of pg; then these are the pools of that copy.
const require = createRequire(import.meta.url);
const ofMikroOrm = createRequire(require.resolve('@mikro-orm/postgresql'));
for (const pg of new Set([require('pg'), ofMikroOrm('pg')])) {
  const prototype: Pool = pg.Pool.prototype;
  const { connect } = prototype;
  prototype.connect = function (callback) {
    const isForJobs = `${this.options.connectionString ?? this.options.database}`.endsWith('/jobs');
    if (callback || isForJobs) return connect.call(this, callback);
    return connect.call(this).then(watch);
  };
}
