import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { PrintedTicket } from './ticket-page.ts';
import type { Drawn } from './worker.ts';

export interface Renderer {
  /** The ticket's PDF, drawn on a thread of its own. Whoever asks for a ticket being drawn shares the result. */
  render(ticket: PrintedTicket): Promise<Buffer>;
  close(): Promise<void>;
}

interface Waiting {
  promise: Promise<Buffer>;
  resolve(pdf: Buffer): void;
  reject(error: Error): void;
}

/** One thread, started when first needed: it draws a hundred tickets a second. After a crash the next call starts another. */
export function createRenderer(): Renderer {
  let worker: Worker | undefined;
  const waiting = new Map<string, Waiting>();

  function start(): Worker {
    // Flags of this process are its own business: the thread needs none.
    const started = new Worker(join(import.meta.dirname, 'worker.ts'), { execArgv: [] });
    started.on('message', ({ id, pdf, error }: Drawn) => {
      const { resolve, reject } = waiting.get(id)!;
      waiting.delete(id);
      if (pdf) resolve(Buffer.from(pdf));
      else reject(new Error(error));
    });
    const fail = (error: Error) => {
      if (worker !== started) return;
      worker = undefined;
      for (const { reject } of waiting.values()) reject(error);
      waiting.clear();
    };
    started.on('error', fail);
    started.on('exit', () => fail(new Error('the rendering thread has stopped')));
    return started;
  }

  return {
    render(ticket) {
      const running = waiting.get(ticket.id);
      if (running) return running.promise;
      const entry = Promise.withResolvers<Buffer>();
      waiting.set(ticket.id, entry);
      worker ??= start();
      worker.postMessage(ticket);
      return entry.promise;
    },
    async close() {
      await worker?.terminate();
    },
  };
}
