import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findFreePort } from './free-port.ts';

export interface TestRedis {
  url: string;
  /** Ends it at once, as a crash does. What it had written to its file survives. */
  kill(): Promise<void>;
  /** Starts it again on the same port, with what survived. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** A Redis server on a free port in a temporary folder, for tests; null where `redis-server` is not installed. */
export async function startTestRedis(): Promise<TestRedis | null> {
  const port = await findFreePort();
  const directory = await mkdtemp(join(tmpdir(), 'guichet-redis-'));
  let child: ChildProcess | undefined;
  let watchdog: ChildProcess | undefined;

  async function start(): Promise<boolean> {
    const settings = {
      port,
      bind: '127.0.0.1',
      dir: directory,
      appendonly: 'yes',
      'maxmemory-policy': 'noeviction',
    };
    const started = spawn(
      'redis-server',
      Object.entries(settings).flatMap(([name, value]) => [`--${name}`, `${value}`]),
      {
        stdio: 'ignore',
      },
    );
    const found = await new Promise<boolean>(resolve => {
      started.once('error', () => resolve(false));
      started.once('spawn', () => resolve(true));
    });
    if (!found) return false;
    child = started;
    // Its standard input closes when this process is gone, however it went: then Redis goes, too.
    const script = `cat >/dev/null; kill -9 ${started.pid}; rm -rf '${directory}'`;
    watchdog?.kill();
    watchdog = spawn('sh', ['-c', script], { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
    watchdog.unref();
    while (!(await accepts(port))) {
      if (child.exitCode !== null) throw new Error(`redis-server ended with ${child.exitCode}`);
      await new Promise(resolve => setTimeout(resolve, 20));
    }
    return true;
  }
  async function end(signal: NodeJS.Signals) {
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise(resolve => child!.once('exit', resolve));
    child.kill(signal);
    await gone;
  }

  if (!(await start())) {
    await rm(directory, { recursive: true });
    return null;
  }
  return {
    url: `redis://127.0.0.1:${port}`,
    kill: () => end('SIGKILL'),
    restart: async () => void (await start()),
    async stop() {
      await end('SIGTERM');
      watchdog?.kill();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

function accepts(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = createConnection(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
