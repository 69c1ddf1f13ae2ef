import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { answerJson } from '#shared/kernel/http.ts';
import { listen } from '#shared/kernel/listen.ts';
import { createLog } from '#shared/kernel/log.ts';
import { createMetrics } from '#shared/kernel/metrics.ts';
import type { Environment } from '#shared/kernel/settings.ts';
import { loadSupergraph } from './execution/supergraph.ts';
import { answerPreflight, corsHeaders } from './http/cors.ts';
import { createGraphqlHandler, setHeaders } from './http/graphql.ts';
import { createUncheckedViewers, createViewers } from './identity/viewer.ts';
import { prefersEventStream } from './live/event-streams.ts';
import { createLive } from './live/live.ts';
import { refuseUpgrade } from './live/sockets.ts';
import { readTrustedDocuments } from './pipeline/documents/trusted-documents.ts';
import { createErrorMask } from './pipeline/error-mask.ts';
import { createLimits } from './pipeline/limits/limits.ts';
import { createPipeline } from './pipeline/pipeline.ts';
import { createPlayground } from './playground/playground.ts';
import { connectRedis } from './redis.ts';
import { readGatewaySettings } from './settings.ts';
import { observeBreakers } from './subgraphs/circuit-breaker.ts';
import { createReadiness } from './subgraphs/readiness.ts';

export interface Gateway {
  /** `http://127.0.0.1:<port>`, without a path. */
  url: string;
  /** `ws://127.0.0.1:<port>/graphql`. */
  wsUrl: string;
  port: number;
  /**
   * Answers "not ready", waits `drainDelay` milliseconds, then lets running requests finish (9 s at most), closes
   * WebSockets with 1001 and every connection to the subgraphs. Calling it twice is fine.
   */
  stop(drainDelay?: number): Promise<void>;
}

/** How long running requests are given when the gateway stops. */
const DRAIN_MS = 9_000;

/**
 * Starts the gateway. The subgraphs need not be there yet: `/ready` tells when they are.
 * @throws ConfigurationError naming each missing or wrong setting.
 */
export async function startGateway(env: Environment = process.env): Promise<Gateway> {
  const settings = readGatewaySettings(env);
  const log = createLog('gateway', settings.logLevel);
  const metrics = createMetrics('gateway');
  const mask = createErrorMask(log, { hideSchema: settings.production });
  const supergraph = loadSupergraph(settings, log);
  const viewers =
    settings.identity === 'none'
      ? createUncheckedViewers()
      : createViewers(settings.jwksUrl, settings.internalSecret, log);
  const redis = connectRedis(settings.redisUrl, log);
  const trusted = readTrustedDocuments(settings);
  const limits = createLimits(settings, { redis, tagged: supergraph.tagged, metrics });
  const pipeline = createPipeline(supergraph, settings, { log, mask, metrics, redis, trusted, limits });
  await pipeline.start();
  observeBreakers(supergraph.subgraphs, metrics);

  const handleGraphql = createGraphqlHandler({
    pipeline,
    viewers,
    trustProxy: settings.trustProxy,
    mask,
  });
  const readiness = createReadiness([...supergraph.subgraphs.values()]);
  const playground = createPlayground();
  const live = createLive({ settings, supergraph, pipeline, limits, viewers, mask, metrics, log });
  let stopping: Promise<void> | undefined;

  async function route(req: IncomingMessage, res: ServerResponse) {
    const [path, search] = splitUrl(req.url ?? '/');
    if (stopping) res.setHeader('connection', 'close');
    switch (path) {
      case '/graphql':
      case '/graphql/stream': {
        if (answerPreflight(req, res, settings.corsOrigins)) return;
        const cors = corsHeaders(req, settings.corsOrigins);
        if (path === '/graphql' && !prefersEventStream(req)) return handleGraphql(req, res, search, cors);
        setHeaders(res, cors);
        return live.streams.handle(req, res, search);
      }
      case '/health':
        return answerJson(res, 200, { alive: true });
      case '/ready': {
        const state = stopping ? { ready: false, subgraphs: {} } : await readiness();
        return answerJson(res, state.ready ? 200 : 503, state);
      }
      case '/metrics':
        res.setHeader('content-type', metrics.registry.contentType);
        res.end(await metrics.registry.metrics());
        return;
      case '/':
        res.writeHead(302, { location: '/playground' }).end();
        return;
      default:
        if (path.startsWith('/playground') && (await playground(req, res, path))) return;
        return answerJson(res, 404, { message: 'Not found.' });
    }
  }

  const server = createServer((req, res) => {
    route(req, res).catch(err => {
      log.error({ err }, 'a request failed');
      if (res.headersSent) res.destroy();
      else answerJson(res, 500, { message: 'Something went wrong on our side.' });
    });
  });
  // A sender of headers or a body that takes longer than this is cut off.
  server.requestTimeout = 30_000;
  // Longer than a balancer in front keeps its connections, so that it is the one to close them.
  server.keepAliveTimeout = 75_000;
  server.on('upgrade', (req, socket, head) => {
    if (splitUrl(req.url ?? '/')[0] !== '/graphql') refuseUpgrade(socket, 404);
    else if (stopping) refuseUpgrade(socket, 503);
    else live.sockets.upgrade(req, socket, head);
  });
  const listening = await listen(server, settings.port, settings.host);
  const { port } = listening;
  log.info({ port }, 'gateway started');

  async function stop(drainDelay: number) {
    await new Promise(resolve => setTimeout(resolve, drainDelay));
    const closed = listening.close();
    // Connections become idle one by one, each when its running request is answered.
    const closingIdle = setInterval(() => server.closeIdleConnections(), 50);
    const deadline = setTimeout(() => server.closeAllConnections(), DRAIN_MS);
    live.streams.close();
    await Promise.all([closed, live.sockets.close()]);
    clearInterval(closingIdle);
    clearTimeout(deadline);
    live.upstreams.close();
    await pipeline.stop();
    await supergraph.close();
    redis?.disconnect();
    log.info('gateway stopped');
  }

  return {
    url: `http://127.0.0.1:${port}`,
    wsUrl: `ws://127.0.0.1:${port}/graphql`,
    port,
    stop: (drainDelay = 0) => {
      stopping ??= stop(drainDelay);
      return stopping;
    },
  };
}

function splitUrl(url: string): [path: string, search: string] {
  const mark = url.indexOf('?');
  return mark < 0 ? [url, ''] : [url.slice(0, mark), url.slice(mark)];
}
