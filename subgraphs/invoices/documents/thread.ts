/** Renders documents on a thread of their own: the event loop has requests and messages to serve. */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { DocumentContent } from './layout.ts';

export interface Renderer {
  render(content: DocumentContent): Promise<Buffer>;
  close(): Promise<void>;
}

export type RenderRequest = { id: number; content: DocumentContent };
export type RenderAnswer = { id: number; pdf: Uint8Array } | { id: number; error: string };

/** The thread starts with the first document; one that dies fails what it was rendering and is replaced. */
export function createRenderer(): Renderer {
  let worker: Worker | undefined;
  let lastId = 0;
  const waiting = new Map<number, { resolve(pdf: Buffer): void; reject(error: Error): void }>();

  const start = () => {
    const started = new Worker(new URL('./worker.ts', import.meta.url));
    started.on('message', (answer: RenderAnswer) => {
      const request = waiting.get(answer.id);
      waiting.delete(answer.id);
      if ('pdf' in answer) request?.resolve(Buffer.from(answer.pdf));
      else request?.reject(new Error(answer.error));
    });
    // 'exit' follows, also after an error.
    let failure = new Error('the rendering thread has ended');
    started.on('error', error => {
      failure = error as Error;
    });
    started.on('exit', () => {
      if (worker === started) worker = undefined;
      for (const { reject } of waiting.values()) reject(failure);
      waiting.clear();
    });
    return started;
  };

  return {
    render(content) {
      worker ??= start();
      const id = ++lastId;
      return new Promise((resolve, reject) => {
        waiting.set(id, { resolve, reject });
        worker!.postMessage({ id, content } satisfies RenderRequest);
      });
    },
    async close() {
      if (!worker) return;
      const ended = once(worker, 'exit');
      await worker.terminate();
      await ended;
    },
  };
}
