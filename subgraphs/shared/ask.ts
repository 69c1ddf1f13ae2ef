import type { Context } from './context.ts';
import { DEADLINE_HEADER, timeLeft, tooLate } from './kernel/deadline.ts';
import { CodedError, unavailable } from './kernel/errors.ts';
import { CORRELATION_HEADER, mintPassport, PASSPORT_HEADER } from './kernel/passport.ts';

const TIMEOUT_MS = 3_000;

/**
 * Asks another subgraph over the network, on behalf of the viewer: its own rules of visibility apply.
 *
 * For questions that must be answered before a transaction begins; everything else goes by message.
 * @throws CodedError with the other's code, or UNAVAILABLE when it does not answer within 3 s or what is left until
 *   the deadline.
 */
export async function askSubgraph<Data>(
  { viewer, correlationId, deadline, log }: Pick<Context, 'viewer' | 'correlationId' | 'deadline' | 'log'>,
  { url, internalSecret }: { url: string; internalSecret: string },
  query: string,
  variables: Record<string, unknown>,
): Promise<Data> {
  const asked = Date.now();
  const timeout = timeLeft(deadline, TIMEOUT_MS);
  if (timeout <= 0) throw tooLate();
  let answer: {
    data?: Data;
    errors?: { message: string; extensions?: { code?: string; retryAfter?: number } }[];
  };
  try {
    const response = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        [PASSPORT_HEADER]: await mintPassport(viewer, internalSecret),
        [CORRELATION_HEADER]: correlationId,
        [DEADLINE_HEADER]: String(Math.floor(asked + timeout)),
      },
      body: JSON.stringify({ query, variables }),
      signal: AbortSignal.timeout(timeout),
    });
    answer = (await response.json()) as typeof answer;
  } catch (error) {
    log.warn({ err: error, url }, 'a subgraph does not answer');
    throw unavailable('A part of the system does not answer. Try again in a moment.');
  }
  const [error] = answer.errors ?? [];
  if (error?.extensions?.code === 'NOT_FOUND') throw new CodedError('NOT_FOUND', error.message);
  if (error || !answer.data) {
    log.warn({ error, url }, 'a subgraph answered with an error');
    throw unavailable(
      'A part of the system does not answer. Try again in a moment.',
      error?.extensions?.retryAfter,
    );
  }
  return answer.data;
}
