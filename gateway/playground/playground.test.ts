import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { request } from 'undici';
import { findChromium, openPage, type Page } from '../test/browser.ts';
import { type Stack, startStack, until } from '../test/stack.ts';

const chromium = findChromium();
const inBrowser = chromium ? test : test.skip;

let stack: Stack;
beforeAll(async () => {
  stack = await startStack();
  stack.shop.orders.set('o1', { id: 'o1', status: 'RESERVED', owner: 'ada' });
  stack.shop.payments.set('o1', [{ id: 'p1', status: 'PROCESSING' }]);
});
afterAll(() => stack.stop());

async function load(path: string, headers: Record<string, string> = {}) {
  const {
    statusCode,
    headers: answered,
    body,
  } = await request(stack.gateway.url + path, { headers, reset: true });
  return { status: statusCode, headers: answered, size: (await body.arrayBuffer()).byteLength };
}

test('the playground is served compressed, and not again to who has it', async () => {
  const plain = await load('/playground/graphiql.js');
  const brotli = await load('/playground/graphiql.js', { 'accept-encoding': 'gzip, br' });
  const gzip = await load('/playground/graphiql.js', { 'accept-encoding': 'gzip' });
  expect([plain.status, brotli.headers['content-encoding'], gzip.headers['content-encoding']]).toEqual([
    200,
    'br',
    'gzip',
  ]);
  expect(brotli.size).toBeLessThan(plain.size / 3);
  const again = await load('/playground/graphiql.js', { 'if-none-match': plain.headers.etag as string });
  expect([again.status, again.size]).toEqual([304, 0]);
});

test('only the playground’s own files are served', async () => {
  for (const path of [
    '/playground/playground.ts',
    '/playground/%2e%2e/env.ts',
    '/playground/../env.ts',
    '/playgroundx',
  ]) {
    expect([path, (await load(path)).status]).toEqual([path, 404]);
  }
});

describe('in a browser', () => {
  let page: Page;
  beforeAll(async () => {
    if (!chromium) return;
    page = await openPage(chromium);
    await page.goto(`${stack.gateway.url}/playground`);
    await until(
      'the page is there',
      () => page.evaluate(`!!document.querySelector('.graphiql-execute-button')`),
      20_000,
    );
  }, 40_000);
  afterAll(() => page?.close());

  /** Types into an editor, again if it has not been there yet: a pane that opens takes no keys at first. */
  const fill = (editor: string, text: string) => {
    const bare = (value: string) => value.replace(/\s/g, '').slice(0, 12);
    const lines = `${editor} .monaco-editor .view-lines`;
    const held = () => page.evaluate<string>(`document.querySelector(${JSON.stringify(lines)}).innerText`);
    return until(`${editor} holds the text`, async () => {
      await page.click(lines);
      await page.press('a', { control: true });
      await page.press('Delete');
      await page.type(text);
      return until('it is drawn', async () => bare(await held()) === bare(text), 500).catch(() => false);
    });
  };
  const shown = () =>
    page.evaluate<string>(`document.querySelector('.result-window').innerText.replace(/\\s/g, ' ')`);
  const run = () => page.click('.graphiql-execute-button');
  const tabs = () => page.evaluate<string>(`document.querySelector('.graphiql-tabs').innerText`);
  /** Types an operation and runs it once GraphiQL has taken it in, which its tab tells by the name. */
  const runOperation = async (name: string, text: string) => {
    await fill('.graphiql-query-editor', text);
    await until('the name on the tab', async () => (await tabs()).startsWith(name));
    await run();
  };

  inBrowser('the page opens with tabs to start from and asks no foreign host', async () => {
    expect((await tabs()).split(/\s+/)).toEqual(['SignIn', 'Events', 'Purchase']);
    await until('the documentation was asked for', () => page.requests.some(url => url.endsWith('/graphql')));
    const { host } = new URL(stack.gateway.url);
    const foreign = page.requests.filter(url => !url.startsWith('data:') && new URL(url).host !== host);
    expect(foreign).toEqual([]);
    expect(page.faults).toEqual([]);
  });

  inBrowser('a query, a mutation and a subscription run with the token of the headers editor', async () => {
    const token = await stack.signToken();
    await page.evaluate(
      `[...document.querySelectorAll('.graphiql-editor-tools button')].find(b => b.innerText === 'Headers').click()`,
    );
    await fill('.graphiql-editor-tool .graphiql-editor:not(.hidden)', `{"authorization": "Bearer ${token}"}`);

    await runOperation('Me', 'query Me { me { id displayName } }');
    await until('the viewer is shown', async () => (await shown()).includes('"displayName": "Ada"'));

    await runOperation('Rename', 'mutation Rename { rename(displayName: "Augusta") { displayName } }');
    await until('the new name is shown', async () => (await shown()).includes('Augusta'));

    await runOperation(
      'Live',
      'subscription Live { orderUpdated(orderId: "o1") { status payments { status } } }',
    );
    await until('the current state is shown', async () => (await shown()).includes('RESERVED'));
    stack.shop.orders.get('o1')!.status = 'PAID';
    stack.shop.payments.set('o1', [{ id: 'p1', status: 'SUCCEEDED' }]);
    stack.shop.changed('o1');
    await until('the event is shown', async () => /PAID.*SUCCEEDED/.test(await shown()));
    if (process.env.SCREENSHOT) await page.screenshot(process.env.SCREENSHOT);

    // The button now stops the subscription.
    await run();
    await until('the upstream is gone', () => stack.shop.watchers('o1') === 0);
    expect(page.faults).toEqual([]);
  });
});
