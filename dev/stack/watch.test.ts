import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { eventually } from '#shared/test/world.ts';
import { closureOf } from '../house/sources.ts';
import { choosePorts, type Ports, type Service, stackServices } from './services.ts';
import { type Stack, startStack } from './stack.ts';
import { isLoaded } from './watch.ts';

const PATIENCE_SECONDS = 25;
const NAMES = ['users', 'orders'];

let folder: string;
let stack: Stack | undefined;
let lines: string[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'guichet-watch-'));
  lines = [];
});
afterEach(async () => {
  await stack?.stop();
  stack = undefined;
  await rm(folder, { recursive: true });
});

const fileOf = (name: string, file: string) => join(folder, name, file);
const write = (name: string, text: string) =>
  writeFile(fileOf(name, 'text.ts'), `export const text: string = ${text};`);

/** Two services, each in a folder of its own, that answer a text which another file of theirs holds. */
async function startServices() {
  for (const name of NAMES) {
    await mkdir(join(folder, name));
    await write(name, "'first'");
    await writeFile(
      fileOf(name, 'server.ts'),
      `import { createServer } from 'node:http';
       import { text } from './text.ts';
       createServer((_, response) => response.end(text))
         .listen(Number(process.env.${name.toUpperCase()}_PORT), '127.0.0.1');
       process.once('SIGTERM', () => process.exit(0));`,
    );
  }
  const services = (_: unknown, ports: Ports): Service[] =>
    NAMES.map((name, stage) => ({
      name,
      stage,
      file: fileOf(name, 'server.ts'),
      folders: [join(folder, name)],
      nodeArgs: [],
      needs: 'nothing',
      readyUrl: `http://127.0.0.1:${ports[name]!.port}/`,
    }));
  stack = await startStack({
    directory: join(folder, '.guichet'),
    ports: 'free',
    only: NAMES,
    watch: true,
    services,
    log: line => lines.push(stripVTControlCharacters(line)),
  });
  return stack;
}

const answerOf = ({ urls }: Stack, name: string) =>
  fetch(urls[name]!.replace('localhost', '127.0.0.1')).then(
    answer => answer.text(),
    () => null,
  );
const pidOf = ({ processes }: Stack, name: string) => processes.get(name)!.pid;
const said = (text: string) => eventually(() => lines.find(line => line.includes(text)), PATIENCE_SECONDS);

test('a service whose file changes is restarted, with one line that says why, and no other', async () => {
  const running = await startServices();
  const orders = pidOf(running, 'orders');
  await write('users', "'second'");
  await eventually(async () => (await answerOf(running, 'users')) === 'second', PATIENCE_SECONDS);
  expect(pidOf(running, 'orders')).toBe(orders);
  expect(lines.filter(line => line.includes('restarts'))).toEqual([
    expect.stringMatching(/^dev +\| users restarts: .*users\/text\.ts changed\.$/),
  ]);
});

test('code that cannot start is told, and the next change starts the service again', async () => {
  const running = await startServices();
  await write('users', '(');
  await said('users waits for the next change.');
  expect(lines.join('\n')).toMatch(/users ended with exit code 1 before it was ready/);
  expect(await answerOf(running, 'users')).toBeNull();
  await write('users', "'mended'");
  await eventually(async () => (await answerOf(running, 'users')) === 'mended', PATIENCE_SECONDS);
});

test.each([
  ['text.ts', true],
  ['playground/page.css', true],
  ['users.graphql', true],
  ['text.test.ts', false],
  ['test/world.ts', false],
  ['generated/users.ts', false],
  ['README.md', false],
  ['.text.ts.swp', false],
])('%s counts as code that is loaded: %s', (path, loaded) => {
  expect(isLoaded(path)).toBe(loaded);
});

test('every service watches all that it imports', async () => {
  const root = join(import.meta.dirname, '../..');
  const ports = await choosePorts('default', {});
  for (const { name, file, folders } of stackServices({}, ports)) {
    const loaded = closureOf(root, file);
    expect(loaded.size).toBeGreaterThan(3);
    const missed = [...loaded].filter(path => !folders.some(each => path.startsWith(`${each}/`)));
    expect({ name, missed }).toEqual({ name, missed: [] });
  }
});
