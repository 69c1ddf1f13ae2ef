/** What every HTTP request to a subgraph has in common. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { v7 } from 'uuid';
import { isDatabaseUnavailable } from '../kernel/database-errors.ts';
import { RETRY_AFTER_SECONDS } from '../kernel/errors.ts';
import { answerJson } from '../kernel/http.ts';
import type { Log } from '../kernel/log.ts';
import { CORRELATION_HEADER } from '../kernel/passport.ts';

/** What cannot be parsed is an address that nothing is served at. */
export const urlOf = (req: IncomingMessage): URL =>
  URL.parse(req.url ?? '/', 'http://subgraph') ?? new URL('http://subgraph');

/** A new one when the request brings none. */
export const correlationOf = (req: IncomingMessage): string =>
  (req.headers[CORRELATION_HEADER] as string | undefined) ?? v7();

/** Answers a request whose handling has failed: 503 with `retry-after` for a database that is away, or else 500. */
export function answerFailure(res: ServerResponse, error: unknown, log: Log): void {
  log.error({ err: error }, 'request failed');
  if (res.headersSent) return;
  if (isDatabaseUnavailable(error)) {
    res.setHeader('retry-after', RETRY_AFTER_SECONDS);
    answerJson(res, 503, { errors: [{ message: 'Not available at the moment. Try again shortly.' }] });
    return;
  }
  answerJson(res, 500, { errors: [{ message: 'Something went wrong on our side.' }] });
}
