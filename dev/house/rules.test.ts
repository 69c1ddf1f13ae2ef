import { expect, test } from '@jest/globals';
import { noCircles } from './circles.ts';
import { noFullFolders, noLongFiles, noMissingFrame } from './folders.ts';
import { noCrossImports, noImportsOfBindings } from './imports.ts';
import { noLongWays, noLostPaths, noUnknownPromises, noUnshownPromises } from './papers.ts';
import { RULES } from './rules.ts';

const source = (path: string, ...lines: string[]) => ({ path, text: `${lines.join('\n')}\n` });

test('a circle of value imports is a fault, one closed by a type is not', () => {
  const a = source('subgraphs/orders/a.ts', "import { b } from './b.ts';");
  const b = source('subgraphs/orders/b.ts', "import { c } from './deep/c.ts';");
  const back = source('subgraphs/orders/deep/c.ts', 'import {', '  a,', "} from '../a.ts';");
  const typed = source('subgraphs/orders/deep/c.ts', "import type { A } from '../a.ts';");
  expect(noCircles([a, b, typed])).toEqual([]);
  expect(noCircles([a, b, back])).toEqual([
    expect.stringMatching(
      /^circle of imports: .*(a\.ts.*b\.ts.*c\.ts|b\.ts.*c\.ts.*a\.ts|c\.ts.*a\.ts.*b\.ts)/,
    ),
  ]);
});

test('re-exports, dynamic imports and aliases close a circle as imports do', () => {
  const a = source('subgraphs/shared/data/a.ts', "export { b } from '#shared/data/b.ts';");
  const b = source('subgraphs/shared/data/b.ts', "const a = await import('./a.ts');");
  expect(noCircles([a, b])).toHaveLength(1);
});

test.each([
  ['subgraphs/orders/place/placing.ts', '../../tickets/stock/holds.ts'],
  ['subgraphs/orders/server.ts', '../../gateway/settings.ts'],
  ['subgraphs/shared/data/database.ts', '../../users/sessions/tokens.ts'],
  ['gateway/server.ts', '#shared/data/database.ts'],
  ['gateway/server.ts', '../subgraphs/users/sessions/tokens.ts'],
  ['gateway/server.ts', '../dev/redis.ts'],
  ['subgraphs/orders/server.ts', './test/world.ts'],
  ['schema/messages/index.ts', '#shared/kernel/log.ts'],
  ['subgraphs/shared/kernel/errors.ts', '../data/database.ts'],
  ['dev/redis.ts', '../e2e/world.ts'],
])('%s may not import %s, not even a type', (path, specifier) => {
  expect(noCrossImports([source(path, `import { x } from '${specifier}';`)])).toHaveLength(1);
  expect(noCrossImports([source(path, `import type { X } from '${specifier}';`)])).toHaveLength(1);
});

test.each([
  ['subgraphs/orders/place/placing.ts', '#shared/data/database.ts'],
  ['subgraphs/orders/handlers.ts', '#schema/messages/index.ts'],
  ['gateway/server.ts', '#shared/kernel/log.ts'],
  ['gateway/test/stack.ts', '#shared/test/world.ts'],
  ['gateway/pipeline/limits/rate-limits.test.ts', '../../../dev/redis.ts'],
  ['e2e/purchase/purchase.test.ts', '../../subgraphs/orders/order/orders.ts'],
])('%s may import %s', (path, specifier) => {
  expect(noCrossImports([source(path, `import { x } from '${specifier}';`)])).toEqual([]);
});

test('the address of a file counts as an import, though it closes no circle', () => {
  const worker = "new Worker(new URL('./worker.ts', import.meta.url));";
  const thread = source('subgraphs/orders/documents/thread.ts', worker);
  const back = source('subgraphs/orders/documents/worker.ts', "import { t } from './thread.ts';");
  expect(noCircles([thread, back])).toEqual([]);
  const foreign = "const text = new URL('../../tickets/text.ts', import.meta.url);";
  expect(noCrossImports([source('subgraphs/orders/place/placing.ts', foreign)])).toHaveLength(1);
});

test('handlers and resolvers are imported by the server alone', () => {
  const importing = (path: string) => source(path, "import { handlers } from '#shared/x.ts';");
  const server = source('subgraphs/orders/server.ts', "import { handlers } from './handlers.ts';");
  const room = source('subgraphs/orders/saga/steps.ts', "import { handlers } from '../handlers.ts';");
  const api = source('subgraphs/orders/saga/steps.ts', "import { resolvers } from '../resolvers.ts';");
  expect(noImportsOfBindings([server, importing('subgraphs/orders/saga/steps.ts')])).toEqual([]);
  expect(noImportsOfBindings([room])).toHaveLength(1);
  expect(noImportsOfBindings([api])).toHaveLength(1);
});

test('a folder with sixteen files is too full, tests beside them apart', () => {
  const files = Array.from({ length: 15 }, (_, index) => source(`gateway/live/${index}.ts`));
  const tests = Array.from({ length: 15 }, (_, index) => source(`gateway/live/${index}.test.ts`));
  expect(noFullFolders([...files, ...tests])).toEqual([]);
  expect(noFullFolders([...files, ...tests, source('gateway/live/more.ts')])).toHaveLength(1);
});

