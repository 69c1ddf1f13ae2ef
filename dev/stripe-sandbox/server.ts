import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { LOOPBACK, listen } from '#shared/kernel/listen.ts';
import { createLog, type Log } from '#shared/kernel/log.ts';
import { DEVELOPMENT_WEBHOOK_SECRET } from '#shared/kernel/production.ts';
import { readSettings } from '#shared/kernel/settings.ts';
import { expireDueSessions } from './checkout/checkout.ts';
import type { Call } from './context.ts';
import { controls, type LoggedRequest } from './control.ts';
import { createFaults, type Faults } from './faults.ts';
import { createApi } from './http/api.ts';
import { ApiError } from './http/errors.ts';
import { decodeForm, type Params } from './http/form.ts';
import { messagePage } from './http/pages.ts';
import { findRoute, pages } from './http/routes.ts';
import { openStore, type Store } from './state.ts';
import { startWebhooks, type Webhooks } from './webhooks.ts';

export interface StripeSandboxOptions {
  /** 0 takes any free port. */
  port: number;
  /** Where events are sent. */
  webhookUrl: string;
  webhookSecret: string;
  /** Keeps the state across restarts. */
  dataFile?: string;
  /** As `listen` takes it; this machine alone by default, because nothing here asks who calls. */
  host?: string;
  log?: Log;
}

export interface StripeSandbox {
  url: string;
  port: number;
  /** Sends events to another address from here on; what is pending goes there at once. */
  sendWebhooksTo(url: string): void;
  /** Ends all connections and timers and writes the state. */
  stop(): Promise<void>;
}

/** The running parts, as the API and the pages see them. */
export interface Sandbox {
  store: Store;
  webhooks: Webhooks;
  faults: Faults;
  log: Log;
  stopping: AbortSignal;
  logRequest(entry: Omit<LoggedRequest, 'at'>): LoggedRequest;
  context(request: Call['request']): Pick<Call, 'store' | 'webhooks' | 'url' | 'request'>;
}

const KEEP_REQUESTS = 2000;
const LARGEST_BODY_BYTES = 1024 * 1024;
const BY_PAGE: Call['request'] = { id: null, idempotency_key: null };

/** Starts a Stripe-compatible server: the API under /v1, pages for people, and controls for tests under /sandbox. */
export async function startStripeSandbox(options: StripeSandboxOptions): Promise<StripeSandbox> {
  const { log = createLog('stripe-sandbox', 'silent'), webhookUrl, webhookSecret } = options;
  const store = openStore(options.dataFile);
  const webhooks = startWebhooks(store, { url: webhookUrl, secret: webhookSecret }, log);
  const faults = createFaults();
  const requests: LoggedRequest[] = [];
  const stopping = new AbortController();
  let url = '';

  const sandbox: Sandbox = {
    store,
    webhooks,
    faults,
    log,
    stopping: stopping.signal,
    logRequest(entry) {
      const logged = { ...entry, at: Date.now() };
      requests.push(logged);
      if (requests.length > KEEP_REQUESTS) requests.shift();
      return logged;
    },
    context: request => ({ store, webhooks, url, request }),
  };
  const answerApi = createApi(sandbox);

  async function handle(request: IncomingMessage, response: ServerResponse) {
    const method = request.method ?? 'GET';
    const { pathname: path, search } = new URL(request.url ?? '/', 'http://sandbox');
    const text = method === 'GET' ? search.slice(1) : await readBody(request);
    if (path === '/health') return send(response, 200, { status: 'ok' });
    if (path.startsWith('/v1/')) {
      const answer = await answerApi({
        method,
        path,
        params: decodeForm(text),
        authorization: request.headers.authorization,
        idempotencyKey: request.headers['idempotency-key']?.toString(),
      });
      if (answer.cut) response.destroy();
      else send(response, answer.status, answer.body, answer.headers);
      return;
    }
    const control = findRoute(controls, method, path);
    if (control !== undefined) {
      const input = readInput(request, text);
      return send(
        response,
        200,
        control.handler({ ...sandbox.context(BY_PAGE), ...control, input, faults, requests }),
      );
    }
    const page = findRoute(pages, method, path);
    if (page === undefined) throw new ApiError(404, { type: 'invalid_request_error', message: 'Not found' });
    sendPage(response, page, decodeForm(text));
  }

  function sendPage(
    response: ServerResponse,
    page: NonNullable<ReturnType<typeof findPage>>,
    params: Params,
  ) {
    const call: Call = { ...sandbox.context(BY_PAGE), id: page.id, params, publishable: false };
    try {
      const answer = page.handler(call);
      if ('location' in answer) response.writeHead(303, { location: answer.location }).end();
      else response.writeHead(answer.status, HTML).end(answer.html);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      response.writeHead(error.status, HTML).end(messagePage('Not possible', error.message));
    }
  }

  const server = createServer((request, response) => {
    handle(request, response).catch((error: unknown) => {
      if (response.headersSent || response.destroyed) return;
      if (error instanceof ApiError) return send(response, error.status, { error: error.body });
      log.error({ err: error }, 'request failed');
      send(response, 500, { error: { type: 'api_error', message: 'An unknown error occurred.' } });
    });
  });
  // Longer than clients keep idle connections, so that no connection is closed at the moment of its next use.
  server.keepAliveTimeout = 65_000;
  const listening = await listen(server, options.port, options.host ?? LOOPBACK).catch(
    async (error: unknown) => {
      await webhooks.stop();
      await store.close();
      throw error;
    },
  );
  const { port } = listening;
  url = `http://localhost:${port}`;

  const expiry = setInterval(() => {
    expireDueSessions({ ...sandbox.context(BY_PAGE), id: '', params: {}, publishable: false });
  }, 1000);

  async function stop() {
    stopping.abort();
    clearInterval(expiry);
    const closed = listening.close();
    server.closeIdleConnections();
    // Whoever is still connected has had its answer or will ask again.
    const cut = setTimeout(() => server.closeAllConnections(), 500);
    await closed;
    clearTimeout(cut);
    await webhooks.stop();
    await store.close();
  }

  return { url, port, sendWebhooksTo: to => webhooks.point({ url: to }), stop };
}

