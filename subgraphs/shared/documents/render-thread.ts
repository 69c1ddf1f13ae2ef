/**
 * Renders PDF files on a thread of their own: pdfkit computes for milliseconds at a stretch, while the event loop has
 * requests and messages to serve. What is drawn, and how, is the subgraph's: its worker file calls `answerRenderings`.
 */
import { parentPort, Worker } from 'node:worker_threads';

export interface RenderThread<Content> {
  /** The file of this name. Whoever asks for one that is being rendered shares the result. */
  render(name: string, content: Content): Promise<Buffer>;
  close(): Promise<void>;
}

interface Rendering<Content> {
  name: string;
  content: Content;
}
type Answer = { name: string; pdf: Uint8Array } | { name: string; error: string };

/**
 * A thread that runs `worker`. It starts with the first file; one that dies fails what it was rendering, and the next
 * file starts another.
 */
export function createRenderThread<Content>(worker: URL): RenderThread<Content> {
  let thread: Worker | undefined;
  const waiting = new Map<string, PromiseWithResolvers<Buffer>>();

  function start(): Worker {
    // The flags of this process are its own: the thread needs none.
    const started = new Worker(worker, { execArgv: [] });
    started.on('message', (answer: Answer) => {
      const request = waiting.get(answer.name);
      waiting.delete(answer.name);
      if ('pdf' in answer) request?.resolve(Buffer.from(answer.pdf));
      else request?.reject(new Error(answer.error));
    });
    // 'exit' follows, also after an error.
    let failure = new Error('the rendering thread has ended');
    started.on('error', error => {
      failure = error as Error;
    });
    started.on('exit', () => {
      thread = undefined;
      for (const { reject } of waiting.values()) reject(failure);
      waiting.clear();
    });
    return started;
  }

  return {
    render(name, content) {
      const running = waiting.get(name);
      if (running) return running.promise;
      const request = Promise.withResolvers<Buffer>();
      waiting.set(name, request);
      thread ??= start();
      thread.postMessage({ name, content } satisfies Rendering<Content>);
      return request.promise;
    },
    async close() {
      await thread?.terminate();
    },
  };
}

/** The thread's side: draws what it is sent. A drawing that fails is answered with its error. */
export function answerRenderings<Content>(draw: (content: Content) => Promise<Uint8Array>): void {
  parentPort!.on('message', async ({ name, content }: Rendering<Content>) => {
    const answer = await draw(content).then(
      (pdf): Answer => ({ name, pdf }),
      (error): Answer => ({ name, error: String(error) }),
    );
    parentPort!.postMessage(answer);
  });
}