test('tests that have a folder to themselves fill it as other files do', () => {
  const tests = Array.from({ length: 16 }, (_, index) => source(`gateway/test/${index}.test.ts`));
  expect(noFullFolders(tests.slice(1))).toEqual([]);
  expect(noFullFolders(tests)).toHaveLength(1);
});

test('a subgraph without a part of the frame is a fault', () => {
  const frame = ['README.md', 'settings.ts', 'services.ts', 'resolvers.ts', 'handlers.ts'];
  const files = ['server.ts', ...frame, 'migrations/index.ts', 'test/world.ts'];
  const sources = files.map(file => source(`subgraphs/orders/${file}`));
  expect(noMissingFrame(sources)).toEqual([]);
  expect(noMissingFrame(sources.filter(({ path }) => !path.endsWith('test/world.ts')))).toEqual([
    'subgraphs/orders/test/world.ts is missing: every subgraph has the same frame',
  ]);
});

test('a file of more than 400 lines is too long', () => {
  const lines = Array.from({ length: 400 }, () => '//');
  expect(noLongFiles([source('gateway/a.ts', ...lines)])).toEqual([]);
  expect(noLongFiles([source('gateway/a.ts', ...lines, '//')])).toHaveLength(1);
});

test('a code that is cited has to be defined', () => {
  const promises = source('docs/promises.md', '| I6 | numbers have no gap | `x` |');
  expect(noUnknownPromises([promises, source('gateway/a.ts', '// Keeps I6.')])).toEqual([]);
  expect(noUnknownPromises([promises, source('gateway/a.ts', '// Keeps I7 (and I6).')])).toEqual([
    'gateway/a.ts cites I7, which docs/promises.md does not define',
  ]);
});

test('a promise names a test, and the files that it names cite it', () => {
  const promise = (shown: string) => source('docs/promises.md', `| I6 | numbers have no gap | ${shown} |`);
  const test = source('gateway/a.test.ts', "test('I6: numbers have no gap', () => {});");
  const judge = source('e2e/chaos/judges/a.ts', '// I6');
  expect(noUnshownPromises([promise('`gateway/a.test.ts`, `e2e/chaos/judges/a.ts`'), test, judge])).toEqual(
    [],
  );
  expect(noUnshownPromises([promise('`e2e/chaos/judges/a.ts`'), judge])).toHaveLength(1);
  expect(noUnshownPromises([promise('`gateway/b.test.ts`'), source('gateway/b.test.ts', '// I7')])).toEqual([
    'docs/promises.md says that gateway/b.test.ts shows I6, which it does not cite',
  ]);
});

test('a path that a document names has to exist', () => {
  const file = source('subgraphs/orders/place/placing.ts');
  const names = (path: string) => source('CONTRIBUTING.md', `Look into \`${path}\`.`);
  expect(noLostPaths([file, names('subgraphs/orders/place/')])).toEqual([]);
  expect(noLostPaths([file, names('subgraphs/orders/place/placing.ts')])).toEqual([]);
  expect(noLostPaths([file, names('subgraphs/orders/placing.ts')])).toHaveLength(1);
  expect(noLostPaths([file, names('place/placing.ts'), names('placing.ts')])).toEqual([]);
  expect(noLostPaths([file, names('pricing.ts')])).toHaveLength(1);
});

test('so has the target of a link, and a file that a comment names', () => {
  const file = source('subgraphs/orders/place/placing.ts');
  const links = (target: string) => source('docs/architecture.md', `Look [there](${target}).`);
  expect(noLostPaths([file, links('../subgraphs/orders/place'), links('https://example.org')])).toEqual([]);
  expect(noLostPaths([file, links('place.md')])).toHaveLength(1);
  const comment = (text: string) => source('subgraphs/orders/server.ts', text, "const other = 'gone.ts';");
  expect(noLostPaths([file, comment('// placing.ts says why, @see https://example.org/x.ts')])).toEqual([]);
  expect(noLostPaths([file, comment(' * pricing.ts says why')])).toHaveLength(1);
});

test('the five answers of the guide lie at most four steps away', () => {
  const guide = (...paths: string[]) =>
    source(
      'CONTRIBUTING.md',
      '## Where is …',
      '| … what decides | path |',
      '|---|---|',
      ...paths.map(path => `| a thing | \`${path}\` |`),
      '## The frame',
    );
  const near = Array.from({ length: 4 }, () => 'subgraphs/orders/place/placing.ts');
  expect(noLongWays([guide(...near, 'gateway/live/a.ts')])).toEqual([]);
  expect(noLongWays([guide(...near, 'gateway/live/a/b/c.ts')])).toHaveLength(1);
  expect(noLongWays([guide(...near)])).toHaveLength(1);
});

test('every rule is part of the check', () => {
  const rules = [
    noCircles,
    noCrossImports,
    noImportsOfBindings,
    noFullFolders,
    noLongFiles,
    noMissingFrame,
    noUnknownPromises,
    noUnshownPromises,
    noLostPaths,
    noLongWays,
  ];
  expect(Object.values(RULES)).toEqual(rules);
});
