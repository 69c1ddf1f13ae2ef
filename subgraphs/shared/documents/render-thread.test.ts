import { afterEach, expect, test } from '@jest/globals';
import { createRenderThread, type RenderThread } from './render-thread.ts';

/** Draws the content as text; counts the drawings, and fails or dies when it is told to. */
const WORKER = new URL(
  `data:text/javascript,${encodeURIComponent(`
    import { answerRenderings } from '${new URL('./render-thread.ts', import.meta.url)}';
    let drawings = 0;
    answerRenderings(async content => {
      drawings++;
      if (content === 'fail') throw new Error('no such font');
      if (content === 'die') setImmediate(() => { throw new Error('out of memory'); });
      if (content === 'die') await new Promise(() => {});
      return Buffer.from(content + ' ' + drawings);
    });
  `)}`,
);

let thread: RenderThread<string>;
afterEach(() => thread.close());
const render = async (name: string, content = name) => (await thread.render(name, content)).toString();

test('whoever asks for a file that is being rendered shares it', async () => {
  thread = createRenderThread(WORKER);
  expect(await Promise.all([render('a'), render('a'), render('b')])).toEqual(['a 1', 'a 1', 'b 2']);
  expect(await render('a')).toBe('a 3');
});

test('a drawing that fails is its own failure alone', async () => {
  thread = createRenderThread(WORKER);
  const [failed, drawn] = await Promise.allSettled([render('a', 'fail'), render('b')]);
  expect(failed).toMatchObject({ status: 'rejected', reason: new Error('Error: no such font') });
  expect(drawn).toMatchObject({ status: 'fulfilled', value: 'b 2' });
});

test('a thread that dies fails what it was rendering and is replaced', async () => {
  thread = createRenderThread(WORKER);
  await expect(Promise.all([render('a', 'die'), render('b', 'die')])).rejects.toThrow('out of memory');
  expect(await render('a')).toBe('a 1');
});

test('closing fails what is still being rendered', async () => {
  thread = createRenderThread(WORKER);
  await render('a');
  const dying = render('b', 'die').catch((error: Error) => error.message);
  await thread.close();
  expect(['the rendering thread has ended', 'out of memory']).toContain(await dying);
});
