/** The whole of Guichet on one machine: PostgreSQL, the Stripe sandbox, the mailbox, six subgraphs, the gateway. */
import { join, resolve } from 'node:path';
import type { Environment } from '#shared/kernel/settings.ts';
import { DATABASES } from '../../schema/subgraphs.ts';
import { startPostgres } from '../postgres/postgres.ts';
import { describeStack, onStopSignals, readArguments, removeStackData } from './command.ts';
import { lockFolder, requireFreePorts, StartRefused } from './lock.ts';
import { labelFor, startProcess } from './processes.ts';
import {
  choosePorts,
  needsPostgres,
  type Ports,
  type Service,
  stackEnvironment,
  stackServices,
} from './services.ts';
import { type Running, type Supervised, supervise } from './supervisor.ts';
import { restartOnChange } from './watch.ts';

export interface StackOptions {
  /** Holds all data; created when it does not exist. */
  directory: string;
  ports: 'default' | 'free';
  /** Added to this process's environment. */
  env?: Environment;
  /** Queues and live updates go through Redis instead of PostgreSQL. */
  redisUrl?: string;
  /** For tests: PostgreSQL does not wait for the disk. */
  fastPostgres?: boolean;
  /** Drops what the services write; what happens to them is still told. */
  quiet?: boolean;
  /** Gets each line; the console by default. */
  log?: (line: string) => void;
  /** Starts these alone, such as `['postgresql', 'users']`. */
  only?: string[] | undefined;
  /** Restarts a service whose code changes. */
  watch?: boolean;
  /** Gives the start up: what runs already is stopped, and `startStack` rejects. */
  signal?: AbortSignal;
  /** Another set of services, for tests. */
  services?: (env: Environment, ports: Ports) => Service[];
}

export interface Stack {
  /** `http://localhost:4000/graphql` on the usual ports. */
  gatewayUrl: string;
  gatewayWsUrl: string;
  mailboxUrl: string;
  stripeSandboxUrl: string;
  /** Base address of each service by name, without `/graphql`. */
  urls: Record<string, string>;
  databaseUrl(name: string): string;
  /** By name, `postgresql` included, for tests that crash and restart them. */
  processes: Map<string, Supervised>;
  /** The environment of this start, and what the services were given. */
  given: Environment;
  env: NodeJS.ProcessEnv;
  /** Gateway first, then subgraphs, then sandbox and mailbox, PostgreSQL last. May be called twice. */
  stop(): Promise<void>;
  /** Ends everything at once; data survives as in a crash. */
  kill(): Promise<void>;
}

/**
 * Starts the stack and resolves when all of it can serve. A service that dies later is started again.
 * @throws StartRefused, before anything runs, when ports are taken or a stack already runs on the directory.
 * @throws Error with the failing service's last lines; everything else is stopped by then.
 */
