/** After a crash a server may still hold the data folder, or its lock file may name a process that is no server. */
import { execFileSync } from 'node:child_process';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { PostgresHome } from './home.ts';

/** Records which process the server of this home belongs to. */
export const claimHome = (home: PostgresHome) => writeFile(join(home.directory, 'owner'), `${process.pid}\n`);

/**
 * Frees the data folder from what an earlier run left behind.
 * @throws Error when a living process still uses the server.
 */
export async function clearLeftover(
  home: Pick<PostgresHome, 'directory' | 'data'>,
  log: (line: string) => void,
): Promise<void> {
  const lockFile = join(home.data, 'postmaster.pid');
  const [pid, , , port] = await readLines(lockFile);
  if (!Number(pid)) return;
  const server = await findProcess(Number(pid));
  if (!server?.command.includes(home.data)) {
    // PostgreSQL would refuse to start when another process now has the number of its dead predecessor.
    await rm(lockFile, { force: true });
    return;
  }
  const [owner] = await readLines(join(home.directory, 'owner'));
  if (server.parent === Number(owner))
    throw new Error(
      `PostgreSQL already runs on ${home.data} (port ${port}, process ${pid}), started by process ${owner}: stop that first.`,
    );
  log(`stopping the PostgreSQL (process ${pid}) that an earlier run left behind`);
  process.kill(Number(pid), 'SIGINT');
  const patience = Date.now() + 15_000;
  while (await findProcess(Number(pid))) {
    if (Date.now() > patience) process.kill(Number(pid), 'SIGQUIT');
    await pause(20);
  }
}

async function readLines(file: string): Promise<string[]> {
  return (await readFile(file, 'utf8').catch(() => '')).split('\n');
}

/** Linux tells through /proc, because slim images lack `ps`. */
export async function findProcess(pid: number): Promise<{ parent: number; command: string } | null> {
  try {
    if (process.platform === 'linux') {
      const command = (await readFile(`/proc/${pid}/cmdline`, 'utf8')).replaceAll('\0', ' ');
      const [state, parent] = (await readFile(`/proc/${pid}/stat`, 'utf8')).split(') ').at(-1)!.split(' ');
      return state === 'Z' ? null : { parent: Number(parent), command };
    }
    const line = execFileSync('ps', ['-o', 'ppid=,command=', '-p', String(pid)], { encoding: 'utf8' }).trim();
    return { parent: Number.parseInt(line, 10), command: line };
  } catch {
    return null;
  }
}
