/** WebSockets of a subgraph's API. Little is read of each before it has shown a passport. */
import type { Server } from 'node:http';
import { type WebSocket, WebSocketServer } from 'ws';

/** Of one message. The same as of a request over HTTP. */
const LARGEST_MESSAGE_BYTES = 2_000_000;
/** Of everything that comes before the passport; a passport itself also fits into an HTTP header. */
const BEFORE_PASSPORT_BYTES = 32_768;
/** How long a client may take to read why its socket is closed. */
const READ_CLOSE_MS = 1_000;
const MESSAGE_TOO_BIG = 1009;

/**
 * Opens WebSockets at /graphql of a server. What is too big closes its socket with 1009 (A28).
 *
 * `admit` is to be called once a socket has shown a passport; until then all that it sends counts as one message.
 */
export function openSockets(server: Server) {
  const sockets = new WebSocketServer({
    server,
    path: '/graphql',
    perMessageDeflate: false,
    maxPayload: LARGEST_MESSAGE_BYTES,
  });
  const counting = new WeakMap<WebSocket, () => void>();
  sockets.on('connection', (socket, { socket: connection }) => {
    let left = BEFORE_PASSPORT_BYTES;
    const count = (chunk: Buffer) => {
      left -= chunk.length;
      if (left >= 0) return;
      stop();
      socket.close(MESSAGE_TOO_BIG, 'A passport comes first');
      // Nothing more is read, so an answer to this cannot come.
      socket.pause();
      setTimeout(() => socket.terminate(), READ_CLOSE_MS).unref();
    };
    const stop = () => void connection.off('data', count);
    connection.on('data', count);
    counting.set(socket, stop);
  });
  return { sockets, admit: (socket: WebSocket) => counting.get(socket)?.() };
}
