import { type IncomingMessage, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { GraphQLError, type GraphQLFormattedError, type GraphQLSchema } from 'graphql';
import { CloseCode, handleProtocols, makeServer, type SubscribePayload } from 'graphql-ws';
import { type Counter, Gauge } from 'prom-client';
import { type WebSocket, WebSocketServer } from 'ws';
import type { CodedError } from '#shared/kernel/errors.ts';
import type { Log } from '#shared/kernel/log.ts';
import type { Metrics } from '#shared/kernel/metrics.ts';
import { CORRELATION_HEADER } from '#shared/kernel/passport.ts';
import { correlationIdFrom, type GatewayContext } from '../context.ts';
import type { Operation } from '../execution/supergraph.ts';
import { addressOf } from '../http/client-address.ts';
import { originMayCall } from '../http/cors.ts';
import { atExpiry } from '../identity/token-expiry.ts';
import type { Identity, Viewers } from '../identity/viewer.ts';
import { type ErrorMask, toFormatted } from '../pipeline/error-mask.ts';
import type { Pipeline } from '../pipeline/pipeline.ts';
import type { BackPressureWriter } from './back-pressure.ts';
import type { JoinLive } from './groups.ts';
import { attach } from './socket-adapter.ts';
import { createSocketWriter, followOnSocket, TRY_AGAIN_LATER } from './socket-sink.ts';

export interface Sockets {
  /** Takes a connection over from the HTTP server, or refuses it with 403 (foreign Origin). */
  upgrade(req: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** Closes every socket with 1001 and waits until they are gone. */
  close(): Promise<void>;
}

interface Parts {
  pipeline: Pipeline;
  schema: GraphQLSchema;
  join: JoinLive;
  viewers: Viewers;
  corsOrigins: string[];
  trustProxy: boolean;
  mask: ErrorMask;
  metrics: Metrics;
  /** Counts results that were dropped for newer ones. */
  skipped: Counter;
  log: Log;
}

/** A client's connection. */
interface ClientConnection {
  socket: WebSocket;
  writer: BackPressureWriter;
  address: string;
  identity?: Identity;
  /** From connection_init, for all operations of the connection; without it each gets its own. */
  correlationId?: string;
  expiry?: NodeJS.Timeout;
}

/** An operation on its way through graphql-ws, with its result when it is not a live one. */
interface Started {
  id: string;
  connection: ClientConnection;
  operation: Operation;
  context: GatewayContext;
  result: object | undefined;
}

/** Of a message from a client. */
const MAX_MESSAGE_BYTES = 64_000;
/** Operations that one socket carries at a time. */
const MAX_OPERATIONS = 200;
const GOING_AWAY = 1001;

/** Serves `graphql-transport-ws`: live operations, and queries and mutations through the same pipeline as HTTP. */
export function createSockets(parts: Parts): Sockets {
  const { pipeline, schema, join, viewers, mask, log } = parts;
  const server = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_MESSAGE_BYTES,
    perMessageDeflate: false,
    handleProtocols,
    // A client that does not answer a close is cut off after this long; ws waits 30 s by default.
    ...({ closeTimeout: 2_000 } as object),
  });
  new Gauge({
    name: 'guichet_live_sockets',
    help: 'Open WebSockets of clients',
    registers: [parts.metrics.registry],
    collect() {
      this.set(server.clients.size);
    },
  });

  const protocol = makeServer<Record<string, unknown>, ClientConnection>({
    connectionInitWaitTimeout: 3_000,
    async onConnect({ extra: connection, connectionParams = {} }) {
      const params = lowerCaseKeys(connectionParams);
      try {
        connection.identity = await viewers.identify(params.authorization as string | undefined);
      } catch (error) {
        // Without a reason to refuse the token the client may keep it and come back.
        if ((error as CodedError).extensions?.code === 'UNAUTHENTICATED') return false;
        connection.socket.close(TRY_AGAIN_LATER, 'Signing in cannot be checked at the moment');
        return false;
      }
      if (params[CORRELATION_HEADER])
        connection.correlationId = correlationIdFrom(params[CORRELATION_HEADER]);
      connection.expiry = atExpiry(connection.identity, () =>
        connection.socket.close(CloseCode.Forbidden, 'The access token has expired'),
      );
      return true;
    },
    async onSubscribe({ extra: connection, subscriptions }, id, payload) {
      if (Object.keys(subscriptions).length > MAX_OPERATIONS) return [new RefusedOperation(TOO_MANY)];
      const context = {
        identity: connection.identity!,
        correlationId: connection.correlationId ?? correlationIdFrom(undefined),
        address: connection.address,
      };
      const begun = await pipeline.begin(requestOf(payload), context);
      if (begun.refused) return begun.refused.map(error => new RefusedOperation(error));
      const { operation, result } = begun;
      const { document, operationName } = operation;
      const started: Started = { id, connection, operation, context, result };
      return { schema, document, operationName, contextValue: started };
    },
    execute: ({ contextValue }) => (contextValue as Started).result as object,
    subscribe({ contextValue }) {
      const { id, connection, operation, context } = contextValue as Started;
      return followOnSocket(id, connection.writer, member => join(operation, context, member)) as never;
    },
    // Both are masked already and plain data, which graphql-ws would not expect.
    onNext: (_ctx, _id, _payload, _args, result) => result as never,
    onError: ({ extra }, _id, _payload, errors) =>
      errors.map(error =>
        error instanceof RefusedOperation
          ? error.formatted
          : mask(toFormatted(error), error, extra.correlationId ?? correlationIdFrom(undefined)),
      ),
    onClose({ extra: connection }) {
      clearTimeout(connection.expiry);
      connection.writer.close();
    },
  });

  return {
    upgrade(req, socket, head) {
      if (!originMayCall(req, parts.corsOrigins)) return refuseUpgrade(socket, 403);
      const address = addressOf(req, parts.trustProxy);
      server.handleUpgrade(req, socket, head, client => {
        const writer = createSocketWriter(client, socket, parts.skipped);
        attach(protocol, client, { socket: client, writer, address }, log);
      });
    },
    async close() {
      const clients = [...server.clients];
      const gone = clients.map(client => new Promise(resolve => client.once('close', resolve)));
      for (const client of clients) client.close(GOING_AWAY, 'Going away');
      await Promise.all(gone);
      server.close();
    },
  };
}

/** Answers an upgrade request with an HTTP status instead. */
export function refuseUpgrade(socket: Duplex, status: number) {
  socket.on('error', () => socket.destroy());
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
}

const requestOf = ({ query, operationName, variables, extensions }: SubscribePayload) => ({
  // The protocol insists on a text, also where the extensions name a persisted one.
  query: query || undefined,
  extensions: extensions ?? undefined,
  operationName: operationName ?? undefined,
  variables: variables ?? undefined,
});

const lowerCaseKeys = (params: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(params).map(([key, value]) => [key.toLowerCase(), value]));

const TOO_MANY: GraphQLFormattedError = {
  message: `A connection carries at most ${MAX_OPERATIONS} operations at a time: end one first, or open another.`,
  extensions: { code: 'BAD_USER_INPUT' },
};

/** An error of an operation that was not executed at all, as the pipeline has formatted it. */
class RefusedOperation extends GraphQLError {
  readonly formatted: GraphQLFormattedError;

  constructor(formatted: GraphQLFormattedError) {
    super(formatted.message);
    this.formatted = formatted;
  }
}
