import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { buildSubgraphSchema } from '@apollo/subgraph';
import type { GraphQLSchemaModule } from '@apollo/subgraph/dist/schema-helper/index.js';
import type { Constructor, EntitySchema } from '@mikro-orm/postgresql';
import { parse } from 'graphql';
import { readSchema } from '../../schema/read.ts';
import type { Context } from './context.ts';
import { type EntityManager, type Migrations, openDatabase, poolOf } from './data/database.ts';
import { scalars } from './data/scalars.ts';
import { answer } from './kernel/http.ts';
import { listen } from './kernel/listen.ts';
import { createLog, type Log } from './kernel/log.ts';
import { createMetrics } from './kernel/metrics.ts';
import type { Viewer } from './kernel/passport.ts';
import type { SubgraphSettings } from './kernel/settings.ts';
import { type Consumers, startConsumers } from './messaging/consumers.ts';
import { DeadLetter } from './messaging/dead-letters.ts';
import type { Handlers } from './messaging/inbox.ts';
import { createLive } from './messaging/live.ts';
import { createMessageMetrics } from './messaging/metrics.ts';
import { messageMigrations } from './messaging/migrations.ts';
import { openQueues } from './messaging/queues.ts';
import { startRelay } from './messaging/relay.ts';
import { drain } from './server/drain.ts';
import { serveGraphQL } from './server/graphql.ts';
import { answerHealth, answerReady, type HealthCheck, watchDatabase } from './server/health.ts';
import { listenToOutside } from './server/public-listener.ts';
import { answerFailure, urlOf } from './server/request.ts';
import { createRouter, type Routes } from './server/routes.ts';
import { serveSubscriptions } from './server/subscriptions.ts';

export interface SubgraphDefinition<S> {
  settings: SubgraphSettings;
  entities: (Constructor | EntitySchema)[];
  migrations: Migrations;
  resolvers: NonNullable<GraphQLSchemaModule['resolvers']>;
  handlers: Handlers<S>;
  /**
   * Makes what every resolver, handler and job gets as `ctx.services`. Runs after the migrations and before
   * anything is served: the place to seed, too.
   */
  services: (start: { em: EntityManager; log: Log }) => Promise<S>;
  routes?: Routes<S>;
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
/** Longer than the gateway keeps its connections: the client closes first, nothing breaks in flight. */
const KEEP_ALIVE_MS = 75_000;

/** Starts a subgraph: its database, its API over HTTP and WebSocket, its relay and its workers. */
export async function startSubgraph<S>(definition: SubgraphDefinition<S>): Promise<RunningSubgraph> {
  const { settings } = definition;
  const { name, host, publicPort } = settings;
  const log = createLog(name, settings.logLevel);
  const metrics = createMetrics(name);
  const orm = await openDatabase(settings.databaseUrl, [...definition.entities, DeadLetter], {
    ...messageMigrations,
    ...definition.migrations,
  });
  const fork = () => orm.em.fork() as EntityManager;
  const database = watchDatabase(await poolOf(orm), settings.databaseUrl);
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
    resolvers: { ...scalars, ...definition.resolvers },
  });
  const graphql = await serveGraphQL({ schema, settings, log, metrics, context });
  const respondByRoute = createRouter(definition.routes ?? {}, context);
  const server = createServer((req, res) => {
    respond(req, res).catch(error => answerFailure(res, error, log));
  });
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  const stopSubscriptions = serveSubscriptions({ server, schema, settings, log, context });

  const workers = settings.workers === 'off' ? undefined : await startWorkers();
  const checks: HealthCheck[] = workers ? [database, workers.consumers] : [database];
  let stopping = false;

  async function startWorkers(): Promise<{ consumers: Consumers; stopRelay(): Promise<void> }> {
    const parts = {
      subgraph: name,
      queues,
      live,
      log,
      metrics: createMessageMetrics(metrics.registry),
    };
    const consumers = await startConsumers({
      ...parts,
      handlers: definition.handlers,
      context: correlationId => context(null, correlationId),
    });
    const stopRelay = await startRelay({ ...parts, databaseUrl: settings.databaseUrl, fork });
    return { consumers, stopRelay };
  }

  async function respond(req: IncomingMessage, res: ServerResponse) {
    const { pathname } = urlOf(req);
    if (pathname === '/graphql' && settings.workers !== 'only') return graphql.respond(req, res);
    if (pathname === '/health') return answerHealth(res, checks, log);
    if (pathname === '/ready') return answerReady(res, database, stopping);
    if (pathname === '/metrics') {
      return answer(res, 200, metrics.registry.contentType, await metrics.registry.metrics());
    }
    await respondByRoute(req, res);
  }

  const listening = await listen(server, settings.port, host);
  const { port } = listening;
  const outside =
    publicPort === undefined
      ? undefined
      : await listenToOutside({ port: publicPort, host, log, respond: respondByRoute });
  log.info({ port, workers: settings.workers, queues: settings.redisUrl ? 'redis' : 'postgresql' }, 'ready');

  let stopped: Promise<void> | undefined;
  async function stop() {
    stopping = true;
    const drained = Promise.all([drain(server, listening), outside?.stop()]);
    await stopSubscriptions();
    await drained;
    await graphql.stop();
    await workers?.stopRelay();
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
