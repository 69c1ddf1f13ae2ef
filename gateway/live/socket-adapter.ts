import { CloseCode, type Server } from 'graphql-ws';
import type { WebSocket } from 'ws';
import type { Log } from '#shared/kernel/log.ts';

const PING_INTERVAL_MS = 12_000;
/**
 * Pings in a row after which a client that has answered none is gone. Not one alone: a slow client answers only when
 * it has read what was sent before, and back-pressure decides how long it may take for that.
 */
const MAX_UNANSWERED = 3;

/** Speaks graphql-ws's protocol on a socket, as its own adapter for ws does, with our log. */
export function attach<E>(protocol: Server<E>, socket: WebSocket, extra: E, log: Log) {
  const fail = (err: unknown, message: string) => {
    log.error({ err }, message);
    socket.close(CloseCode.InternalServerError, 'Internal server error');
  };
  // A message over the limit or a broken frame: ws closes the socket by itself, with the fitting code.
  socket.on('error', err => log.debug({ err }, 'a WebSocket failed'));

  const closed = protocol.opened(
    {
      protocol: socket.protocol,
      // Resolves when the bytes are on their way, which holds a live operation back while its client reads slowly.
      send: data =>
        new Promise((resolve, reject) => {
          if (socket.readyState !== socket.OPEN) return resolve();
          socket.send(data, error => (error ? reject(error) : resolve()));
        }),
      close: (code, reason) => socket.close(code, reason),
      onMessage(handle) {
        socket.on('message', data => {
          handle(String(data)).catch(err => {
            if (socket.readyState === socket.OPEN) fail(err, 'a WebSocket message could not be handled');
          });
        });
      },
    },
    extra,
  );

  let unanswered = 0;
  socket.on('pong', () => {
    unanswered = 0;
  });
  const pinging = setInterval(() => {
    if (unanswered === MAX_UNANSWERED) return socket.terminate();
    unanswered++;
    socket.ping();
  }, PING_INTERVAL_MS);

  socket.once('close', (code, reason) => {
    clearInterval(pinging);
    Promise.resolve(closed(code, String(reason))).catch(err =>
      log.error({ err }, 'a WebSocket did not close well'),
    );
  });
}
