/** A subgraph's API over HTTP. The gateway is its only client. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { ApolloServer, HeaderMap } from '@apollo/server';
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginInlineTraceDisabled,
  ApolloServerPluginUsageReportingDisabled,
} from '@apollo/server/plugin/disabled';
import type { GraphQLSchema } from 'graphql';
import type { Context } from '../context.ts';
import { withCorrelation } from '../kernel/correlation.ts';
import { DEADLINE_HEADER, readDeadline, tooLate, withDeadline } from '../kernel/deadline.ts';
import { maskError } from '../kernel/errors.ts';
import { answer, answerJson, PayloadTooLarge, readBody } from '../kernel/http.ts';
import type { Log } from '../kernel/log.ts';
import type { Metrics } from '../kernel/metrics.ts';
import { PASSPORT_HEADER, readPassport, type Viewer } from '../kernel/passport.ts';
import type { SubgraphSettings } from '../kernel/settings.ts';
import { correlationOf } from './request.ts';
import { createRequestLimit } from './request-limit.ts';

interface GraphQLParts {
  schema: GraphQLSchema;
  settings: SubgraphSettings;
  log: Log;
  metrics: Metrics;
  context: (viewer: Viewer | null, correlationId: string) => Context<unknown>;
}

/** A subgraph's largest request: the gateway sends representations in bulk. */
const LARGEST_REQUEST_BYTES = 2_000_000;

/** Answers operations that come with a valid passport; others get 401. */
export async function serveGraphQL({ schema, settings, log, metrics, context }: GraphQLParts) {
  const apollo = await startApollo(schema, log);
  const limit = createRequestLimit(settings.concurrency, metrics);

  async function respond(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const viewer = await readPassport(
      req.headers[PASSPORT_HEADER] as string | undefined,
      settings.internalSecret,
    );
    if (viewer === undefined) {
      return answerJson(res, 401, {
        errors: [{ message: 'A valid passport is required.', extensions: { code: 'UNAUTHENTICATED' } }],
      });
    }
    const observe = metrics.requests.startTimer();
    let body: unknown;
    try {
      body = JSON.parse((await readBody(req, LARGEST_REQUEST_BYTES)).toString());
    } catch (error) {
      return answerJson(res, error instanceof PayloadTooLarge ? 413 : 400, {
        errors: [{ message: 'The request body is not valid.', extensions: { code: 'BAD_REQUEST' } }],
      });
    }
    const deadline = readDeadline(req.headers[DEADLINE_HEADER]);
    if (!(await limit.enter(res, deadline))) {
      return answerJson(res, 200, { errors: [tooLate()] });
    }
    const correlationId = correlationOf(req);
    const headers = new HeaderMap([['content-type', req.headers['content-type'] ?? 'application/json']]);
    const execute = () =>
      apollo.executeHTTPGraphQLRequest({
        httpGraphQLRequest: { method: req.method ?? 'POST', headers, search: '', body },
        context: async () => ({ ...context(viewer, correlationId), deadline }),
      });
    const result = await withCorrelation(correlationId, () =>
      deadline !== undefined && isReading(body) ? withDeadline(deadline, execute) : execute(),
    ).finally(limit.leave);
    if (result.body.kind !== 'complete') {
      throw new Error('Incremental delivery is not used between subgraphs.');
    }
    const status = result.status ?? 200;
    answer(res, status, result.headers.get('content-type') ?? 'application/json', result.body.string);
    observe({ outcome: String(status) });
  }

  return { respond, stop: () => apollo.stop() };
}

async function startApollo(schema: GraphQLSchema, log: Log) {
  const apollo = new ApolloServer<Context<unknown>>({
    schema,
    introspection: true,
    includeStacktraceInErrorResponses: false,
    // The gateway is the only client, and it authenticates with a passport that no browser can send.
    csrfPrevention: false,
    stopOnTerminationSignals: false,
    formatError: (formatted, error) => maskError(formatted, error, log),
    plugins: [
      ApolloServerPluginCacheControlDisabled(),
      ApolloServerPluginInlineTraceDisabled(),
      ApolloServerPluginUsageReportingDisabled(),
    ],
  });
  await apollo.start();
  return apollo;
}

/** What may be given up half-way. The gateway sends documents of one operation each. */
const isReading = (body: unknown) =>
  /^\s*(query\b|\{)/.test(String((body as { query?: unknown } | null)?.query));
