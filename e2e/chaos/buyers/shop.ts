/** A front end that does not give up: it repeats requests after UNAVAILABLE and after lost answers. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Answer, ApiClient } from '../../../dev/buyer/client.ts';
import type { Random } from '../random.ts';
import { type Journal, NEWS, type News, noteErrors, remember, type Told } from './told.ts';

const ANSWER_WITHIN_MS = 20_000;
/** Much longer than all faults together: a buyer who waits for so long has found a fault of our own. */
const PATIENCE_MS = 120_000;

export class GaveUp extends Error {}

export interface Shop {
  api: ApiClient;
  journal: Journal;
  random: Random;
  /** Aborts when the run is given up. */
  signal: AbortSignal;
}

/**
 * The answer's data; the request is repeated until there is an answer.
 * @param loseAfterMs drops the first answer after this time, like a front end whose connection breaks.
 * @throws GaveUp after two minutes, and at once on an error that a repetition cannot resolve.
 */
export async function insist(
  { api, journal, random, signal }: Shop,
  operation: string,
  query: string,
  variables: Record<string, unknown> = {},
  { loseAfterMs = null as number | null } = {},
  // biome-ignore lint/suspicious/noExplicitAny: answers have the shape of the query that the caller wrote
): Promise<any> {
  const giveUpAt = Date.now() + PATIENCE_MS;
  let last = '';
  for (let attempt = 1; Date.now() < giveUpAt && !signal.aborted; attempt++) {
    const patience = attempt === 1 && loseAfterMs !== null ? loseAfterMs : ANSWER_WITHIN_MS;
    const answer = await within(patience, api.ask(query, variables));
    if (answer instanceof Error) {
      journal.lost += 1;
      last = answer.message;
    } else {
      journal.answers += 1;
      noteErrors(journal, operation, answer.errors);
      if (!answer.errors) return answer.data;
      last = answer.errors.map(({ message, extensions }) => `${extensions?.code}: ${message}`).join('; ');
      const mayPass = answer.errors.some(({ extensions }) =>
        ['UNAVAILABLE', 'INTERNAL_SERVER_ERROR'].includes(extensions?.code),
      );
      if (!mayPass) throw new GaveUp(`${operation}: ${last}`);
    }
    await pause(random.int(150, 700));
  }
  throw new GaveUp(`${operation}: no answer within ${PATIENCE_MS / 1_000} s; last ${last}`);
}

/** The answer, or the reason why there is none. */
async function within(ms: number, asked: Promise<Answer>): Promise<Answer | Error> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Error>(resolve => {
    timer = setTimeout(resolve, ms, new Error(`no answer within ${ms} ms`));
  });
  const failed = asked.catch(error => (error instanceof Error ? error : new Error(String(error))));
  const answer = await Promise.race([failed, late]);
  clearTimeout(timer);
  return answer;
}

/** The current order, which is also remembered. */
export async function lookAtOrder(shop: Shop, told: Told): Promise<News> {
  const { order } = await insist(shop, 'order', `query ($id: ID!) { order(id: $id) { ${NEWS} } }`, {
    id: told.orderIds[0],
  });
  if (!order) throw new GaveUp(`order ${told.orderIds[0]}: acknowledged, and not found`);
  remember(told, order, { live: false });
  return order;
}

/** Posts to a page of the sandbox, as a browser does, and repeats until it answers. */
export async function postToPage(
  { random, signal }: Shop,
  url: string,
  form: Record<string, string> = {},
): Promise<number> {
  const giveUpAt = Date.now() + PATIENCE_MS;
  while (Date.now() < giveUpAt && !signal.aborted) {
    try {
      const response = await fetch(url, {
        method: 'POST',
        body: new URLSearchParams(form),
        redirect: 'manual',
        signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
      });
      await response.arrayBuffer();
      if (response.status < 500) return response.status;
    } catch {}
    await pause(random.int(200, 600));
  }
  throw new GaveUp(`${new URL(url).pathname} does not answer`);
}
