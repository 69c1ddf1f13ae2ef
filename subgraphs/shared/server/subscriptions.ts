import type { Server } from 'node:http';
import { createSourceEventStream, type ExecutionArgs, execute, type GraphQLSchema } from 'graphql';
import { useServer } from 'graphql-ws/use/ws';
import type { Context } from '../context.ts';
import { withCorrelation } from '../kernel/correlation.ts';
import { maskError } from '../kernel/errors.ts';
import type { Log } from '../kernel/log.ts';
import { readPassport, type Viewer } from '../kernel/passport.ts';
import type { SubgraphSettings } from '../kernel/settings.ts';
import { openSockets } from './sockets.ts';

interface SubscriptionParts {
  server: Server;
  schema: GraphQLSchema;
  settings: SubgraphSettings;
  log: Log;
  context: (viewer: Viewer | null, correlationId: string) => Context<unknown>;
}

/** Who asks, as the connection_init of the gateway tells. */
interface Caller {
  viewer: Viewer | null;
  correlationId: string;
}

/** How long a socket may take to show a passport before it is closed with 4408. */
const CONNECTION_INIT_TIMEOUT_MS = 3_000;
const UNAUTHORIZED = 4401;
const GOING_AWAY = 1001;

/** Serves subscriptions over graphql-transport-ws at /graphql; the passport comes in connection_init. */
export function serveSubscriptions({ server, schema, settings, log, context }: SubscriptionParts) {
  const { sockets, admit } = openSockets(server);
  const subgraph = useServer<Record<string, unknown>, { caller?: Caller }>(
    {
      schema,
      connectionInitWaitTimeout: CONNECTION_INIT_TIMEOUT_MS,
      async onConnect({ connectionParams = {}, extra }) {
        const { passport, correlationId } = connectionParams as { passport?: string; correlationId?: string };
        const viewer = await readPassport(passport, settings.internalSecret);
        if (viewer === undefined) {
          extra.socket.close(UNAUTHORIZED, 'A valid passport is required');
          return false;
        }
        admit(extra.socket);
        extra.caller = { viewer, correlationId: correlationId ?? '' };
        return true;
      },
      context: ({ extra }) => context(extra.caller!.viewer, extra.caller!.correlationId),
      subscribe: args => subscribeAfresh(args, context),
      onNext: (ctx, _id, _payload, _args, result) => ({
        ...result,
        ...(result.errors && {
          errors: result.errors.map(error =>
            maskError(error.toJSON(), error, log, ctx.extra.caller!.correlationId),
          ),
        }),
      }),
      onError: (ctx, _id, _payload, errors) =>
        errors.map(error => maskError(error.toJSON(), error, log, ctx.extra.caller!.correlationId)),
    },
    sockets,
  );
  sockets.on('connection', socket => {
    // graphql-ws prints a stack for whatever a client does wrong; ws itself closes the socket with the right code.
    socket.removeAllListeners('error');
    socket.on('error', err => log.debug({ err }, 'socket failed'));
  });
  return async () => {
    for (const socket of sockets.clients) socket.close(GOING_AWAY, 'Restarting');
    await subgraph.dispose();
    sockets.close();
  };
}

/** As graphql's `subscribe`, with a unit of work and loaders of its own for each event: nothing stale is shown. */
async function subscribeAfresh(args: ExecutionArgs, context: SubscriptionParts['context']) {
  const { viewer, correlationId } = args.contextValue as Context;
  const events = await createSourceEventStream(args);
  if (!(Symbol.asyncIterator in events)) return events;
  const source = events[Symbol.asyncIterator]();
  return {
    async next() {
      const { value, done } = await source.next();
      if (done) return { value: undefined, done: true as const };
      const contextValue = context(viewer, correlationId);
      const result = await withCorrelation(correlationId, async () =>
        execute({ ...args, rootValue: value, contextValue }),
      );
      return { value: result, done: false as const };
    },
    async return() {
      await source.return?.();
      return { value: undefined, done: true as const };
    },
    async throw(error: unknown) {
      await source.return?.();
      throw error;
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  } as unknown as AsyncGenerator<Awaited<ReturnType<typeof execute>>, void, void>;
}
