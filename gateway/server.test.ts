import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import { type Stack, send, startStack, until } from './test/stack.ts';

const program = fileURLToPath(new URL('./main.ts', import.meta.url));
let stack: Stack;
beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack.stop());
const children: ChildProcess[] = [];
afterAll(() => {
  for (const child of children) child.kill('SIGKILL');
});

/** Starts the gateway as a process of its own. */
async function launch(env: Record<string, string | undefined> = {}) {
  const child = spawn(process.execPath, [program], {
    env: { ...process.env, NODE_OPTIONS: '', ...stack.settings, LOG_LEVEL: 'info', ...env },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  children.push(child);
  const said = { text: '' };
  child.stdout!.on('data', chunk => (said.text += chunk));
  child.stderr!.on('data', chunk => (said.text += chunk));
  const exited = once(child, 'exit') as Promise<[code: number | null]>;
  const started = until(
    'it says its port',
    () => {
      if (child.exitCode !== null) throw new Error(said.text);
      return /"port":(\d+)/.exec(said.text)?.[1];
    },
    20_000,
  );
  return {
    child,
    exited,
    said,
    started: started.then(port => ({ url: `http://127.0.0.1:${port}` }) as Stack['gateway']),
  };
}

test('F11: SIGTERM says "not ready" first, answers what runs, closes sockets with 1001 and exits 0', async () => {
  const { child, exited, started } = await launch({ SUBGRAPH_TIMEOUT: '1200' });
  const gateway = await started;
  let closeCode = 0;
  const client = createClient({
    url: `${gateway.url.replace('http', 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    lazy: false,
    retryAttempts: 0,
    onNonLazyError: () => {},
    on: { closed: event => (closeCode = (event as { code: number }).code) },
  });
  await new Promise<void>(resolve => client.on('connected', () => resolve()));
  await until('ready', async () => (await send(gateway, '/ready')).status === 200);

  stack.payments.fault = 'hang';
  const running = send(gateway, '/graphql', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"query":"{ paymentCount }"}',
  });
  await until('the request runs', async () => stack.payments.hanging > 0);
  child.kill('SIGTERM');
  await until('not ready', async () => (await send(gateway, '/ready')).status === 503);
  expect((await running).body.errors?.[0]?.extensions.code).toBe('UNAVAILABLE');
  expect(await exited).toEqual([0, null]);
  expect(closeCode).toBe(1001);
  stack.payments.fault = 'none';
});

test('the gateway ends when the parent process that started it goes away', async () => {
  const { child, exited, started } = await launch();
  await started;
  child.disconnect();
  expect(await exited).toEqual([0, null]);
});

test('in production the start stops with one message that names every missing setting', async () => {
  const { exited, said, started } = await launch({ NODE_ENV: 'production', USERS_URL: undefined });
  started.catch(() => {});
  expect(await exited).toEqual([1, null]);
  for (const name of ['USERS_URL', 'INVOICES_URL', 'TICKETS_URL', 'NOTIFICATIONS_URL', 'INTERNAL_SECRET']) {
    expect(said.text).toContain(`${name} is missing`);
  }
  expect(said.text).not.toMatch(/at .*\.ts:\d+/);
});
