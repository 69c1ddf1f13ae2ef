import { execFileSync, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { findFreePort } from '../../dev/free-port.ts';
import { Connection } from './connection.ts';
import { writeRequest } from './load.ts';

/** Cores: one for the gateway that is measured, another for all other processes. */
const GATEWAY_CORE = '0';
const OTHER_CORE = '1';
const TICKS_PER_SECOND = Number(execFileSync('getconf', ['CLK_TCK']).toString());

interface World {
  /** The path of the supergraph file. */
  supergraph: string;
  urls: Record<string, string>;
}

interface Kind {
  name: string;
  /** Flags and arguments for Node. */
  args(world: World, port: number): string[];
  env(world: World, port: number): NodeJS.ProcessEnv;
}

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const HIVE = here('peers/node_modules/@graphql-hive/gateway/dist/bin.js');
const hive = (...flags: string[]): Kind['args'] => {
  return ({ supergraph }, port) => [
    HIVE,
    'supergraph',
    supergraph,
    ...['--config-path', here('peers/hive.js'), '--host', '127.0.0.1', '--port', `${port}`, ...flags],
  ];
};
const LARGE_YOUNG_GENERATION = '--max-semi-space-size=64';

/** All gateways that are compared; the others are measured relative to the first one. */
export const KINDS: readonly Kind[] = [
  {
    name: '@apollo/gateway, standalone',
    args: () => [here('stock.js')],
    env: ({ supergraph }, port) => ({ SUPERGRAPH: supergraph, PORT: `${port}` }),
  },
  {
    name: `@apollo/gateway, ${LARGE_YOUNG_GENERATION}`,
    args: () => [LARGE_YOUNG_GENERATION, here('stock.js')],
    env: ({ supergraph }, port) => ({ SUPERGRAPH: supergraph, PORT: `${port}` }),
  },
  { name: 'Hive Gateway, JIT', args: hive('--jit'), env: () => ({}) },
  { name: 'Hive Gateway, Rust planner', args: hive('--hive-router-runtime'), env: () => ({}) },
  {
    name: 'Mercurius, JIT (Federation 1)',
    args: () => [here('peers/mercurius.js')],
    env: ({ urls }, port) => ({ SUBGRAPH_URLS: JSON.stringify(urls), PORT: `${port}` }),
  },
  {
    name: 'Guichet',
    args: () => [LARGE_YOUNG_GENERATION, here('../../gateway/main.ts')],
    env: ({ supergraph, urls }, port) => ({
      IDENTITY: 'none',
      SUPERGRAPH: supergraph,
      SUBGRAPH_URLS: JSON.stringify(urls),
      GATEWAY_PORT: `${port}`,
      LOG_LEVEL: 'error',
      // The other gateways have no rate limits.
      RATE_LIMIT: '0',
    }),
  },
];

export interface Running {
  name: string;
  port: number;
  pid: number;
  /** Seconds of processor time used so far, over all threads. */
  cpu(): number;
  /** Bytes of resident memory. */
  memory(): number;
  stop(): void;
}

/** Starts a gateway on its core and waits until it answers. */
export async function startGateway(kind: Kind, world: World, probe: string): Promise<Running> {
  const port = await findFreePort();
  const child = spawn('taskset', ['-c', GATEWAY_CORE, process.execPath, ...kind.args(world, port)], {
    env: { ...process.env, NODE_ENV: 'production', ...kind.env(world, port) },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const ended = new Promise<never>((_, reject) => {
    child.once('exit', code => reject(new Error(`${kind.name} ended with ${code}`)));
  });
  ended.catch(() => {});
  process.once('exit', () => child.kill());
  await Promise.race([ended, untilAnswering(port, probe)]);
  const pid = child.pid!;
  return {
    name: kind.name,
    port,
    pid,
    cpu: () => cpuOf(pid),
    memory: () => Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]) * 4096,
    stop: () => child.kill('SIGKILL'),
  };
}

/** Seconds of processor time that a process has used. */
export function cpuOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

/** Keeps this process, and those that it starts from now on, off the core of the gateways. */
export function leaveGatewayCore() {
  execFileSync('taskset', ['-a', '-p', '-c', OTHER_CORE, `${process.pid}`]);
}

async function untilAnswering(port: number, probe: string) {
  for (const deadline = Date.now() + 60_000; Date.now() < deadline; ) {
    const connection = new Connection(port);
    const status = await connection.send(writeRequest(probe, 'probe')).then(
      answer => answer.status,
      () => 0,
    );
    connection.close();
    if (status === 200) return;
    await new Promise(resolve => setTimeout(resolve, 200));
  }
  throw new Error('The gateway does not answer.');
}
