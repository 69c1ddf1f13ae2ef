/**
 * Where the embedded PostgreSQL lives and as whom it runs.
 *
 * PostgreSQL refuses to run as root, and the account that takes root's place must be able to reach both the data
 * and the binaries. In a clone that only root may enter (root's home has mode 700) it can reach neither, so then
 * the data moves to /var/lib, with a symbolic link in its place, and takes a copy of the binaries along.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chown, lstat, mkdir, readFile, readlink, realpath, rm, stat, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { runnableBinaries } from './binaries.ts';

/** A folder that belongs to the account PostgreSQL runs as. */
export interface PostgresHome {
  directory: string;
  /** The data folder proper, absent until it is initialised. */
  data: string;
  /** Folder with `postgres` and `initdb`. */
  bin: string;
  /** Options for `child_process.spawn`: empty for an ordinary user. */
  account: Account;
}
export type Account = { uid?: number; gid?: number };

/**
 * Makes `directory` a home for PostgreSQL.
 * @throws Error that says what to do when this machine offers no place or no account for it.
 */
export async function openPostgresHome(directory: string): Promise<PostgresHome> {
  const account = await chooseAccount(directory);
  const home = await reachableFolder(resolve(directory), account);
  if (!canUse(home, account))
    throw new Error(
      `PostgreSQL's folder ${directory} belongs to another user: start as that user, or remove the folder.`,
    );
  return { directory: home, data: join(home, 'data'), bin: await runnableBinaries(home, account), account };
}

/** Removes a home and what it holds, also when it had to live elsewhere. Nothing may run in it. */
export async function removePostgresHome(directory: string): Promise<void> {
  const linked = await readlink(directory).catch(() => null);
  if (linked && places(resolve(directory)).includes(linked))
    await rm(linked, { recursive: true, force: true });
  await rm(directory, { recursive: true, force: true });
}

/** Root's stand-in: whoever owns the folder already, else `postgres`, else `nobody`, which exists nearly everywhere. */
async function chooseAccount(directory: string): Promise<Account> {
  if (process.getuid?.() !== 0) return {};
  const owner = await stat(directory).catch(() => null);
  if (owner && owner.uid !== 0) return { uid: owner.uid, gid: owner.gid };
  const accounts = (await readFile('/etc/passwd', 'utf8').catch(() => ''))
    .split('\n')
    .map(line => line.split(':'))
    .map(([name, , uid, gid]) => ({ name, uid: Number(uid), gid: Number(gid) }))
    .filter(({ uid }) => uid > 0);
  const chosen =
    accounts.find(({ name }) => name === 'postgres') ?? accounts.find(({ name }) => name === 'nobody');
  if (!chosen)
    throw new Error(
      'PostgreSQL refuses to run as root, and this machine has no account "postgres" or "nobody" to run it as.',
    );
  return { uid: chosen.uid, gid: chosen.gid };
}

async function reachableFolder(directory: string, account: Account): Promise<string> {
  const entry = await lstat(directory).catch(() => null);
  if (entry?.isSymbolicLink()) {
    const target = await readlink(directory);
    if (places(directory).includes(target) && existsSync(target)) return target;
    await rm(directory); // copied from another clone, or its target was cleaned away
  }
  await mkdir(directory, { recursive: true });
  if (account.uid === undefined) return realpath(directory);
  await giveTo(account, directory);
  if (canUse(directory, account)) return realpath(directory);
  if (existsSync(join(directory, 'data')))
    throw new Error(
      `PostgreSQL runs as user ${account.uid} here, which can no longer reach ${directory}: open the folders above it (chmod o+x) or start with --fresh.`,
    );
  for (const place of places(directory)) {
    // Without a link that claims it, what lies there belongs to a clone that is gone.
    await rm(place, { recursive: true, force: true });
    if (
      !(await mkdir(place, { mode: 0o700 }).then(
        () => true,
        () => false,
      ))
    )
      continue;
    await giveTo(account, place);
    if (!canUse(place, account)) continue;
    await rm(directory, { recursive: true });
    await symlink(place, directory);
    return place;
  }
  throw new Error(
    `PostgreSQL runs as user ${account.uid} here and found no folder which that user can reach.`,
  );
}

/** Folders outside the clone, best first: unlike /var/tmp, /var/lib is never tidied up behind our back. */
function places(directory: string): string[] {
  const key = createHash('sha256').update(directory).digest('hex').slice(0, 12);
  return ['/var/lib', '/var/tmp', tmpdir()].map(root => join(root, `guichet-postgres-${key}`));
}

async function giveTo({ uid, gid }: Account, directory: string): Promise<void> {
  const { uid: owner } = await stat(directory);
  if (owner === 0 && uid !== undefined && gid !== undefined) await chown(directory, uid, gid);
}

/** Asks the kernel instead of reading modes, so that access lists and mount options count too. */
function canUse(directory: string, account: Account): boolean {
  if (process.platform === 'win32') return true;
  const ask = ['-c', 'cd "$1" && test -w .', 'sh', directory];
  return spawnSync('/bin/sh', ask, { ...account, cwd: '/' }).status === 0;
}
