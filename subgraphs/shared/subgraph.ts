import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { ApolloServer, HeaderMap } from '@apollo/server';
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginInlineTraceDisabled,
  ApolloServerPluginUsageReportingDisabled,
} from '@apollo/server/plugin/disabled';
import { buildSubgraphSchema } from '@apollo/subgraph';
import type { Constructor, EntitySchema } from '@mikro-orm/postgresql';
import { type GraphQLSchema, parse } from 'graphql';
import { v7 } from 'uuid';
import type { SubgraphName } from '#schema/messages/index.ts';
import { readSchema } from '../../schema/read.ts';
import type { Context } from './context.ts';
import { type EntityManager, type Migrations, openDatabase, poolOf } from './data/database.ts';
import { scalars } from './data/scalars.ts';
import { withCorrelation } from './kernel/correlation.ts';
import { isDatabaseUnavailable } from './kernel/database-errors.ts';
import { DEADLINE_HEADER, readDeadline, tooLate, withDeadline } from './kernel/deadline.ts';
import { maskError, RETRY_AFTER_SECONDS } from './kernel/errors.ts';
import { answer, answerJson, PayloadTooLarge, readBody } from './kernel/http.ts';
import { listen } from './kernel/listen.ts';
import { createLog, type Log } from './kernel/log.ts';
import { createMetrics } from './kernel/metrics.ts';
import { CORRELATION_HEADER, PASSPORT_HEADER, readPassport, type Viewer } from './kernel/passport.ts';
import type { SubgraphSettings } from './kernel/settings.ts';
import { DeadLetter } from './messaging/dead-letters.ts';
import { type Handlers, startConsumers } from './messaging/inbox.ts';
import { createLive } from './messaging/live.ts';
import { startRelay } from './messaging/outbox.ts';
import { openQueues } from './messaging/queues.ts';
import { createAdmission } from './server/admission.ts';
import { findAilments, type HealthCheck, watchDatabase } from './server/health.ts';
import { listenToOutside } from './server/public-listener.ts';
import { serveSubscriptions } from './server/subscriptions.ts';

/** One of the few plain HTTP routes. The context is signed in as nobody. */
export type Route<S> = (
  ctx: Context<S>,
  req: IncomingMessage,
  res: ServerResponse,
  url: URL,
) => Promise<void>;

export interface SubgraphDefinition<S> {
  settings: SubgraphSettings & { name: string };
  entities: (Constructor | EntitySchema)[];
  migrations: Migrations;
  resolvers: object;
  handlers: Handlers<S>;
  /**
   * Makes what every resolver, handler and job gets as `ctx.services`. Runs after the migrations and before
   * anything is served: the place to seed, too.
   */
  services: (start: { em: EntityManager; log: Log }) => Promise<S>;
  /** By `METHOD /path`; a path that ends in `/` also matches what is below it. */
  routes?: Record<string, Route<S>>;
  /** Lets go of what the services hold. */
  close?: (services: S) => Promise<void>;
}

export interface RunningSubgraph {
  url: string;
  port: number;
  /** Of the listener for the outside, when there is one. */
  publicPort: number | undefined;
  /** Stops accepting, finishes what runs (10 s at most), and lets go of everything. */
  stop(): Promise<void>;
}

const LONGEST_STOP_MS = 9_500;
/** How long a stop waits for requests in flight. */
const DRAIN_MS = 8_000;
/** A subgraph's largest request: the gateway sends representations in bulk. */
const LARGEST_REQUEST = 2_000_000;

