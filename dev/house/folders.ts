/** The rules on how full files and folders are, and on the frame that every subgraph shares. */
import { posix } from 'node:path';
import { isCode, type Rule } from './sources.ts';

/** A folder with more files than this has a wall missing. Tests beside the file that they test do not count. */
const MOST_FILES_IN_FOLDER = 15;
const MOST_LINES_IN_FILE = 400;

export const noFullFolders: Rule = sources => {
  const paths = new Set(sources.map(({ path }) => path));
  const isBesideItsFile = (path: string) =>
    path.endsWith('.test.ts') && paths.has(path.replace(/\.test\.ts$/, '.ts'));
  const folders = Map.groupBy(
    sources.filter(({ path }) => path.includes('/') && isCode(path) && !isBesideItsFile(path)),
    ({ path }) => posix.dirname(path),
  );
  return [...folders]
    .filter(([, files]) => files.length > MOST_FILES_IN_FOLDER)
    .map(
      ([folder, files]) =>
        `${folder}/ holds ${files.length} files, more than ${MOST_FILES_IN_FOLDER}: a wall is missing`,
    );
};

export const noLongFiles: Rule = sources =>
  sources
    .filter(({ path }) => isCode(path))
    .map(({ path, text }) => ({ path, lines: text.split('\n').length - 1 }))
    .filter(({ lines }) => lines > MOST_LINES_IN_FILE)
    .map(({ path, lines }) => `${path} has ${lines} lines, more than ${MOST_LINES_IN_FILE}`);

/** Every subgraph has these; `jobs.ts` comes with its first job. */
const FRAME = [
  'README.md',
  'server.ts',
  'settings.ts',
  'services.ts',
  'resolvers.ts',
  'handlers.ts',
  'migrations/index.ts',
  'test/world.ts',
];

/** Whoever has learnt one subgraph knows where to look in all. */
export const noMissingFrame: Rule = sources => {
  const paths = new Set(sources.map(({ path }) => path));
  const subgraphs = [...paths].flatMap(path => /^subgraphs\/([^/]+)\/server\.ts$/.exec(path)?.[1] ?? []);
  return subgraphs.flatMap(name =>
    FRAME.map(file => `subgraphs/${name}/${file}`)
      .filter(path => !paths.has(path))
      .map(path => `${path} is missing: every subgraph has the same frame`),
  );
};
