/** The rules on what documents and comments say of the code. */
import { posix } from 'node:path';
import { isCode, type Rule } from './sources.ts';

const PROMISES = 'docs/promises.md';
const GUIDE = 'CONTRIBUTING.md';
const CODE = /(?<![\w#.-])[AFI][1-9]\d?(?![\w%-])/g;
/** A row of a table in docs/promises.md: its code, and the rest of the line. */
const ROW = /^\| ([AFI]\d+) \|(.*)$/gm;

const isDocument = (path: string) => path.endsWith('.md') && path !== 'CHANGELOG.md';

/** A code such as I6, A22 or F12 is cited only where docs/promises.md defines it. */
export const noUnknownPromises: Rule = sources => {
  const promises = sources.find(({ path }) => path === PROMISES)?.text ?? '';
  const defined = new Set([...promises.matchAll(ROW)].map(([, code]) => code!));
  return sources
    .filter(({ path }) => path !== PROMISES && /\.(ts|js|md|graphql|yml)$/.test(path))
    .flatMap(({ path, text }) =>
      [...new Set([...text.matchAll(CODE)].map(([code]) => code))]
        .filter(code => !defined.has(code))
        .map(code => `${path} cites ${code}, which ${PROMISES} does not define`),
    );
};

/** Every promise names a test, and each file that it names cites its code. */
export const noUnshownPromises: Rule = sources => {
  const texts = new Map(sources.map(({ path, text }) => [path, text]));
  return [...(texts.get(PROMISES) ?? '').matchAll(ROW)].flatMap(([, code, row]) => {
    const named = [...row!.matchAll(/`([^`]+\.ts)`/g)].map(([, path]) => path!);
    if (!named.some(path => path.endsWith('.test.ts')))
      return [`${PROMISES} names no test that shows ${code}`];
    return named
      .filter(path => !texts.get(path)?.match(CODE)?.includes(code!))
      .map(path => `${PROMISES} says that ${path} shows ${code}, which it does not cite`);
  });
};

/**
 * Every file or folder that a document or a comment names exists. A path from the root has to be whole; a shorter one,
 * such as `holds.ts` or `stock/holds.ts`, has to be the end of one.
 */
export const noLostPaths: Rule = sources => {
  const paths = new Set(sources.map(({ path }) => path));
  const folders = new Set([...paths].flatMap(foldersOf));
  const top = new Set([...folders].filter(folder => !folder.includes('/')));
  const ends = new Set([...paths].flatMap(endsOf));
  const isThere = (named: string) => {
    const path = named.replace(/\/$/, '');
    if (top.has(path.split('/')[0]!)) return paths.has(path) || folders.has(path) || ends.has(path);
    return !/\.(?:ts|graphql|sql|yml|md)$/.test(path) || ends.has(path);
  };
  return sources.flatMap(({ path: source, text }) => {
    const lost = namesIn(source, text).filter(named => !isThere(named));
    const links = isDocument(source) ? linksIn(source, text) : [];
    const broken = links.filter(target => !paths.has(target) && !folders.has(target));
    return [...new Set([...lost, ...broken])].map(named => `${source} names ${named}, which does not exist`);
  });
};

/** What a document has in backquotes, and what a comment calls by a name that ends like a file's. */
function namesIn(path: string, text: string): string[] {
  if (isDocument(path)) {
    return [...text.matchAll(/`([\w.-]+(?:\/[\w.-]+)+\/?|[\w-][\w.-]*\.(?:ts|graphql|sql|yml|md))`/g)].map(
      ([, named]) => named!,
    );
  }
  if (!isCode(path)) return [];
  const comments = text.split('\n').filter(line => /^\s*(?:\/\/|\/?\*)/.test(line));
  return comments.flatMap(line =>
    [...line.matchAll(/(?<![\w./<>*{-])((?:[\w-]+\/)*[\w-]+(?:\.[\w-]+)*\.ts)\b/g)].map(
      ([, named]) => named!,
    ),
  );
}

/** Relative targets of a document's links, as paths from the root. */
function linksIn(path: string, text: string): string[] {
  return [...text.matchAll(/\]\(([^)#:\s]+)(?:#[^)]*)?\)/g)].map(([, target]) =>
    posix.join(posix.dirname(path), target!).replace(/\/$/, ''),
  );
}

function foldersOf(path: string): string[] {
  const parts = path.split('/').slice(0, -1);
  return parts.map((_, index) => parts.slice(0, index + 1).join('/'));
}

function endsOf(path: string): string[] {
  const parts = path.split('/');
  return parts.map((_, index) => parts.slice(index).join('/'));
}

const MOST_STEPS = 4;

/** What a newcomer asks first is answered by files that lie at most four steps below the root. */
export const noLongWays: Rule = sources => {
  const guide = sources.find(({ path }) => path === GUIDE)?.text;
  if (guide === undefined) return [];
  const [, answers = ''] = /^## Where is[^\n]*\n(.*?)^## /ms.exec(`${guide}\n## `) ?? [];
  const ways = [...answers.matchAll(/^\| [^|]+ \| `([^`]+)` \|$/gm)].map(([, way]) => way!);
  if (ways.length < 5) return [`${GUIDE} answers ${ways.length} questions under "Where is …", not five`];
  return ways
    .filter(way => way.split('/').length > MOST_STEPS)
    .map(way => `${GUIDE} leads to ${way} in more than ${MOST_STEPS} steps`);
};
