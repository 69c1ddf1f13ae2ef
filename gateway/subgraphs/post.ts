import type { Dispatcher, Pool } from 'undici';
import type { ClientSignal } from '../http/client-signal.ts';

export interface HttpAnswer {
  status: number;
  text: string;
}

export interface HttpRequest {
  path: string;
  /** Names and values in turn. */
  headers: string[];
  body: string;
  /** From now to the last byte, waiting for a connection included. */
  timeoutMs: number;
  /** Bytes of an answer. */
  limitBytes: number;
  /** Gives the request up when the client leaves. */
  signal?: ClientSignal | undefined;
}

/** The client left, so nobody waits for the answer any more. */
export class Abandoned extends Error {}
/** There was no answer in time. */
export class NoAnswer extends Error {}
/** The answer is longer than allowed. */
export class TooLong extends Error {}

/**
 * Posts a body and collects the answer through undici's `dispatch`, the cheapest way there is: no streams, no
 * Headers objects.
 *
 * @throws (as a rejection) Abandoned, NoAnswer, TooLong, or another Error on every network failure.
 */
export function post(pool: Pool, request: HttpRequest): Promise<HttpAnswer> {
  const { path, headers, body, timeoutMs, limitBytes, signal } = request;
  return new Promise((resolve, reject) => {
    let controller: Dispatcher.DispatchController | undefined;
    let givenUp: Error | undefined;
    let status = 0;
    let size = 0;
    const chunks: Buffer[] = [];

    const giveUp = (reason: Error) => {
      givenUp = reason;
      controller?.abort(reason);
      settle();
      reject(reason);
    };
    const abandon = () => giveUp(new Abandoned('The client has left.'));
    const timer = setTimeout(() => giveUp(new NoAnswer(`No answer within ${timeoutMs} ms`)), timeoutMs);
    const settle = () => {
      clearTimeout(timer);
      signal?.removeListener(abandon);
    };
    signal?.addListener(abandon);

    pool.dispatch(
      { path, method: 'POST', headers, body, headersTimeout: 0, bodyTimeout: 0 },
      {
        onRequestStart(started) {
          controller = started;
          // It was given up while it waited for a connection.
          if (givenUp) started.abort(givenUp);
        },
        onResponseStart(_controller, statusCode) {
          status = statusCode;
        },
        onResponseData(_controller, chunk) {
          size += chunk.length;
          if (size > limitBytes) giveUp(new TooLong(`The answer is longer than ${limitBytes} bytes.`));
          else chunks.push(chunk);
        },
        onResponseEnd() {
          settle();
          const text = chunks.length === 1 ? chunks[0]!.toString() : Buffer.concat(chunks, size).toString();
          resolve({ status, text });
        },
        onResponseError(_controller, error) {
          settle();
          reject(error);
        },
      },
    );
  });
}
