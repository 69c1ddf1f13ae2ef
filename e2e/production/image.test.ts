/** Checks the images, assembled from the Dockerfile without a container engine. */
import { execFile } from 'node:child_process';
import { cpSync, existsSync, globSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, matchesGlob, relative } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { SUBGRAPHS } from '../../schema/subgraphs.ts';

const root = join(import.meta.dirname, '../..');
const run = promisify(execFile);
const START_MS = 120_000;

interface Stage {
  from: string;
  copies: { sources: string[]; target: string }[];
  env: string[];
  command: string | undefined;
}

/** The stages of the Dockerfile by name, each with everything that its base stages contain. */
function readStages(): Map<string, Stage> {
  const stages = new Map<string, Stage>();
  let stage: Stage | undefined;
  for (const line of readFileSync(join(root, 'Dockerfile'), 'utf8').split('\n')) {
    const [instruction, ...words] = line.trim().split(/\s+/);
    if (instruction === 'FROM') {
      const [from, , name] = words;
      const below = stages.get(from!);
      stage = {
        from: from!,
        copies: [...(below?.copies ?? [])],
        env: [...(below?.env ?? [])],
        command: below?.command,
      };
      stages.set(name!, stage);
    }
    if (instruction === 'COPY') stage!.copies.push({ sources: words.slice(0, -1), target: words.at(-1)! });
    if (instruction === 'ENV') stage!.env.push(...words);
    if (instruction === 'CMD') stage!.command = words.join(' ');
  }
  return stages;
}

const ignored = readFileSync(join(root, '.dockerignore'), 'utf8')
  .split('\n')
  .filter(line => line && !line.startsWith('#'));
const isIgnored = (path: string) => ignored.some(pattern => matchesGlob(path, pattern));

/** A folder with the files of the stage; the packages are those of the clone. */
function assemble(name: string): string {
  const folder = mkdtempSync(join(tmpdir(), `guichet-${name}-`));
  for (const { sources, target } of readStages().get(name)!.copies)
    for (const source of sources)
      cpSync(join(root, source), join(folder, target === './' ? source : target), {
        recursive: true,
        filter: path => !isIgnored(relative(root, path)),
      });
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  return folder;
}

let production: string;
let development: string;
beforeAll(() => {
  production = assemble('production');
  development = assemble('development');
});
afterAll(() => {
  rmSync(production, { recursive: true });
  rmSync(development, { recursive: true });
});

/** Imports a program as Node does in a container; it does not start, because it is not the main module. */
const load = (folder: string, program: string) =>
  run(
    process.execPath,
    ['--input-type=module', '-e', `await import(${JSON.stringify(join(folder, program))})`],
    {
      cwd: folder,
      env: { PATH: process.env.PATH },
    },
  );

test('production is what is built unless something else is asked for, and says so', () => {
  const stages = readStages();
  expect([...stages.keys()].at(-1)).toBe('production');
  expect(stages.get('production')!.env).toContain('NODE_ENV=production');
  expect(stages.get('production')!.command).toContain('gateway/main.ts');
});

test('the production image holds no sandbox, no test and nothing that only tests need', () => {
  expect(existsSync(join(production, 'dev'))).toBe(false);
  expect(globSync('{gateway,subgraphs,schema}/**/{*.test.ts,test}', { cwd: production })).toEqual([]);
  expect(globSync('subgraphs/**/server.ts', { cwd: production })).toHaveLength(SUBGRAPHS.length);
  for (const secret of ['.env', '.git', '.guichet']) expect(isIgnored(secret)).toBe(true);
});

test(
  'every program of the production image finds all that it imports',
  async () => {
    const programs = ['gateway/main.ts', ...SUBGRAPHS.map(({ name }) => `subgraphs/${name}/server.ts`)];
    for (const program of programs) await load(production, program);
    // The control: a file that is not in the image is reported as missing.
    await expect(load(production, 'dev/mailbox/mailbox.ts')).rejects.toThrow('ERR_MODULE_NOT_FOUND');
  },
  START_MS,
);

test('every file that a program of the production image opens beside itself is there', () => {
  const code = globSync('{gateway,subgraphs,schema}/**/*.ts', { cwd: production });
  for (const file of code) {
    const text = readFileSync(join(production, file), 'utf8');
    for (const [, path] of text.matchAll(/new URL\('(\.[^']+)', import\.meta\.url\)/g))
      expect([file, path, existsSync(join(production, file, '..', path!))]).toEqual([file, path, true]);
  }
});

test(
  'the development image has the sandboxes, too',
  async () => {
    for (const program of ['dev/mailbox/mailbox.ts', 'dev/stripe-sandbox/server.ts'])
      await load(development, program);
    await load(development, 'gateway/main.ts');
  },
  START_MS,
);