const findPage = (method: string, path: string) => findRoute(pages, method, path);
const HTML = { 'content-type': 'text/html; charset=utf-8' };

function send(response: ServerResponse, status: number, body: object | string, headers = {}) {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(text);
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > LARGEST_BODY_BYTES)
      throw new ApiError(413, { type: 'invalid_request_error', message: 'Too long' });
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

/** What a call to /sandbox brings: JSON, or a form or query. */
function readInput(request: IncomingMessage, text: string): unknown {
  const json = request.method !== 'GET' && request.headers['content-type']?.startsWith('application/json');
  if (!json) return decodeForm(text);
  try {
    return text === '' ? {} : JSON.parse(text);
  } catch {
    throw new ApiError(400, { type: 'invalid_request_error', message: 'Malformed JSON' });
  }
}

if (import.meta.main) {
  const settings = readSettings('stripe-sandbox', process.env, kinds => ({
    STRIPE_SANDBOX_PORT: kinds.port(4010),
    HOST: kinds.host(LOOPBACK).transform(host => host!),
    STRIPE_SANDBOX_WEBHOOK_URL: kinds.url('http://localhost:4004/webhooks/stripe'),
    STRIPE_SANDBOX_WEBHOOK_SECRET: kinds.secret(DEVELOPMENT_WEBHOOK_SECRET),
    STRIPE_SANDBOX_DATA: kinds.text(''),
    LOG_LEVEL: kinds.choice(['trace', 'debug', 'info', 'warn', 'error', 'silent'], 'info'),
  }));
  const log = createLog('stripe-sandbox', settings.LOG_LEVEL);
  const sandbox = await startStripeSandbox({
    port: settings.STRIPE_SANDBOX_PORT,
    host: settings.HOST,
    webhookUrl: settings.STRIPE_SANDBOX_WEBHOOK_URL,
    webhookSecret: settings.STRIPE_SANDBOX_WEBHOOK_SECRET,
    dataFile: settings.STRIPE_SANDBOX_DATA || undefined,
    log,
  });
  log.info({ url: sandbox.url, webhooks: settings.STRIPE_SANDBOX_WEBHOOK_URL }, 'Stripe sandbox is ready');
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => void sandbox.stop().then(() => process.exit(0)));
  }
}
