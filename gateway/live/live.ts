import { Counter } from 'prom-client';
import type { Log } from '#shared/kernel/log.ts';
import type { Metrics } from '#shared/kernel/metrics.ts';
import type { Supergraph } from '../execution/supergraph.ts';
import type { Identity, Viewers } from '../identity/viewer.ts';
import type { ErrorMask } from '../pipeline/error-mask.ts';
import type { Limits } from '../pipeline/limits/limits.ts';
import type { Pipeline } from '../pipeline/pipeline.ts';
import type { GatewaySettings } from '../settings.ts';
import { createUpstreams } from '../subgraphs/upstreams.ts';
import { createEventStreams } from './event-streams.ts';
import { createLiveGroups } from './groups.ts';
import { createIsPublic } from './public-operations.ts';
import { createSockets } from './sockets.ts';
import { createSubscribe } from './subscriptions.ts';

interface Parts {
  settings: GatewaySettings;
  supergraph: Supergraph;
  pipeline: Pipeline;
  limits: Limits;
  viewers: Viewers;
  mask: ErrorMask;
  metrics: Metrics;
  log: Log;
}

/** Wires live operations: clients' sockets and streams, the groups they join, and the subgraphs behind. */
export function createLive(parts: Parts) {
  const { settings, supergraph, pipeline, limits, viewers, mask, metrics, log } = parts;
  const schema = supergraph.gateway.schema!;
  const upstreams = createUpstreams(supergraph.subgraphs, settings.subgraphTimeout, log);
  const join = createLiveGroups({
    subscribe: createSubscribe(supergraph, upstreams, mask),
    // In a foreign supergraph the tag `public` may mean something else, such as a contract's variant.
    isPublic:
      settings.identity === 'none' ? () => false : createIsPublic(schema, supergraph.tagged('public')),
    anonymous: viewers.identify(undefined) as Identity,
    metrics,
  });
  const skipped = new Counter({
    name: 'guichet_live_skipped_total',
    help: 'Results that were dropped for newer ones because a client reads too slowly',
    registers: [metrics.registry],
  });
  const { corsOrigins, trustProxy } = settings;
  return {
    sockets: createSockets({
      pipeline,
      schema,
      join,
      viewers,
      corsOrigins,
      trustProxy,
      mask,
      metrics,
      skipped,
      log,
    }),
    streams: createEventStreams({
      pipeline,
      join,
      viewers,
      trustProxy,
      limit: limits.streams,
      mask,
      metrics,
      skipped,
    }),
    upstreams,
  };
}
