/** A subgraph's listener for the outside: its plain routes (`/webhooks/…`, `/files/…`), and nothing else. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { answerJson } from '../kernel/http.ts';
import { listen } from '../kernel/listen.ts';
import type { Log } from '../kernel/log.ts';
import { CORRELATION_HEADER } from '../kernel/passport.ts';
import { drain } from './drain.ts';

/** The connection of a sender that takes longer for its headers, or for all of its request, is closed. */
const HEADERS_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 30_000;

interface PublicListenerOptions {
  /** 0 takes a free port. */
  port: number;
  host: string | undefined;
  log: Log;
  /** Answers one request by the subgraph's plain routes, with 404 when there is none. */
  respond(req: IncomingMessage, res: ServerResponse): Promise<void>;
}

/** Opens it. The subgraph's own port, with its API, health and metrics, is then for the inside alone. */
export async function listenToOutside({ port, host, log, respond }: PublicListenerOptions) {
  const server = createServer((req, res) => {
    // Only the gateway may set the correlation id.
    delete req.headers[CORRELATION_HEADER];
    respond(req, res).catch(err => {
      log.error({ err }, 'request from outside failed');
      if (res.headersSent) res.destroy();
      else answerJson(res, 500, { error: 'Something went wrong on our side.' });
    });
  });
  server.headersTimeout = HEADERS_TIMEOUT_MS;
  server.requestTimeout = REQUEST_TIMEOUT_MS;
  // Longer than a balancer in front keeps its connections, so that it is the one to close them.
  server.keepAliveTimeout = 75_000;
  const listening = await listen(server, port, host);
  return {
    port: listening.port,
    stop: () => drain(server, listening),
  };
}
