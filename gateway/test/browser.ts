import { spawn } from 'node:child_process';
import { accessSync, constants, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WebSocket } from 'ws';

/** The Chromium of this machine, if it has one. */
export function findChromium(): string | undefined {
  return [
    process.env.CHROMIUM,
    '/usr/bin/chromium',
    '/usr/bin/chromium-browser',
    '/usr/bin/google-chrome',
  ].find(path => {
    try {
      accessSync(path!, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

export interface Page {
  /** Addresses of everything the page has asked for. */
  requests: string[];
  /** Errors that the page has reported, refusals by its Content-Security-Policy included. */
  faults: string[];
  goto(url: string): Promise<void>;
  /** The value of an expression in the page. */
  evaluate<T>(expression: string): Promise<T>;
  /** Types a text as one insertion wherever the focus is. */
  type(text: string): Promise<void>;
  press(key: string, modifiers?: { control: boolean }): Promise<void>;
  /** A real click into the middle of the first element that matches. */
  click(selector: string): Promise<void>;
  screenshot(path: string): Promise<void>;
  close(): Promise<void>;
}

type Message = { id?: number; method?: string; params?: never; result?: never; error?: { message: string } };

/** Opens a page in headless Chromium, driven by its own debugging protocol. */
export async function openPage(chromium: string): Promise<Page> {
  const profile = mkdtempSync(join(tmpdir(), 'chromium-'));
  const browser = spawn(
    chromium,
    [
      '--headless=new',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-dev-shm-usage',
      '--disable-background-networking',
      '--no-first-run',
      '--window-size=1400,900',
      '--remote-debugging-port=0',
      `--user-data-dir=${profile}`,
      'about:blank',
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  const exited = new Promise(resolve => browser.once('exit', resolve));
  const address = await new Promise<string>((resolve, reject) => {
    let said = '';
    browser.stderr.on('data', chunk => {
      said += chunk;
      const listening = /DevTools listening on (ws:\/\/\S+)/.exec(said);
      if (listening) resolve(listening[1]!);
    });
    browser.once('exit', () => reject(new Error(`Chromium ended: ${said}`)));
  });
  const socket = new WebSocket(address, { perMessageDeflate: false });
  await new Promise(resolve => socket.once('open', resolve));

  const waiting = new Map<number, (message: Message) => void>();
  let session: string | undefined;
  let sent = 0;
  async function send<T = Record<string, unknown>>(method: string, params: object = {}): Promise<T> {
    const id = ++sent;
    const answered = new Promise<Message>(resolve => waiting.set(id, resolve));
    socket.send(JSON.stringify({ id, method, params, sessionId: session }));
    const { result, error } = await answered;
    if (error) throw new Error(`${method}: ${error.message}`);
    return result as T;
  }

  const requests: string[] = [];
  const faults: string[] = [];
  const listeners: Record<string, (params: never) => void> = {
    'Network.requestWillBeSent': ({ request }: { request: { url: string } }) => requests.push(request.url),
    'Network.webSocketCreated': ({ url }: { url: string }) => requests.push(url),
    'Runtime.exceptionThrown': ({ exceptionDetails: e }: { exceptionDetails: { text: string } }) =>
      faults.push(JSON.stringify(e)),
    'Log.entryAdded': ({ entry }: { entry: { level: string; text: string } }) => {
      if (entry.level === 'error') faults.push(entry.text);
    },
  };
  socket.on('message', data => {
    const message: Message = JSON.parse(String(data));
    if (message.id) waiting.get(message.id)?.(message);
    else listeners[message.method!]?.(message.params!);
  });

  const { targetId } = await send<{ targetId: string }>('Target.createTarget', { url: 'about:blank' });
  const attached = await send<{ sessionId: string }>('Target.attachToTarget', { targetId, flatten: true });
  session = attached.sessionId;
  for (const domain of ['Page', 'Network', 'Runtime', 'Log']) await send(`${domain}.enable`);

  const page: Page = {
    requests,
    faults,
    async goto(url) {
      await send('Page.navigate', { url });
    },
    async evaluate<T>(expression: string) {
      const { result, exceptionDetails } = await send<{ result: { value: T }; exceptionDetails?: object }>(
        'Runtime.evaluate',
        { expression, returnByValue: true, awaitPromise: true },
      );
      if (exceptionDetails) throw new Error(JSON.stringify(exceptionDetails));
      return result.value;
    },
    async type(text) {
      await send('Input.insertText', { text });
    },
    async press(key, { control } = { control: false }) {
      const code = key.length === 1 ? `Key${key.toUpperCase()}` : key;
      const event = {
        key,
        code,
        modifiers: control ? 2 : 0,
        windowsVirtualKeyCode: key.length === 1 ? key.toUpperCase().charCodeAt(0) : VIRTUAL_KEYS[key],
      };
      await send('Input.dispatchKeyEvent', { type: 'rawKeyDown', ...event });
      await send('Input.dispatchKeyEvent', { type: 'keyUp', ...event });
    },
    async click(selector) {
      const { x, y } = await page.evaluate<{ x: number; y: number }>(
        `(() => { const r = document.querySelector(${JSON.stringify(selector)}).getBoundingClientRect();
           return { x: r.x + r.width / 2, y: r.y + r.height / 2 }; })()`,
      );
      const at = { x, y, button: 'left', clickCount: 1 };
      await send('Input.dispatchMouseEvent', { type: 'mousePressed', ...at });
      await send('Input.dispatchMouseEvent', { type: 'mouseReleased', ...at });
    },
    async screenshot(path) {
      const { data } = await send<{ data: string }>('Page.captureScreenshot');
      writeFileSync(path, Buffer.from(data, 'base64'));
    },
    async close() {
      socket.close();
      browser.kill();
      await exited;
      rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
  return page;
}

const VIRTUAL_KEYS: Record<string, number> = { Delete: 46, Enter: 13, Escape: 27 };
