import type { Duplex } from 'node:stream';
import type { Counter } from 'prom-client';
import type { WebSocket } from 'ws';
import { BackPressureWriter } from './back-pressure.ts';
import type { LiveListener } from './subscriptions.ts';

export const TRY_AGAIN_LATER = 1013;

/** Writes results to a client's WebSocket on a connection; `skipped` counts those that are dropped for newer ones. */
export function createSocketWriter(
  client: WebSocket,
  connection: Duplex,
  skipped: Counter,
): BackPressureWriter {
  return new BackPressureWriter(
    {
      write: frame => client.send(frame),
      buffered: () => client.bufferedAmount,
      onceDrained: listener => connection.once('drain', listener),
      abandon: () => client.close(TRY_AGAIN_LATER, 'Results are read too slowly'),
    },
    () => skipped.inc(),
  );
}

/**
 * What graphql-ws takes for a live operation's results: there are none, since they go straight to the socket as
 * ready-made frames, and it ends when the operation does.
 */
export function followOnSocket(
  id: string,
  writer: BackPressureWriter,
  join: (member: LiveListener) => () => void,
) {
  const done = { done: true as const, value: undefined };
  const head = `{"id":${JSON.stringify(id)},"type":"next","payload":`;
  let over = false;
  let leave = () => {};
  let finish = () => {};
  return {
    next: () =>
      new Promise(resolve => {
        finish = () => resolve(done);
        if (over) return finish();
        leave = join({
          result: ({ text }) => writer.send(id, `${head}${text}}`),
          end() {
            writer.finish(id);
            finish();
          },
        });
      }),
    async return() {
      over = true;
      leave();
      writer.forget(id);
      finish();
      return done;
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
