/** Reads a source file as far as the house's rules need it: what it imports, and which promises it cites. */
import { readFileSync } from 'node:fs';
import { join, posix, relative } from 'node:path';

/** A file of the repository, its path relative to the root. */
export interface Source {
  path: string;
  text: string;
}

/** Faults found in the repository, one sentence each. */
export type Rule = (sources: Source[]) => string[];

export interface Import {
  /** Path of the imported file, relative to the root. */
  path: string;
  /**
   * False for `import type` and `export type … from`, which vanish before the program runs, and for the address of a
   * file that is read, or run by a thread of its own.
   */
  value: boolean;
}

/** Subpath imports of package.json: their prefix, and the folder they stand for. */
const ALIASES: readonly [prefix: string, folder: string][] = [
  ['#shared/', 'subgraphs/shared/'],
  ['#schema/', 'schema/'],
];

const STATEMENT =
  /^\s*(?:import|export)\s+(type\s+(?!from\b))?(?:[\w*{][^'";]*?\sfrom\s+)?['"]([^'"]+)['"]/gm;
const DYNAMIC = /\bimport\(\s*['"]([^'"]+)['"]\s*\)/g;
const ADDRESS = /\bnew URL\(\s*['"](\.[^'"]+\.[jt]s)['"]\s*,\s*import\.meta\.url\b/g;

/** The files of the repository that a file imports; packages are left out. */
export function importsOf({ path, text }: Source): Import[] {
  const found: Import[] = [];
  const add = (specifier: string, value: boolean) => {
    const resolved = resolve(path, specifier);
    if (resolved) found.push({ path: resolved, value });
  };
  for (const [, type, specifier] of text.matchAll(STATEMENT)) add(specifier!, !type);
  for (const [, specifier] of text.matchAll(DYNAMIC)) add(specifier!, true);
  for (const [, specifier] of text.matchAll(ADDRESS)) add(specifier!, false);
  return found;
}

function resolve(from: string, specifier: string): string | null {
  if (specifier.startsWith('.')) return posix.join(posix.dirname(from), specifier);
  for (const [prefix, folder] of ALIASES) {
    if (specifier.startsWith(prefix)) return folder + specifier.slice(prefix.length);
  }
  return null;
}

/** The files of the repository that a program loads, itself included: absolute paths. */
export function closureOf(root: string, file: string): Set<string> {
  const found = new Set([relative(root, file)]);
  for (const path of found) {
    if (!isCode(path)) continue;
    const text = readFileSync(join(root, path), 'utf8');
    for (const imported of importsOf({ path, text })) if (imported.value) found.add(imported.path);
  }
  return new Set([...found].map(path => join(root, path)));
}

/** Tests, and what only tests stand on. */
export const isTest = (path: string): boolean => /\.test\.ts$|\/test\//.test(path);
export const isCode = (path: string): boolean => /\.(ts|js)$/.test(path);
