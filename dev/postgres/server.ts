/** The two programs of the embedded PostgreSQL, as child processes: initdb once, then the server. */
import { type ChildProcess, spawn } from 'node:child_process';
import { chmod, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { PostgresHome } from './home.ts';

export type LineSink = (line: string) => void;

/** Locale and time zone are fixed, so that sorting and dates are the same on every machine. */
const ENVIRONMENT = { PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC' };

const SETTINGS = ['listen_addresses=127.0.0.1', 'unix_socket_directories=', 'max_connections=400'];
/** Commits still reach the operating system (synchronous_commit stays on): a killed server loses none of them. */
const FAST_SETTINGS = ['fsync=off', 'full_page_writes=off', 'wal_level=minimal', 'max_wal_senders=0'];

export interface ServerOptions {
  fast: boolean;
  temporary: boolean;
  log: LineSink;
}

/** A running server: `stop` is a fast shutdown that closes connections, `exited` resolves whatever ended it. */
export interface Server {
  pid: number | undefined;
  kill(signal: NodeJS.Signals): void;
  stop(): Promise<void>;
  exited: Promise<void>;
}

/** Initialises beside the data folder and renames, so that a run killed half-way leaves nothing half-made. */
export async function initialiseData(home: PostgresHome, options: ServerOptions): Promise<void> {
  const passwordFile = join(home.directory, 'password');
  await writeFile(passwordFile, 'guichet\n');
  await chmod(passwordFile, 0o644); // the account must read it whatever the umask, and it is published anyway
  await rm(`${home.data}.new`, { recursive: true, force: true });
  const initdb = launch(home, options, 'initdb', [
    ...[
      `--pgdata=${home.data}.new`,
      '--username=guichet',
      `--pwfile=${passwordFile}`,
      '--auth=scram-sha-256',
    ],
    ...['--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'],
    ...['--no-instructions', ...(options.fast ? ['--no-sync'] : [])],
  ]);
  if ((await initdb.exited) !== 0)
    throw new Error(`PostgreSQL could not initialise ${home.data}:\n${initdb.lastLines.join('\n')}`);
  await rm(passwordFile);
  await rename(`${home.data}.new`, home.data);
}

/**
 * Starts the server and waits until it takes connections.
 * @throws Error with the server's last lines when it ends before that.
 */
export async function startServer(home: PostgresHome, port: number, options: ServerOptions): Promise<Server> {
  const settings = [...SETTINGS, `port=${port}`, ...(options.fast ? FAST_SETTINGS : [])];
  const ready = Promise.withResolvers<void>();
  const log = (line: string) => {
    options.log(line);
    if (line.includes('database system is ready to accept connections')) ready.resolve();
  };
  const arguments_ = ['-D', home.data, ...settings.flatMap(setting => ['-c', setting])];
  const { child, exited, lastLines } = launch(home, { ...options, log }, 'postgres', arguments_);
  exited.then(() => ready.reject(new Error(`PostgreSQL did not start:\n${lastLines.join('\n')}`)));
  await ready.promise;
  const stop = async () => {
    const impatience = setTimeout(() => child.kill('SIGQUIT'), 10_000);
    child.kill('SIGINT');
    await exited;
    clearTimeout(impatience);
  };
  return {
    pid: child.pid,
    kill: signal => void child.kill(signal),
    stop,
    exited: exited.then(() => undefined),
  };
}

function launch(home: PostgresHome, options: ServerOptions, program: string, arguments_: string[]) {
  const child = spawn(join(home.bin, program), arguments_, {
    ...home.account,
    cwd: '/',
    env: ENVIRONMENT,
    stdio: ['ignore', 'pipe', 'pipe'],
    // Ctrl-C in the terminal must not stop the database before the services that use it.
    detached: true,
  });
  // Each program removes its own trace when it ends in good order.
  const trace = program === 'initdb' ? `${home.data}.new` : join(home.data, 'postmaster.pid');
  const watchdog = watchOver(child, trace, options.temporary ? home.directory : '');
  const lastLines = followLines(child, options.log);
  const exited = ended(child).finally(() => watchdog?.kill('SIGKILL'));
  return { child, lastLines, exited };
}

/**
 * Takes the child down, and a temporary folder with it, when this process ends without having done so, even by
 * SIGKILL: the pipe to the watchdog then closes.
 */
function watchOver(child: ChildProcess, trace: string, temporaryFolder: string): ChildProcess | undefined {
  if (process.platform === 'win32' || !child.pid) return undefined;
  const script = [
    'read -r _',
    'kill -INT "$1" 2>/dev/null',
    'tries=0',
    // Not only `kill -0`: in a container whose first process reaps nobody, the dead stay as zombies.
    'while [ -e "$2" ] && kill -0 "$1" 2>/dev/null && [ $tries -lt 300 ]; do sleep 0.1; tries=$((tries + 1)); done',
    'if [ -n "$3" ]; then rm -rf -- "$3"; fi',
  ].join('\n');
  const watchdog = spawn(
    '/bin/sh',
    ['-c', script, 'guichet-watchdog', String(child.pid), trace, temporaryFolder],
    {
      cwd: '/',
      stdio: ['pipe', 'ignore', 'ignore'],
      detached: true,
    },
  );
  watchdog.on('error', () => undefined); // no shell: the next start stops a leftover server
  return watchdog;
}

/** Passes each line on and keeps the last ones, for the message should the program fail. */
function followLines(child: ChildProcess, sink: LineSink): string[] {
  const lastLines: string[] = [];
  for (const stream of [child.stdout, child.stderr])
    if (stream)
      createInterface({ input: stream }).on('line', line => {
        lastLines.push(line);
        if (lastLines.length > 20) lastLines.shift();
        sink(line);
      });
  child.on('error', error => lastLines.push(error.message));
  return lastLines;
}

/** The exit code once the child has ended and all its output was read; null when a signal ended it. */
function ended(child: ChildProcess): Promise<number | null> {
  return new Promise(resolve => {
    child.on('close', resolve);
    child.on('error', () => child.pid || resolve(null)); // it never started
  });
}
