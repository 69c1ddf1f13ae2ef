import type { Client } from 'graphql-ws';
import { RETRY_AFTER_SECONDS } from '#shared/kernel/errors.ts';
import type { Log } from '#shared/kernel/log.ts';
import type { GatewayContext } from '../context.ts';
import type { SubgraphAnswer, SubgraphClient } from './client.ts';
import { createUpstreamClient, describe } from './upstream-client.ts';

/** The operation that a subgraph is subscribed to. */
export interface UpstreamRequest {
  query: string;
  operationName: string | undefined;
  variables: Record<string, unknown>;
}

export interface UpstreamListener {
  /** `resumed` marks the first event after a lost connection: it may repeat what was delivered before. */
  event(answer: SubgraphAnswer, resumed: boolean): void;
  /** The subgraph has ended the subscription. */
  end(): void;
}

/**
 * Subscriptions at the subgraphs.
 *
 * There is one socket per subgraph and identity, opened with the first subscription and closed with the last; each
 * time it opens it presents a new passport.
 */
export interface Upstreams {
  /** Subscribes, and again after each lost connection, until the returned function is called or the subscription ends. */
  subscribe(
    subgraph: string,
    request: UpstreamRequest,
    context: GatewayContext,
    listener: UpstreamListener,
  ): () => void;
  close(): void;
}

interface Connection {
  client: Client;
  subscriptions: number;
  /** True once the subgraph has accepted the passport. */
  accepted: boolean;
}

/** Before the first, and at most before each further attempt to subscribe again. */
const FIRST_RETRY_MS = 50;
const MAX_RETRY_MS = 5_000;

/** @param patienceMs until a subgraph that was not reached even once is reported as UNAVAILABLE. */
export function createUpstreams(
  subgraphs: Map<string, SubgraphClient>,
  patienceMs: number,
  log: Log,
): Upstreams {
  const connections = new Map<string, Connection>();
  let closed = false;

  function connect(subgraph: string, context: GatewayContext): [key: string, connection: Connection] {
    const key = `${subgraph} ${context.identity.key}`;
    let connection = connections.get(key);
    if (!connection) {
      const opened = { subscriptions: 0, accepted: false };
      const client = createUpstreamClient(subgraphs.get(subgraph)!.endpoint, context, {
        accepted: () => {
          opened.accepted = true;
        },
        lost: reason =>
          log.warn({ reason: describe(reason), subgraph }, 'a live connection to a subgraph was lost'),
      });
      connection = Object.assign(opened, { client });
      connections.set(key, connection);
    }
    connection.subscriptions++;
    return [key, connection];
  }

  function release(key: string, connection: Connection) {
    if (--connection.subscriptions > 0) return;
    // The client closes its socket with its last subscription.
    connections.delete(key);
  }

  return {
    subscribe(subgraph, request, context, listener) {
      const [key, connection] = connect(subgraph, context);
      const startedAt = Date.now();
      let attempt = 0;
      let delivered = false;
      let ended = false;
      let timer: NodeJS.Timeout | undefined;
      let unsubscribe = () => {};

      const finish = () => {
        if (ended) return;
        ended = true;
        clearTimeout(timer);
        unsubscribe();
        release(key, connection);
      };
      const deliverAndFinish = (answer?: SubgraphAnswer) => {
        if (ended) return;
        if (answer) listener.event(answer, delivered);
        finish();
        listener.end();
      };
      const retry = (reason: unknown) => {
        if (ended || closed) return;
        if (!connection.accepted && Date.now() - startedAt >= patienceMs) {
          return deliverAndFinish(unreachable(subgraph));
        }
        const waitMs = Math.min(FIRST_RETRY_MS * 2 ** attempt++, MAX_RETRY_MS) * (0.5 + Math.random() / 2);
        log.debug({ reason: describe(reason), subgraph, waitMs }, 'subscribing again');
        timer = setTimeout(open, waitMs);
      };

      function open() {
        let current = true;
        let resuming = delivered;
        // What this attempt still delivers comes too late.
        const giveUp = (reason: unknown) => {
          current = false;
          unsubscribe();
          retry(reason);
        };
        unsubscribe = connection.client.subscribe(
          { ...request, operationName: request.operationName ?? null },
          {
            next(answer) {
              if (!current || ended) return;
              if (resuming && failed(answer.errors, answer.data)) return giveUp(answer.errors);
              listener.event(answer as SubgraphAnswer, resuming);
              attempt = 0;
              delivered = true;
              resuming = false;
            },
            error(reason) {
              if (!current) return;
              if (!Array.isArray(reason) || (delivered && failed(reason))) return giveUp(reason);
              deliverAndFinish({ data: null, errors: reason });
            },
            complete() {
              if (current) deliverAndFinish();
            },
          },
        );
      }
      open();
      return finish;
    },
    close() {
      closed = true;
      for (const { client } of connections.values()) client.terminate();
    },
  };
}

/** Whether the errors come from a subgraph that fails, and may succeed at the next attempt. */
function failed(errors: SubgraphAnswer['errors'], data?: unknown) {
  const codes = ['INTERNAL_SERVER_ERROR', 'UNAVAILABLE', undefined];
  return !data && errors !== undefined && errors.every(e => codes.includes(e.extensions?.code as string));
}

const unreachable = (subgraph: string): SubgraphAnswer => ({
  data: null,
  errors: [
    {
      message: `${subgraph} does not answer at the moment. Try again shortly.`,
      extensions: { code: 'UNAVAILABLE', retryAfter: RETRY_AFTER_SECONDS },
    },
  ],
});
