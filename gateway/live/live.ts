import { Counter } from 'prom-client';
import type { Log } from '#shared/kernel/log.ts';
import type { Metrics } from '#shared/kernel/metrics.ts';
import type { Supergraph } from '../execution/supergraph.ts';
import type { Identity, Viewers } from '../identity/viewer.ts';
import type { Apollo } from '../pipeline/admission.ts';
import type { Mask } from '../pipeline/error-mask.ts';
import { createIsPublic } from '../pipeline/public-operations.ts';
import type { GatewaySettings } from '../settings.ts';
import { createUpstreams } from '../subgraphs/upstreams.ts';
import { createEventStreams } from './event-streams.ts';
import { createLiveGroups } from './groups.ts';
import { createSockets } from './sockets.ts';
import { createSubscribe } from './subscriptions.ts';

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
