import { type Client, createClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import type { GatewayContext } from '../context.ts';

/** Between pings; half of it is given for the answer. */
const PING_INTERVAL_MS = 10_000;
const NORMAL_CLOSURE = 1000;

/**
 * A socket to one subgraph, opened with the first subscription and closed with the last.
 *
 * It does not reconnect by itself: subscriptions do, since each knows what it has delivered.
 */
export function createUpstreamClient(
  url: string,
  { identity, correlationId }: GatewayContext,
  told: { accepted(): void; lost(reason: unknown): void },
): Client {
  let unanswered: NodeJS.Timeout | undefined;
  const client = createClient({
    url: url.replace(/^http/, 'ws'),
    webSocketImpl: UpstreamSocket,
    retryAttempts: 0,
    keepAlive: PING_INTERVAL_MS,
    connectionAckWaitTimeout: 5_000,
    connectionParams: async () => ({ ...(await identity.connectionParams()), correlationId }),
    on: {
      connected: told.accepted,
      ping(received) {
        if (!received) unanswered = setTimeout(() => client.terminate(), PING_INTERVAL_MS / 2);
      },
      pong(received) {
        if (received) clearTimeout(unanswered);
      },
      closed(event) {
        clearTimeout(unanswered);
        if ((event as { code?: number }).code !== NORMAL_CLOSURE) told.lost(event);
      },
    },
  });
  return client;
}

/** A reason in a form for the log: close events hold their socket, answers may hold data. */
export function describe(reason: unknown) {
  if (Array.isArray(reason)) return reason.map(error => error?.extensions?.code);
  const { code, message } = reason as { code?: number; message?: string };
  return code ?? message;
}

class UpstreamSocket extends WebSocket {
  constructor(url: string, protocols: string) {
    super(url, protocols, { perMessageDeflate: false, handshakeTimeout: 5_000 });
    // graphql-ws stops listening before it closes, and a socket that is closed while it opens emits one more error.
    this.on('error', () => {});
  }
}
