/**
 * Preloaded into the processes of a run with `--break connections`: a connection goes back to its pool only once its
 * transaction has ended well, as with kysely's PostgreSQL driver, which forgets one whose `begin`, `commit` or
 * `rollback` fails (kysely-org/kysely issue 1990). The queues' pools, which no such driver uses, are left alone.
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
  // The pool makes a new `release` each time it hands the connection out.
  const release = client.release.bind(client);
  client.release = error => {
    if (!inTransaction.has(client)) release(error);
  };
  return client;
}

// MikroORM may have a pg of its own, whose pools these then are.
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
