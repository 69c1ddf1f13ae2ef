/** Where a server listens: on every address of the machine, on one, or on this machine's own alone. */
import { Server as HttpServer } from 'node:http';
import { type AddressInfo, createServer, type Server } from 'node:net';

/** As `HOST`: both 127.0.0.1 and ::1. Programs resolve `localhost` to either, so a server needs both. */
export const LOOPBACK = 'localhost';

const IPV4_LOOPBACK = '127.0.0.1';
const IPV6_LOOPBACK = '::1';
/** Attempts to find a port that is free on both loopback addresses. */
const ATTEMPTS = 10;

export interface Listening {
  port: number;
  /** Takes no more connections; resolves when the last one has ended. */
  close(): Promise<void>;
}

/**
 * Makes a server listen.
 *
 * `port` 0 takes a free one. `host` is an address, `localhost` for both loopback addresses, or undefined for every
 * address of the machine. A machine without IPv6 has 127.0.0.1 alone.
 * @throws Error with the code EADDRINUSE when the port is taken.
 */
export async function listen(server: Server, port: number, host: string | undefined): Promise<Listening> {
  if (host !== LOOPBACK) {
    const bound = await bind(server, port, host);
    return { port: bound, close: () => close(server) };
  }
  for (let attempt = 1; ; attempt++) {
    const bound = await bind(server, port, IPV4_LOOPBACK);
    const twin = createTwin(server);
    try {
      await bind(twin, bound, IPV6_LOOPBACK);
      return { port: bound, close: async () => void (await Promise.all([close(server), close(twin)])) };
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EADDRNOTAVAIL' || code === 'EAFNOSUPPORT') {
        return { port: bound, close: () => close(server) };
      }
      await close(server);
      if (code !== 'EADDRINUSE' || port !== 0 || attempt === ATTEMPTS) throw error;
    }
  }
}

/** A server has one address. The twin listens on the other one, and hands each connection to the server. */
function createTwin(server: Server): Server {
  // As http.Server itself has it; its other limits apply to the connections that it is handed.
  const options = server instanceof HttpServer ? { allowHalfOpen: true, noDelay: true } : {};
  return createServer(options, socket => server.emit('connection', socket));
}

function bind(server: Server, port: number, host: string | undefined): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port, ...(host && { host }) }, () => {
      server.off('error', reject);
      resolve((server.address() as AddressInfo).port);
    });
  });
}

/** One that does not listen (any more) counts as closed. */
const close = (server: Server) => new Promise<void>(resolve => server.close(() => resolve()));
