/** The thread that draws: pdfkit computes for milliseconds at a stretch, which the event loop must not wait for. */
import { parentPort } from 'node:worker_threads';
import { drawTicket, type PrintedTicket } from './ticket-page.ts';

export interface Drawn {
  id: string;
  pdf?: Uint8Array;
  error?: string;
}

parentPort!.on('message', async (ticket: PrintedTicket) => {
  const { id } = ticket;
  try {
    parentPort!.postMessage({ id, pdf: await drawTicket(ticket) } satisfies Drawn);
  } catch (error) {
    parentPort!.postMessage({ id, error: String(error) } satisfies Drawn);
  }
});