export async function startStack(options: StackOptions): Promise<Stack> {
  const { quiet = false, log = line => console.log(line), only, services = stackServices } = options;
  const directory = resolve(options.directory);
  const given = { ...process.env, ...options.env, ...(options.redisUrl && { REDIS_URL: options.redisUrl }) };
  const ports = await choosePorts(options.ports, given);
  const env = stackEnvironment(given, ports, directory);
  const wanted = services(given, ports).filter(({ name }) => !only || only.includes(name));
  const withPostgres = needsPostgres(given) && (!only || only.includes('postgresql'));

  const release = await lockFolder(directory);
  const output = quiet ? () => undefined : log;
  const say = (name: string) => (text: string) => log(`${labelFor(name)} ${text}`);
  const processes = new Map<string, Supervised>();
  const stages = new Map<number, Supervised[]>();
  const add = (stage: number, name: string, launch: () => Running | Promise<Running>) => {
    const supervised = supervise(name, launch, say(name));
    processes.set(name, supervised);
    stages.set(stage, [...(stages.get(stage) ?? []), supervised]);
  };

  for (const { name, file, nodeArgs, readyUrl, healthUrl, stage } of wanted)
    add(stage, name, () => startProcess({ name, file, nodeArgs, readyUrl, healthUrl, env, sink: output }));
  if (withPostgres)
    add(Number.MAX_SAFE_INTEGER, 'postgresql', () =>
      launchPostgres(
        join(directory, 'postgres'),
        ports.postgresql!.port,
        options.fastPostgres ?? false,
        line => {
          if (/(WARNING|FATAL|PANIC):/.test(line)) output(`${labelFor('postgresql')} ${line}`);
        },
      ),
    );

  let stopping: Promise<void> | undefined;
  let endWatch = () => {};
  const stop = async () => {
    endWatch();
    for (const stage of [...stages.keys()].sort((a, b) => a - b))
      await Promise.all(stages.get(stage)!.map(supervised => supervised.stop()));
    await release();
  };
  const kill = async () => {
    endWatch();
    await Promise.all([...processes.values()].map(supervised => supervised.kill()));
    await release();
  };

  try {
    await requireFreePorts(
      Object.entries(ports)
        .filter(([name]) => processes.has(name === 'smtp' ? 'mailbox' : name))
        .map(([, port]) => port),
    );
    const postgres = processes.get('postgresql')?.start();
    const started = [
      postgres,
      ...wanted.map(async ({ name, needs }) => {
        if (needs === 'postgresql') await postgres;
        if (!stopping) await processes.get(name)!.start();
      }),
    ];
    await Promise.race([Promise.all(started), whenAborted(options.signal)]);
  } catch (error) {
    stopping = stop();
    await stopping;
    throw error;
  }

  if (options.watch) {
    const watched = wanted.map(({ name, folders }) => ({ service: processes.get(name)!, folders }));
    endWatch = restartOnChange(watched, text => log(`${labelFor('dev')} ${text}`));
  }

  const url = (name: string) => `http://localhost:${ports[name]!.port}`;
  return {
    gatewayUrl: `${url('gateway')}/graphql`,
    gatewayWsUrl: `ws://localhost:${ports.gateway!.port}/graphql`,
    mailboxUrl: url('mailbox'),
    stripeSandboxUrl: url('stripe-sandbox'),
    urls: Object.fromEntries(Object.keys(ports).map(name => [name, url(name)])),
    databaseUrl: name => env[`${name.toUpperCase()}_DATABASE_URL`] ?? '',
    processes,
    given,
    env,
    stop: () => (stopping ??= stop()),
    kill,
  };
}

function whenAborted(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_, reject) => {
    if (signal?.aborted) reject(signal.reason);
    signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}

async function launchPostgres(
  directory: string,
  port: number,
  fast: boolean,
  log: (line: string) => void,
): Promise<Running> {
  const lastLines: string[] = [];
  const postgres = await startPostgres({
    directory,
    port,
    fast,
    log: line => {
      lastLines.push(line);
      if (lastLines.length > 30) lastLines.shift();
      log(line);
    },
  });
  await postgres.ensureDatabases(DATABASES);
  const { pid, kill, stop } = postgres;
  return {
    pid,
    kill,
    stop,
    lastLines,
    ready: Promise.resolve(),
    exited: postgres.exited.then(() => 'ended'),
  };
}

if (import.meta.main) {
  const starting = new AbortController();
  let stack: Stack | undefined;
  const end = async () => {
    console.log('\nStopping. Ctrl-C again kills.');
    starting.abort(new StartRefused('The start was given up.'));
    await stack?.stop();
    if (stack) process.exit(0);
  };
  onStopSignals(
    () => void end(),
    () => void Promise.resolve(stack?.kill()).finally(() => process.exit(130)),
  );
  try {
    const { directory, fresh, quiet, only, watch } = readArguments(process.argv.slice(2));
    if (fresh) await removeStackData(directory);
    stack = await startStack({ directory, ports: 'default', quiet, only, watch, signal: starting.signal });
    console.log(describeStack(stack, performance.now() / 1000));
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exit(1);
  }
}
