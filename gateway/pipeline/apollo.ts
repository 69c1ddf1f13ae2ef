import {
  ApolloServer,
  type ApolloServerPlugin,
  type GraphQLRequest,
  type GraphQLRequestContextDidResolveOperation,
  type GraphQLResponse,
  type HTTPGraphQLRequest,
  type HTTPGraphQLResponse,
} from '@apollo/server';
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginInlineTraceDisabled,
  ApolloServerPluginLandingPageDisabled,
  ApolloServerPluginSchemaReportingDisabled,
  ApolloServerPluginUsageReportingDisabled,
} from '@apollo/server/plugin/disabled';
import type { DocumentNode, GraphQLSchema, OperationDefinitionNode } from 'graphql';
import type { Redis } from 'ioredis';
import type { Log } from '#shared/kernel/log.ts';
import type { Metrics } from '#shared/kernel/metrics.ts';
import type { GatewayContext } from '../context.ts';
import type { Execute, GatewayRequest, Supergraph } from '../execution/supergraph.ts';
import type { GatewaySettings } from '../settings.ts';
import { priorityOfOperation, withTextOverHttp } from './admission.ts';
import { createDocumentCache } from './documents/document-cache.ts';
import { createPersistedQueries } from './documents/persisted-queries.ts';
import type { TrustedDocuments } from './documents/trusted-documents.ts';
import { completionErrors, type ErrorMask, toFormatted } from './error-mask.ts';
import { type Attempt, NOT_ATTEMPTED } from './fast-lane.ts';
import type { Limits } from './limits/limits.ts';
import { limitOperationSize, MAX_TOKENS } from './limits/size.ts';
import { mutationByGet, subscriptionOverHttp, unclearOperation } from './refusals.ts';

/** How an operation came in. `live` is a WebSocket or an event stream, whose operations may be live ones. */
type Entry = 'http' | 'live' | 'live, read only' | 'warm-up';

/** An operation that has passed everything before its execution. */
export interface ValidOperation {
  source: string;
  document: DocumentNode;
  operation: OperationDefinitionNode;
  /** As the client named it. */
  operationName: string | undefined;
  /** What clients see. */
  schema: GraphQLSchema;
  queryHash: string;
  /** Whether it was named as automatic persisted queries are. */
  isPersisted: boolean;
  isLive: boolean;
}

/** A valid operation with its compiled plan. */
export interface ExecutableOperation extends ValidOperation {
  execute: Execute;
}

/** What Apollo Server found out about an operation. */
export interface Findings {
  valid?: ValidOperation;
  /** Set once the operation is planned by our own executor. */
  execute?: Execute;
}

/**
 * What an operation carries through Apollo Server, from the functions returned here to the plugins and the executor, and
 * its findings back. Apollo Server offers no other way between them, so this type stays in this file.
 */
interface ApolloContext {
  readonly context: GatewayContext;
  readonly entry: Entry;
  readonly attempt: Attempt;
  readonly findings: Findings;
}

/** Parses, validates and executes operations. */
export interface Apollo {
  start(): Promise<void>;
  stop(): Promise<void>;
  /** @param enter called once the request is known not to be forged, and before its operation is looked at. */
  answerHttp(
    request: HTTPGraphQLRequest,
    enter: () => Promise<GatewayContext>,
    attempt: Attempt,
  ): Promise<{ response: HTTPGraphQLResponse; findings: Findings }>;
  /** Answers what came over a WebSocket or as an event stream, save that live operations are only found valid. */
  answer(
    request: GraphQLRequest,
    context: GatewayContext,
    options: { readOnly: boolean },
  ): Promise<{ response: GraphQLResponse; findings: Findings }>;
  /** Parses, validates and plans an operation without executing it. */
  plan(
    request: GraphQLRequest,
    context: GatewayContext,
  ): Promise<{ response: GraphQLResponse; findings: Findings }>;
}

interface Parts {
  log: Log;
  mask: ErrorMask;
  metrics: Metrics;
  redis: Redis | undefined;
  trusted: TrustedDocuments;
  limits: Limits;
}

