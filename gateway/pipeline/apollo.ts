import {
  ApolloServer,
  type ApolloServerPlugin,
  type GraphQLRequestContextDidResolveOperation,
  HeaderMap,
} from '@apollo/server';
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginInlineTraceDisabled,
  ApolloServerPluginLandingPageDisabled,
  ApolloServerPluginSchemaReportingDisabled,
  ApolloServerPluginUsageReportingDisabled,
} from '@apollo/server/plugin/disabled';
import { GraphQLError, type OperationDefinitionNode } from 'graphql';
import type { Redis } from 'ioredis';
import type { Log } from '#shared/kernel/log.ts';
import type { Metrics } from '#shared/kernel/metrics.ts';
import type { GatewayContext } from '../context.ts';
import type { Supergraph } from '../execution/supergraph.ts';
import { ANONYMOUS } from '../identity/viewer.ts';
import type { GatewaySettings } from '../settings.ts';
import { type Apollo, putBehindDoor } from './admission.ts';
import { createDocumentCache } from './documents/document-cache.ts';
import { createPersistedQueries } from './documents/persisted-queries.ts';
import type { TrustedDocuments } from './documents/trusted-documents.ts';
import { completionErrors, type Mask, toFormatted } from './error-mask.ts';
import { createFastLane, type FastLane } from './fast-lane.ts';
import type { ConcurrencyLimit, Rank } from './limits/concurrency-limit.ts';
import { type CheckCost, createCostLimit } from './limits/cost.ts';
import { createRateLimits, type RateLimits } from './limits/rate-limits.ts';
import { countSignIns } from './limits/sign-ins.ts';
import { limitOperationSize, MAX_TOKENS } from './limits/size.ts';
import { rehearse } from './warm-up.ts';

interface Parts {
  log: Log;
  mask: Mask;
  metrics: Metrics;
  redis: Redis | undefined;
  trusted: TrustedDocuments;
  limit?: ConcurrencyLimit | undefined;
}

/**
 * The one pipeline that parses, validates and executes operations, whichever way they came in, and the fast lane past
 * it for those that it has found fit before.
 */
export function createApollo(
  supergraph: Supergraph,
  settings: GatewaySettings,
  { log, mask, metrics, redis, trusted, limit }: Parts,
): { apollo: Apollo; fastLane: FastLane | undefined } {
  const rateLimits = createRateLimits(settings, redis);
  const checkCost = createCostLimit(settings.maxCost);
  const { persistedQueries } = settings;
  // Half of the memory for each of them.
  const megabytes = settings.documentCache / 2;
  const fastLane =
    settings.executor === 'own'
      ? createFastLane({ supergraph, rateLimits, trusted, checkCost, metrics, megabytes })
      : undefined;
  const apollo = new ApolloServer<GatewayContext>({
    gateway: supergraph.gateway,
    logger: log,
    nodeEnv: settings.production ? 'production' : 'development',
    introspection: settings.introspection,
    hideSchemaDetailsFromClientErrors: settings.production,
    includeStacktraceInErrorResponses: false,
    stopOnTerminationSignals: false,
    parseOptions: { maxTokens: MAX_TOKENS },
    validationRules: [limitOperationSize],
    documentStore: createDocumentCache(megabytes),
    persistedQueries: persistedQueries > 0 && {
      cache: createPersistedQueries(persistedQueries, redis, settings.redisPrefix),
    },
    plugins: [
      ApolloServerPluginCacheControlDisabled(),
      ApolloServerPluginInlineTraceDisabled(),
      ApolloServerPluginLandingPageDisabled(),
      ApolloServerPluginSchemaReportingDisabled(),
      ApolloServerPluginUsageReportingDisabled(),
      handOver(createGuard(checkCost, rateLimits), supergraph, fastLane, limit),
      maskErrors(mask, metrics, limit),
    ],
  });
  return {
    apollo: {
      ...putBehindDoor(apollo, rateLimits, trusted, limit),
      async start() {
        await apollo.start();
        await rehearse(apollo, trusted.documents, log);
      },
    },
    fastLane,
  };
}

/** What an operation has to pass once it is valid. */
type Guard = (request: GraphQLRequestContextDidResolveOperation<GatewayContext>) => Promise<void>;

