import { Counter } from 'prom-client';
import type { Log } from '#shared/log.ts';
import type { Metrics } from '#shared/metrics.ts';
import type { Apollo } from './door.ts';
import type { GatewaySettings } from './env.ts';
import { createEventStreams } from './event-streams.ts';
import { createLiveGroups } from './live-groups.ts';
import type { Mask } from './mask.ts';
import { createIsPublic } from './public-operations.ts';
import { createSockets } from './sockets.ts';
import { createSubscribe } from './subscriptions.ts';
import type { Supergraph } from './supergraph.ts';
import { createUpstreams } from './upstreams.ts';
import type { Identity, Viewers } from './viewer.ts';

interface Parts {
  settings: GatewaySettings;
  supergraph: Supergraph;
  apollo: Apollo;
  viewers: Viewers;
  mask: Mask;
  metrics: Metrics;
  log: Log;
}

/** Wires live operations: clients' sockets and streams, the groups they join, and the subgraphs behind. */
export function createLive({ settings, supergraph, apollo, viewers, mask, metrics, log }: Parts) {
  const schema = supergraph.gateway.schema!;
  const upstreams = createUpstreams(supergraph.sources, settings.subgraphTimeout, log);
  const join = createLiveGroups({
    subscribe: createSubscribe(supergraph, upstreams, mask),
    // What is public is known of our own subgraphs only.
    isPublic: settings.identity === 'none' ? () => false : createIsPublic(schema),
    anonymous: viewers.identify(undefined) as Identity,
    metrics,
  });
  const skipped = new Counter({
    name: 'guichet_live_skipped_total',
    help: 'Results that gave way to newer ones because a client reads too slowly',
    registers: [metrics.registry],
  });
  const { corsOrigins, trustProxy, streamLimit } = settings;
  return {
    sockets: createSockets({
      apollo,
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
    streams: createEventStreams({ apollo, join, viewers, trustProxy, streamLimit, mask, metrics, skipped }),
    upstreams,
  };
}
