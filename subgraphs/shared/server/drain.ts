import type { Server } from 'node:http';
import type { Listening } from '../kernel/listen.ts';

/** How long a stop waits for requests in flight. */
const DRAIN_MS = 8_000;
const SWEEP_MS = 50;

/** Takes no more connections, and lets go of each when its running request is answered; of all after 8 s. */
export async function drain(server: Server, listening: Listening): Promise<void> {
  const closed = listening.close();
  const sweeping = setInterval(() => server.closeIdleConnections(), SWEEP_MS);
  const cut = setTimeout(() => server.closeAllConnections(), DRAIN_MS);
  await closed;
  clearInterval(sweeping);
  clearTimeout(cut);
}
