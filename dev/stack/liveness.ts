/** What a program answers about itself over HTTP. */
import { get } from 'node:http';
import { text } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';

/** What the URL answers: 200, or why not. Each time over a new connection, so that none is left open. */
export function ask(url: string): Promise<200 | string> {
  return new Promise(resolve => {
    const request = get(url, { agent: false, timeout: 2_000 }, async response => {
      const body = await text(response).catch(() => '');
      resolve(response.statusCode === 200 ? 200 : `${response.statusCode} ${body.slice(0, 500)}`);
    });
    request.on('timeout', () => request.destroy(new Error('no answer within 2 s')));
    request.on('error', error => resolve(error.message));
  });
}

/** So many answers in a row that ask for a restart are believed. */
const UNHEALTHY_ANSWERS = 3;

/**
 * Resolves to the answer of a program that has asked for a restart, by 503 at its health address, several times in a
 * row; to undefined when it ends before. A program that does not answer, or is frozen, has not asked.
 */
export async function whenUnhealthy(
  url: string,
  exited: Promise<unknown>,
  everyMs: number,
): Promise<string | undefined> {
  let running = true;
  const gone = exited.then(() => {
    running = false;
  });
  for (let inRow = 0; ; ) {
    await Promise.race([pause(everyMs, undefined, { ref: false }), gone]);
    if (!running) return undefined;
    const answer = await ask(url);
    inRow = answer !== 200 && answer.startsWith('503') ? inRow + 1 : 0;
    if (inRow >= UNHEALTHY_ANSWERS) return String(answer);
  }
}
