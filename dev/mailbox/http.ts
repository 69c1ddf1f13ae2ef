/** What the mailbox answers over HTTP: maildev's API, the page, and faults for tests. */
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { z } from 'zod';
import { renderPage } from './page.ts';
import type { Message, Store } from './store.ts';

export const FaultSchema = z.object({
  /** `cut-after-data` keeps the message and cuts the line before answering: the sender cannot know. */
  kind: z.enum(['reject-4xx', 'reject-5xx', 'cut-after-data', 'delay']),
  /** For `delay`: how long to wait before the message is accepted. */
  ms: z.number().int().min(0).max(600_000).default(1_000),
  /** How many messages it strikes. */
  times: z.number().int().min(1).default(1),
  /** Strikes only messages to this recipient. */
  to: z.string().optional(),
});
export type Fault = z.infer<typeof FaultSchema>;

/** The page runs no script and loads nothing from elsewhere. */
const PAGE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-src 'self'";
/** A message runs no script either; its links open in a tab of their own. */
const MESSAGE_POLICY =
  "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; img-src data: http: https:; style-src 'unsafe-inline'";

type Handler = (request: IncomingMessage, response: ServerResponse, parameters: string[]) => unknown;

/** Answers requests from `store`; faults are kept in `faults`, where the SMTP side finds them. */
export function createHandler(store: Store, faults: Fault[]): RequestListener {
  const routes: [method: string, path: RegExp, handler: Handler][] = [
    ['GET', /^\/(health|ready)$/, (_, response) => send(response, 200, { status: 'ok' })],
    [
      'GET',
      /^\/$/,
      (request, response) => {
        const chosen = store.find(query(request).get('id') ?? '');
        if (chosen) chosen.read = true;
        const headers = {
          'content-security-policy': PAGE_POLICY,
          'content-type': 'text/html; charset=utf-8',
        };
        response.writeHead(200, headers).end(renderPage(store.list(), chosen));
      },
    ],
    [
      'GET',
      /^\/api\/email$/,
      (request, response) => {
        const to = query(request).get('to');
        const isFor = ({ to, cc, bcc }: Message, address: string) =>
          [...to, ...cc, ...bcc].some(each => each.address === address);
        send(response, 200, to ? store.list().filter(message => isFor(message, to)) : store.list());
      },
    ],
    [
      'GET',
      /^\/api\/email\/([^/]+)$/,
      (_, response, [id = '']) => {
        const message = store.find(id);
        if (message) message.read = true;
        sendIfFound(response, message);
      },
    ],
    [
      'GET',
      /^\/api\/email\/([^/]+)\/html$/,
      async (_, response, [id = '']) => {
        const content = await store.readHtml(id);
        if (content === null) return sendIfFound(response, null);
        const headers = {
          'content-security-policy': MESSAGE_POLICY,
          'content-type': 'text/html; charset=utf-8',
        };
        response.writeHead(200, headers).end(`<base target="_blank">${content}`);
      },
    ],
    [
      'GET',
      /^\/api\/email\/([^/]+)\/attachment\/([^/]+)$/,
      async (_, response, [id = '', name = '']) => {
        const file = await store.readAttachment(id, name);
        if (!file) return sendIfFound(response, null);
        const headers = { 'content-security-policy': 'sandbox', 'x-content-type-options': 'nosniff' };
        response.writeHead(200, { ...headers, 'content-type': file.contentType }).end(file.content);
      },
    ],
    [
      'DELETE',
      /^\/api\/email\/all$/,
      async (_, response) => send(response, 200, { removed: await store.remove() }),
    ],
    [
      'DELETE',
      /^\/api\/email\/([^/]+)$/,
      async (_, response, [id = '']) => {
        const removed = await store.remove(id);
        sendIfFound(response, removed ? { removed } : null);
      },
    ],
    ['GET', /^\/api\/faults$/, (_, response) => send(response, 200, faults)],
    [
      'POST',
      /^\/api\/faults$/,
      async (request, response) => {
        const fault = FaultSchema.safeParse(await readJson(request));
        if (!fault.success) return send(response, 400, { error: z.prettifyError(fault.error) });
        faults.push(fault.data);
        send(response, 201, fault.data);
      },
    ],
    ['DELETE', /^\/api\/faults$/, (_, response) => send(response, 200, { removed: faults.splice(0).length })],
  ];

  return async (request, response) => {
    try {
      const path = (request.url ?? '/').split('?')[0]!;
      for (const [method, pattern, handler] of routes) {
        const match = request.method === method && pattern.exec(path);
        if (match) return await handler(request, response, match.slice(1).map(decodeURIComponent));
      }
      sendIfFound(response, null);
    } catch (error) {
      if (response.headersSent) response.destroy();
      else send(response, error instanceof URIError ? 400 : 500, { error: String(error) });
    }
  };
}

const query = (request: IncomingMessage) => new URL(request.url ?? '/', 'http://mailbox').searchParams;

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' }).end(JSON.stringify(body));
}

function sendIfFound(response: ServerResponse, body: unknown): void {
  if (body === null) send(response, 404, { error: 'Not found' });
  else send(response, 200, body);
}

/** The body, or null when it is not JSON or not declared as such: no other site's page can then send it. */
async function readJson(request: IncomingMessage): Promise<unknown> {
  if (!request.headers['content-type']?.startsWith('application/json')) return null;
  const chunks: Buffer[] = await request.toArray();
  try {
    return JSON.parse(Buffer.concat(chunks).toString());
  } catch {
    return null;
  }
}
