import { ApolloServer, type ApolloServerPlugin, HeaderMap } from '@apollo/server';
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginInlineTraceDisabled,
  ApolloServerPluginLandingPageDisabled,
  ApolloServerPluginSchemaReportingDisabled,
  ApolloServerPluginUsageReportingDisabled,
} from '@apollo/server/plugin/disabled';
import { GraphQLError } from 'graphql';
import type { Log } from '#shared/log.ts';
import type { Metrics } from '#shared/metrics.ts';
import type { GatewayContext } from './context.ts';
import type { GatewaySettings } from './env.ts';
import { limitOperationSize, MAX_TOKENS } from './limits.ts';
import { completionErrors, type Mask, toFormatted } from './mask.ts';
import type { Supergraph } from './supergraph.ts';

export type Apollo = ApolloServer<GatewayContext>;

/** The one pipeline that parses, validates and executes operations, whichever way they came in. */
export function createApollo(
  supergraph: Supergraph,
  settings: GatewaySettings,
  { log, mask, metrics }: { log: Log; mask: Mask; metrics: Metrics },
): Apollo {
  return new ApolloServer<GatewayContext>({
    gateway: supergraph.gateway,
    logger: log,
    nodeEnv: settings.production ? 'production' : 'development',
    introspection: settings.introspection,
    hideSchemaDetailsFromClientErrors: settings.production,
    includeStacktraceInErrorResponses: false,
    stopOnTerminationSignals: false,
    parseOptions: { maxTokens: MAX_TOKENS },
    validationRules: [limitOperationSize],
    plugins: [
      ApolloServerPluginCacheControlDisabled(),
      ApolloServerPluginInlineTraceDisabled(),
      ApolloServerPluginLandingPageDisabled(),
      ApolloServerPluginSchemaReportingDisabled(),
      ApolloServerPluginUsageReportingDisabled(),
      handOverSubscriptions,
      maskErrors(mask, metrics),
    ],
  });
}

/**
 * Leaves an operation that came over a WebSocket or an event stream in its context once it is valid, and does not
 * execute subscriptions: live-groups.ts does. Those that came as plain HTTP requests are refused, as are documents
 * that leave open which of their operations is meant.
 */
const handOverSubscriptions: ApolloServerPlugin<GatewayContext> = {
  async requestDidStart({ contextValue: { socket } }) {
    return {
      async didResolveOperation({ document, queryHash, operation }) {
        if (!operation) throw unclearOperation();
        const live = (operation.operation as string) === 'subscription';
        if (!socket && live) throw subscriptionOverHttp();
        if (socket?.readOnly && (operation.operation as string) === 'mutation') throw mutationByGet();
        if (socket) Object.assign(socket, { document, queryHash, live });
      },
      async responseForOperation({ operation, response }) {
        if ((operation.operation as string) !== 'subscription') return null;
        return { http: response.http, body: { kind: 'single', singleResult: {} } };
      },
    };
  },
};

const maskErrors = (mask: Mask, metrics: Metrics): ApolloServerPlugin<GatewayContext> => ({
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
        // Errors as they were thrown and as they are to be sent stand in the same order.
        result.errors = result.errors?.map((formatted, index) =>
          mask(formatted, errors?.[index], contextValue.correlationId),
        );
      },
    };
  },
});

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