function createGuard(checkCost: CheckCost, rateLimits: RateLimits): Guard {
  return async ({ schema, document, operation, request, contextValue }) => {
    checkCost(schema, document, operation!, request.variables);
    await rateLimits.countSignIns(contextValue, countSignIns(document, operation!));
  };
}

/**
 * Takes a valid operation past the guard. Leaves one that came over a WebSocket or an event stream in its context once it is valid, and does not
 * execute subscriptions: live-groups.ts does. Those that came as plain HTTP requests are refused, as are documents
 * that leave open which of their operations is meant.
 */
const handOver = (
  guard: Guard,
  supergraph: Supergraph,
  fastLane: FastLane | undefined,
  limit: ConcurrencyLimit | undefined,
): ApolloServerPlugin<GatewayContext> => ({
  async requestDidStart({ contextValue }) {
    const { socket } = contextValue;
    return {
      async didResolveOperation(request) {
        const { document, queryHash, operation } = request;
        if (!operation) throw unclearOperation();
        if (!contextValue.executed) await guard(request);
        const live = (operation.operation as string) === 'subscription';
        if (!socket && live) throw subscriptionOverHttp();
        if (socket?.readOnly && (operation.operation as string) === 'mutation') throw mutationByGet();
        // Whatever comes as an HTTP request has its place already; to subscribe takes none.
        if (socket && !live) await limit?.enter(contextValue.place!, rankOf(contextValue, operation));
        if (socket) Object.assign(socket, { document, queryHash, live });
        if (!contextValue.executed) fastLane?.keep(request);
      },
      async responseForOperation({ operation, response, document, queryHash, request }) {
        if (contextValue.rehearsal) {
          supergraph.executeOf({ document, queryHash: queryHash!, operationName: request.operationName });
        } else if ((operation.operation as string) !== 'subscription') return null;
        return { http: response.http, body: { kind: 'single', singleResult: {} } };
      },
    };
  },
});

function rankOf({ identity }: GatewayContext, { operation }: OperationDefinitionNode): Rank {
  if (identity.key !== ANONYMOUS) return 'signed in';
  return operation === 'mutation' ? 'newcomer' : 'signed out';
}

const maskErrors = (
  mask: Mask,
  metrics: Metrics,
  limit: ConcurrencyLimit | undefined,
): ApolloServerPlugin<GatewayContext> => ({
  async requestDidStart() {
    const finished = metrics.requests.startTimer();
    return {
      async willSendResponse({ response, errors, contextValue }) {
        if (response.body.kind !== 'single') return;
        const result = response.body.singleResult;
        if (result.extensions?.valueCompletion) {
          const faults = completionErrors(result.extensions);
          result.errors = faults.map(fault => mask(toFormatted(fault), fault, contextValue.correlationId));
          delete result.extensions;
          finished({ outcome: 'errors' });
          return;
        }
        finished({ outcome: result.errors ? 'errors' : 'ok' });
        if (limit && errors) press(limit, errors);
        // Errors as they were thrown and as they are to be sent stand in the same order.
        result.errors = result.errors?.map((formatted, index) =>
          mask(formatted, errors?.[index], contextValue.correlationId),
        );
      },
    };
  },
});

/** Tells the limit when a subgraph has refused work for the moment. Its own refusals say how they are answered. */
function press(limit: ConcurrencyLimit, errors: readonly GraphQLError[]) {
  for (const { extensions } of errors) {
    const { code, retryAfter, http } = extensions;
    if (code === 'UNAVAILABLE' && typeof retryAfter === 'number' && !http) limit.press(retryAfter);
  }
}

const unclearOperation = () =>
  new GraphQLError(
    'Which operation is meant? The document has several, or not the one named: give operationName.',
    {
      extensions: { code: 'OPERATION_RESOLUTION_FAILURE', http: { status: 400 } },
    },
  );

const subscriptionOverHttp = () =>
  new GraphQLError(
    'Subscriptions are served at this address over WebSocket (graphql-transport-ws) or as text/event-stream.',
    { extensions: { code: 'BAD_REQUEST', http: { status: 400 } } },
  );

const mutationByGet = () =>
  new GraphQLError('A mutation is not sent by GET.', {
    extensions: { code: 'BAD_REQUEST', http: { status: 405, headers: new HeaderMap([['allow', 'POST']]) } },
  });
