import { expect, test } from '@jest/globals';
import {
  noCircles,
  noCrossImports,
  noFullFolders,
  noLongFiles,
  noLostPaths,
  noUnknownPromises,
} from './rules.ts';

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
  ['e2e/purchase.test.ts', '../subgraphs/orders/order/orders.ts'],
])('%s may import %s', (path, specifier) => {
  expect(noCrossImports([source(path, `import { x } from '${specifier}';`)])).toEqual([]);
});

test('a folder with sixteen files is too full, tests beside them apart', () => {
  const files = Array.from({ length: 15 }, (_, index) => source(`gateway/live/${index}.ts`));
  const tests = Array.from({ length: 15 }, (_, index) => source(`gateway/live/${index}.test.ts`));
  expect(noFullFolders([...files, ...tests])).toEqual([]);
  expect(noFullFolders([...files, ...tests, source('gateway/live/more.ts')])).toHaveLength(1);
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

test('a path that a document names has to exist', () => {
  const file = source('subgraphs/orders/place/placing.ts');
  const names = (path: string) => source('CONTRIBUTING.md', `Look into \`${path}\`.`);
  expect(noLostPaths([file, names('subgraphs/orders/place/')])).toEqual([]);
  expect(noLostPaths([file, names('subgraphs/orders/place/placing.ts')])).toEqual([]);
  expect(noLostPaths([file, names('subgraphs/orders/placing.ts')])).toHaveLength(1);
});
