/** What must be clear before anything starts: no other stack on this folder, and every port free. */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { findProcess } from '../postgres/leftover.ts';

/** A start that was refused before anything ran. Its message is all that a user needs. */
export class StartRefused extends Error {}

/**
 * Claims a folder for this process, and returns what releases it.
 * @throws StartRefused when a living process holds it; the claim of a dead one is taken over.
 */
export async function lockFolder(directory: string): Promise<() => Promise<void>> {
  await mkdir(directory, { recursive: true });
  const file = join(directory, 'stack.lock');
  const mine = { pid: process.pid, command: (await findProcess(process.pid))?.command };
  for (;;) {
    try {
      await writeFile(file, JSON.stringify(mine), { flag: 'wx' });
      return () => rm(file, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const holder = await readLock(file);
    // The number of a dead process may belong to another by now, but hardly with the same command.
    if (holder && (await findProcess(holder.pid))?.command === holder.command)
      throw new StartRefused(
        `Guichet already runs on ${directory} (process ${holder.pid}). Stop it there with Ctrl-C, or with: kill ${holder.pid}`,
      );
    await rm(file, { force: true });
  }
}

async function readLock(file: string): Promise<{ pid: number; command: string } | null> {
  try {
    return JSON.parse(await readFile(file, 'utf8'));
  } catch {
    return null;
  }
}

export interface NamedPort {
  port: number;
  /** What listens there. */
  purpose: string;
  /** The environment variable that moves it. */
  variable: string;
}

/** @throws StartRefused naming every port that is taken, and what each is for. */
export async function requireFreePorts(ports: NamedPort[]): Promise<void> {
  const free = await Promise.all(ports.map(({ port }) => isFree(port)));
  const taken = ports.filter((_, index) => !free[index]);
  if (taken.length === 0) return;
  const list = taken.map(
    ({ port, purpose, variable }) => `  - ${port}, for ${purpose} (${variable} moves it)`,
  );
  throw new StartRefused(
    `Guichet cannot start, ${taken.length === 1 ? 'a port is' : `${taken.length} ports are`} taken:\n${list.join('\n')}`,
  );
}

/** On every address and on 127.0.0.1: some systems let two programs have one each. */
async function isFree(port: number): Promise<boolean> {
  return (await canListen(port)) && (await canListen(port, '127.0.0.1'));
}

function canListen(port: number, host?: string): Promise<boolean> {
  return new Promise(resolve => {
    const server = createServer()
      .once('error', () => resolve(false))
      .listen({ port, host }, () => server.close(() => resolve(true)));
  });
}
