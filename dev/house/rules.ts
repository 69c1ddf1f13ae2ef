/**
 * The rules of the house. Each looks at the whole repository and says, one sentence a fault, what breaks it.
 *
 * They hold what no linter knows: that a newcomer finds a thing in the folder whose name says so, that one subgraph can
 * be changed without reading another, and that every promise cited in the code can be looked up.
 */
import { posix } from 'node:path';
import { importsOf, isCode, isTest, type Source } from './sources.ts';

export type Rule = (sources: Source[]) => string[];

/** A folder with more files than this has a wall missing. Tests beside their file do not count. */
const MOST_FILES_IN_FOLDER = 15;
const MOST_LINES_IN_FILE = 400;
const PROMISES = 'docs/promises.md';

const SUBGRAPH = /^subgraphs\/([^/]+)\//;
const KERNEL = 'subgraphs/shared/kernel/';
/** What the gateway may import besides itself. */
const GROUND_OF_GATEWAY = ['gateway/', KERNEL, 'schema/'];
/** What only a laptop, a test or a measurement needs. */
const WORKSHOP = ['dev/', 'e2e/', 'bench/'];

const startsWithAny = (path: string, prefixes: readonly string[]) =>
  prefixes.some(prefix => path.startsWith(prefix));

/** A circle of imports that exist at run time has no order in which its files can be understood, or loaded. */
export const noCircles: Rule = sources => {
  const known = new Set(sources.map(({ path }) => path));
  const edges = new Map(
    sources
      .filter(({ path }) => isCode(path))
      .map(source => [
        source.path,
        importsOf(source)
          .filter(({ value, path }) => value && known.has(path))
          .map(({ path }) => path),
      ]),
  );
  return findCircles(edges).map(circle => `circle of imports: ${[...circle, circle[0]].join(' -> ')}`);
};

/** A subgraph stands on `subgraphs/shared` and `schema` alone, the gateway on the kernel, production code on no tool. */
export const noCrossImports: Rule = sources =>
  sources
    .filter(({ path }) => isCode(path))
    .flatMap(source =>
      importsOf(source)
        .map(({ path }) => whyForbidden(source.path, path))
        .filter(fault => fault !== null),
    );

function whyForbidden(from: string, to: string): string | null {
  const told = `${from} imports ${to}`;
  if (from.startsWith('schema/') && !to.startsWith('schema/')) return `${told}: the contract imports no code`;
  const production = from.startsWith('gateway/') || from.startsWith('subgraphs/');
  if (!production) return null;
  if (startsWithAny(to, WORKSHOP)) {
    return isTest(from) ? null : `${told}: production code needs nothing of ${posix.dirname(to)}/`;
  }
  if (isTest(to) && !isTest(from)) return `${told}: production code needs no test`;
  if (from.startsWith(KERNEL) && !isTest(from) && !startsWithAny(to, [KERNEL, 'schema/'])) {
    return `${told}: the gateway stands on the kernel, which therefore stands on nothing but itself and the contract`;
  }
  const [, owner] = SUBGRAPH.exec(from) ?? [];
  const [, other] = SUBGRAPH.exec(to) ?? [];
  if (owner) {
    if (to.startsWith('gateway/')) return `${told}: a subgraph never imports the gateway`;
    const foreign = other && other !== owner && other !== 'shared';
    return foreign ? `${told}: subgraphs meet in schema/ and over the network` : null;
  }
  const allowed = startsWithAny(to, GROUND_OF_GATEWAY) || (isTest(from) && other === 'shared');
  return allowed ? null : `${told}: the gateway imports nothing of the subgraphs but shared/kernel`;
}

export const noFullFolders: Rule = sources => {
  const folders = Map.groupBy(
    sources.filter(({ path }) => path.includes('/') && !/\.test\.ts$/.test(path) && isCode(path)),
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

const CODE = /(?<![\w#.-])[AFI](?:[1-9]|[1-4]\d)(?![\w%])/g;

/** A code such as I6, A22 or F12 is cited only where docs/promises.md defines it. */
export const noUnknownPromises: Rule = sources => {
  const promises = sources.find(({ path }) => path === PROMISES)?.text ?? '';
  const defined = new Set([...promises.matchAll(/^\| ([AFI]\d+) \|/gm)].map(([, code]) => code!));
  return sources
    .filter(({ path }) => path !== PROMISES && /\.(ts|js|md|graphql|yml)$/.test(path))
    .flatMap(({ path, text }) =>
      [...new Set([...text.matchAll(CODE)].map(([code]) => code))]
        .filter(code => !defined.has(code))
        .map(code => `${path} cites ${code}, which ${PROMISES} does not define`),
    );
};

/** Every file or folder that a document names in backquotes exists. */
export const noLostPaths: Rule = sources => {
  const paths = new Set(sources.map(({ path }) => path));
  const folders = new Set(sources.flatMap(({ path }) => foldersOf(path)));
  const top = new Set([...folders].filter(folder => !folder.includes('/')));
  return sources
    .filter(({ path }) => /^(?:docs\/.*|README|CONTRIBUTING)(?:\.md)?$/.test(path) && path.endsWith('.md'))
    .flatMap(({ path: document, text }) =>
      [...text.matchAll(/`([\w.-]+(?:\/[\w.-]+)+\/?)`/g)]
        .map(([, named]) => named!)
        .filter(named => top.has(named.split('/')[0]!))
        .filter(named => !paths.has(named) && !folders.has(named.replace(/\/$/, '')))
        .map(named => `${document} names ${named}, which does not exist`),
    );
};

function foldersOf(path: string): string[] {
  const parts = path.split('/').slice(0, -1);
  return parts.map((_, index) => parts.slice(0, index + 1).join('/'));
}

export const RULES: Record<string, Rule> = {
  noCircles,
  noCrossImports,
  noFullFolders,
  noLongFiles,
  noUnknownPromises,
  noLostPaths,
};

/** One circle for each group of files that can all reach each other (Tarjan's strongly connected components). */
function findCircles(edges: Map<string, string[]>): string[][] {
  const indexes = new Map<string, number>();
  const lows = new Map<string, number>();
  const stack: string[] = [];
  const circles: string[][] = [];

  function visit(node: string) {
    indexes.set(node, indexes.size);
    lows.set(node, indexes.get(node)!);
    stack.push(node);
    for (const next of edges.get(node) ?? []) {
      if (!indexes.has(next)) visit(next);
      if (stack.includes(next)) lows.set(node, Math.min(lows.get(node)!, lows.get(next)!));
    }
    if (lows.get(node) !== indexes.get(node)) return;
    const group = stack.splice(stack.indexOf(node));
    if (group.length > 1 || edges.get(node)?.includes(node)) circles.push(wayRound(group, edges));
  }

  for (const node of edges.keys()) {
    if (!indexes.has(node)) visit(node);
  }
  return circles;
}

/** A shortest way from the group's first file back to itself. */
function wayRound(group: string[], edges: Map<string, string[]>): string[] {
  const [start] = group as [string];
  const ways = [[start]];
  const seen = new Set<string>();
  for (const way of ways) {
    for (const next of edges.get(way.at(-1)!) ?? []) {
      if (next === start) return way;
      if (!group.includes(next) || seen.has(next)) continue;
      seen.add(next);
      ways.push([...way, next]);
    }
  }
  return group;
}
