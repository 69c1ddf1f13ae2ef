import type { Dispatcher, Pool } from 'undici';

export interface HttpAnswer {
  status: number;
  text: string;
}

/**
 * Posts a body and collects the answer through undici's `dispatch`, the cheapest way there is: no streams, no
 * Headers objects.
 *
 * @param timeout milliseconds from now to the last byte, waiting for a connection included.
 * @throws (as a rejection) on time-out and on every network failure.
 */
export function post(
  pool: Pool,
  path: string,
  headers: Record<string, string>,
  body: string,
  timeout: number,
): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    let controller: Dispatcher.DispatchController | undefined;
    let timedOut: Error | undefined;
    let status = 0;
    const chunks: Buffer[] = [];
    const timer = setTimeout(() => {
      timedOut = new Error(`No answer within ${timeout} ms`);
      controller?.abort(timedOut);
      reject(timedOut);
    }, timeout);

    pool.dispatch(
      { path, method: 'POST', headers, body, headersTimeout: 0, bodyTimeout: 0 },
      {
        onRequestStart(started) {
          controller = started;
          // It was given up while it waited for a connection.
          if (timedOut) started.abort(timedOut);
        },
        onResponseStart(_controller, statusCode) {
          status = statusCode;
        },
        onResponseData(_controller, chunk) {
          chunks.push(chunk);
        },
        onResponseEnd() {
          clearTimeout(timer);
          const text = chunks.length === 1 ? chunks[0]!.toString() : Buffer.concat(chunks).toString();
          resolve({ status, text });
        },
        onResponseError(_controller, error) {
          clearTimeout(timer);
          reject(error);
        },
      },
    );
  });
}