/** Starts a subgraph: its database, its API over HTTP and WebSocket, its relay and its workers. */
export async function startSubgraph<S>(definition: SubgraphDefinition<S>): Promise<RunningSubgraph> {
  const { settings } = definition;
  const name = settings.name as SubgraphName;
  const log = createLog(name, settings.logLevel);
  const metrics = createMetrics(name);
  const orm = await openDatabase(
    settings.databaseUrl,
    [...definition.entities, DeadLetter],
    definition.migrations,
  );
  const fork = () => orm.em.fork() as EntityManager;
  const database = watchDatabase(await poolOf(orm), settings.databaseUrl);
  const checks: HealthCheck[] = [database];
  const services = await definition.services({ em: fork(), log });
  const queues = await openQueues(settings, log);
  const live = createLive(queues.relay, log);
  const context = (viewer: Viewer | null, correlationId: string): Context<S> => ({
    em: fork(),
    viewer,
    correlationId,
    log: log.child({ correlationId }),
    live,
    services,
    cache: new Map(),
  });
  const schema = buildSubgraphSchema({
    typeDefs: parse(readSchema(name)),
    resolvers: { ...scalars, ...definition.resolvers } as never,
  });
  const apollo = await startApollo(schema, log);
  const admission = createAdmission(settings.concurrency, metrics);
  const server = createServer((req, res) => {
    void respond(req, res).catch(error => {
      log.error({ err: error }, 'request failed');
      if (res.headersSent) return;
      if (isDatabaseUnavailable(error)) {
        res.setHeader('retry-after', RETRY_AFTER_SECONDS);
        return answerJson(res, 503, {
          errors: [{ message: 'Not available at the moment. Try again shortly.' }],
        });
      }
      answerJson(res, 500, { errors: [{ message: 'Something went wrong on our side.' }] });
    });
  });
  // Longer than the gateway keeps its connections: the client closes first, nothing breaks in flight.
  server.keepAliveTimeout = 75_000;
  const stopSubscriptions = serveSubscriptions({ server, schema, settings, log, context });

  const workers = settings.workers !== 'off';
  let stopRelay = async () => {};
  if (workers) {
    const consumers = await startConsumers({
      subgraph: name,
      queues,
      live,
      log,
      metrics,
      handlers: definition.handlers,
      context: correlationId => context(null, correlationId),
    });
    checks.push(consumers);
    stopRelay = await startRelay({
      subgraph: name,
      databaseUrl: settings.databaseUrl,
      fork,
      queues,
      live,
      log,
      metrics,
    });
  }

  let stopping = false;
  async function respond(req: IncomingMessage, res: ServerResponse) {
    const url = urlOf(req);
    if (url.pathname === '/graphql' && settings.workers !== 'only') return respondGraphQL(req, res);
    if (url.pathname === '/health') return respondHealth(res);
    if (url.pathname === '/ready') return respondReady(res);
    if (url.pathname === '/metrics') {
      return answer(res, 200, metrics.registry.contentType, await metrics.registry.metrics());
    }
    await respondRoute(req, res, url);
  }

  async function respondRoute(req: IncomingMessage, res: ServerResponse, url: URL) {
    const route = findRoute(definition.routes ?? {}, req.method ?? 'GET', url.pathname);
    if (!route) return answerJson(res, 404, { error: 'Not found.' });
    const correlationId = correlationOf(req);
    await withCorrelation(correlationId, () => route(context(null, correlationId), req, res, url));
  }

  async function respondHealth(res: ServerResponse) {
    const ailments = await findAilments(checks);
    if (Object.keys(ailments).length === 0) return answerJson(res, 200, { status: 'ok' });
    log.error({ ailments }, 'unhealthy: this process needs a restart');
    answerJson(res, 503, { status: 'unhealthy', ailments });
  }

  async function respondReady(res: ServerResponse) {
    if (stopping) return answerJson(res, 503, { status: 'stopping' });
    if (await database.ready()) return answerJson(res, 200, { status: 'ready' });
    answerJson(res, 503, { status: 'database does not answer' });
  }

  async function respondGraphQL(req: IncomingMessage, res: ServerResponse) {
    const viewer = await readPassport(
      req.headers[PASSPORT_HEADER] as string | undefined,
      settings.internalSecret,
    );
    if (viewer === undefined) {
      return answerJson(res, 401, {
        errors: [{ message: 'A valid passport is required.', extensions: { code: 'UNAUTHENTICATED' } }],
      });
    }
    const started = process.hrtime.bigint();
    let body: unknown;
    try {
      body = JSON.parse((await readBody(req, LARGEST_REQUEST)).toString());
    } catch (error) {
      return answerJson(res, error instanceof PayloadTooLarge ? 413 : 400, {
        errors: [{ message: 'The request body is not valid.', extensions: { code: 'BAD_REQUEST' } }],
      });
    }
    const deadline = readDeadline(req.headers[DEADLINE_HEADER]);
    if (!(await admission.enter(res, deadline))) {
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
    ).finally(admission.leave);
    if (result.body.kind !== 'complete')
      throw new Error('Incremental delivery is not used between subgraphs.');
    answer(
      res,
      result.status ?? 200,
      result.headers.get('content-type') ?? 'application/json',
      result.body.string,
    );
    metrics.requests.observe(
      { outcome: String(result.status ?? 200) },
      Number(process.hrtime.bigint() - started) / 1e9,
    );
  }

  const { host, publicPort } = settings;
  const listening = await listen(server, settings.port, host);
  const { port } = listening;
  const outside =
    publicPort === undefined
      ? undefined
      : await listenToOutside({
          port: publicPort,
          host,
          log,
          respond: (req, res) => respondRoute(req, res, urlOf(req)),
        });
  log.info({ port, workers: settings.workers, queues: settings.redisUrl ? 'redis' : 'postgresql' }, 'ready');

  let stopped: Promise<void> | undefined;
  async function stop() {
    stopping = true;
    const closed = Promise.all([listening.close(), outside?.stop()]);
    await stopSubscriptions();
    server.closeIdleConnections();
    const cut = setTimeout(() => server.closeAllConnections(), DRAIN_MS);
    await closed;
    clearTimeout(cut);
    await apollo.stop();
    await stopRelay();
    await queues.close();
    await definition.close?.(services);
    await orm.close(true);
    log.info('stopped');
  }
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    publicPort: outside?.port,
    stop: () => (stopped ??= stop()),
  };
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

/** What may be broken off half-way. The gateway sends documents of one operation each. */
const isReading = (body: unknown) =>
  /^\s*(query\b|\{)/.test(String((body as { query?: unknown } | null)?.query));

/** What cannot be parsed is an address that nothing is served at. */
const urlOf = (req: IncomingMessage) =>
  URL.parse(req.url ?? '/', 'http://subgraph') ?? new URL('http://subgraph');

const correlationOf = (req: IncomingMessage) =>
  (req.headers[CORRELATION_HEADER] as string | undefined) ?? v7();

function findRoute<S>(routes: Record<string, Route<S>>, method: string, path: string): Route<S> | undefined {
  const exact = routes[`${method} ${path}`];
  if (exact) return exact;
  const parent = Object.keys(routes).find(key => key.endsWith('/') && `${method} ${path}`.startsWith(key));
  return parent ? routes[parent] : undefined;
}

/** Runs a program until it is told to stop: by a signal, or by the end of the parent that supervises it. */
export function runUntilStopped(start: () => Promise<{ stop(): Promise<void> }>): void {
  // What is thrown before the first promise is no less a failed start.
  const starting = (async () => start())();
  starting.catch(error => {
    console.error(error instanceof Error && error.name === 'ConfigurationError' ? error.message : error);
    process.exit(1);
  });
  const stop = () => {
    // Whatever still hangs by then is taken up again by whoever starts next.
    setTimeout(() => process.exit(0), LONGEST_STOP_MS).unref();
    void starting.then(running => running.stop()).then(() => process.exit(0));
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
  process.once('disconnect', stop);
}
