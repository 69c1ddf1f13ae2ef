/**
 * Preloaded into the processes of a run with `--break connections`: a connection whose `begin`, `commit` or `rollback`
 * has failed is never given back to its pool, as kysely's PostgreSQL driver does by itself (kysely-org/kysely issue
 * 1990). The queues' pools, which no such driver uses, are left alone.
 */
import pg from 'pg';

interface PooledClient {
  query(...given: unknown[]): unknown;
  release(error?: unknown): void;
}

const ENDS_OR_BEGINS = /^\s*(begin|start transaction|commit|rollback)\b(?! to)/i;
const broken = new WeakSet<PooledClient>();
const watched = new WeakSet<PooledClient>();

function watch(client: PooledClient): PooledClient {
  if (!watched.has(client)) {
    watched.add(client);
    const query = client.query.bind(client);
    client.query = (...given) => {
      const result = query(...given);
      const text = typeof given[0] === 'string' ? given[0] : `${(given[0] as { text?: string })?.text}`;
      if (ENDS_OR_BEGINS.test(text) && result instanceof Promise)
        result.catch(() => {
          broken.add(client);
        });
      return result;
    };
  }
  // The pool makes a new `release` each time it hands the connection out.
  const release = client.release.bind(client);
  client.release = error => {
    if (!broken.has(client)) release(error);
  };
  return client;
}

const pool = pg.Pool.prototype as unknown as {
  options: { connectionString?: string; database?: string };
  connect(callback?: unknown): Promise<PooledClient>;
};
const connect = pool.connect;
pool.connect = function (this: typeof pool, callback?: unknown) {
  const isForJobs = `${this.options.connectionString ?? this.options.database}`.endsWith('/jobs');
  if (callback || isForJobs) return connect.call(this, callback);
  return connect.call(this).then(watch);
};
