import { parentPort } from 'node:worker_threads';
import { drawDocument } from './layout.ts';
import type { RenderAnswer, RenderRequest } from './thread.ts';

parentPort!.on('message', async ({ id, content }: RenderRequest) => {
  try {
    const pdf = await drawDocument(content);
    parentPort!.postMessage({ id, pdf } satisfies RenderAnswer);
  } catch (error) {
    parentPort!.postMessage({ id, error: String(error) } satisfies RenderAnswer);
  }
});