export function createApollo(
  supergraph: Supergraph,
  settings: GatewaySettings,
  { log, mask, metrics, redis, trusted, limits }: Parts,
): Apollo {
  const { gateway } = supergraph;
  const { persistedQueries } = settings;
  const apollo = new ApolloServer<ApolloContext>({
    gateway: {
      load: async options => ({
        ...(await gateway.load(options)),
        executor: request => execute(supergraph, request as never),
      }),
      onSchemaLoadOrUpdate: callback => gateway.onSchemaLoadOrUpdate(callback),
      stop: () => gateway.stop(),
    },
    logger: log,
    nodeEnv: settings.production ? 'production' : 'development',
    introspection: settings.introspection,
    hideSchemaDetailsFromClientErrors: settings.production,
    includeStacktraceInErrorResponses: false,
    stopOnTerminationSignals: false,
    parseOptions: { maxTokens: MAX_TOKENS },
    validationRules: [limitOperationSize],
    // The fast lane has the other half of the memory.
    documentStore: createDocumentCache(settings.documentCache / 2),
    persistedQueries: persistedQueries > 0 && {
      cache: createPersistedQueries(persistedQueries, redis, settings.redisPrefix),
    },
    plugins: [
      ApolloServerPluginCacheControlDisabled(),
      ApolloServerPluginInlineTraceDisabled(),
      ApolloServerPluginLandingPageDisabled(),
      ApolloServerPluginSchemaReportingDisabled(),
      ApolloServerPluginUsageReportingDisabled(),
      admitOperations(supergraph, limits),
      respondWithoutExecution,
      maskErrors(mask, metrics, limits),
    ],
  });

  async function run(request: GraphQLRequest, context: GatewayContext, entry: Entry) {
    const findings: Findings = {};
    const contextValue: ApolloContext = { context, entry, attempt: NOT_ATTEMPTED, findings };
    return { response: await apollo.executeOperation(request, { contextValue }), findings };
  }

  return {
    start: () => apollo.start(),
    stop: () => apollo.stop(),
    async answerHttp(request, enter, attempt) {
      const findings: Findings = {};
      const response = await apollo.executeHTTPGraphQLRequest({
        httpGraphQLRequest: request,
        async context() {
          const context = await enter();
          if (!attempt.counted) await limits.rates.countOperation(context);
          Object.assign(request, withTextOverHttp(request, trusted));
          return { context, entry: 'http', attempt, findings };
        },
      });
      return { response, findings };
    },
    answer: (request, context, { readOnly }) => run(request, context, readOnly ? 'live, read only' : 'live'),
    plan: (request, context) => run(request, context, 'warm-up'),
  };
}

/** Executes a query or mutation, unless the fast lane has done that. */
async function execute(supergraph: Supergraph, request: GatewayRequest<ApolloContext>) {
  const { context, attempt, findings } = request.context;
  if (attempt.result) return attempt.result;
  const { document } = request;
  if (!supergraph.usesOwnExecutor(document)) return supergraph.executeStock(request, context);
  findings.execute = plan(supergraph, request);
  return findings.execute(context, request.request.variables);
}

const plan = (
  supergraph: Supergraph,
  { document, queryHash, request }: Pick<GatewayRequest, 'document' | 'request'> & { queryHash?: string },
) => supergraph.prepare({ document, queryHash: queryHash!, operationName: request.operationName });

/**
 * Decides which valid operations are executed or joined. Subscriptions that came as plain HTTP requests are refused, as
 * are documents that leave open which of their operations is meant, and what costs too much.
 */
const admitOperations = (supergraph: Supergraph, limits: Limits): ApolloServerPlugin<ApolloContext> => ({
  async requestDidStart({ contextValue: { context, entry, attempt, findings } }) {
    return {
      async didResolveOperation(request) {
        const { operation, document, schema } = request;
        if (!operation) throw unclearOperation();
        const kind: string = operation.operation;
        const isLive = kind === 'subscription';
        // An operation that the fast lane has executed has passed these already.
        if (!attempt.result) {
          limits.checkCost(schema, document, operation, request.request.variables);
          if (entry !== 'warm-up') {
            await limits.rates.countSignIns(context, limits.countSignIns(document, operation));
          }
        }
        if (entry === 'http' && isLive) throw subscriptionOverHttp();
        if (entry === 'live, read only' && kind === 'mutation') throw mutationByGet();
        // What came as an HTTP request has its permit already; to subscribe takes none.
        if ((entry === 'live' || entry === 'live, read only') && !isLive) {
          await limits.concurrency?.acquire(context.permit!, priorityOfOperation(context, operation));
        }
        findings.valid = validOperation(request, operation, isLive);
        if (entry === 'warm-up') findings.execute = plan(supergraph, request);
      },
    };
  },
});

function validOperation(
  { source, document, schema, request, queryHash }: GraphQLRequestContextDidResolveOperation<ApolloContext>,
  operation: OperationDefinitionNode,
  isLive: boolean,
): ValidOperation {
  return {
    source,
    document,
    operation,
    operationName: request.operationName,
    schema,
    queryHash: queryHash!,
    isPersisted: Boolean(request.extensions?.persistedQuery),
    isLive,
  };
}

/** Ends the way through Apollo Server before the execution: of live operations, which are joined, and of a warm-up. */
const respondWithoutExecution: ApolloServerPlugin<ApolloContext> = {
  async requestDidStart({ contextValue: { entry, findings } }) {
    return {
      async responseForOperation({ response }) {
        if (entry !== 'warm-up' && !findings.valid?.isLive) return null;
        return { http: response.http, body: { kind: 'single', singleResult: {} } };
      },
    };
  },
};

const maskErrors = (
  mask: ErrorMask,
  metrics: Metrics,
  { concurrency }: Limits,
): ApolloServerPlugin<ApolloContext> => ({
  async requestDidStart({ contextValue: { context } }) {
    const finished = metrics.requests.startTimer();
    return {
      async willSendResponse({ response, errors }) {
        if (response.body.kind !== 'single') return;
        const result = response.body.singleResult;
        if (result.extensions?.valueCompletion) {
          const faults = completionErrors(result.extensions);
          result.errors = faults.map(fault => mask(toFormatted(fault), fault, context.correlationId));
          delete result.extensions;
          finished({ outcome: 'errors' });
          return;
        }
        finished({ outcome: result.errors ? 'errors' : 'ok' });
        if (errors) concurrency?.observeErrors(errors);
        // Errors as they were thrown and as they are to be sent stand in the same order.
        result.errors = result.errors?.map((formatted, index) =>
          mask(formatted, errors?.[index], context.correlationId),
        );
      },
    };
  },
});
