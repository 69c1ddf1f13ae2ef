import type { GatewaySettings } from '../settings.ts';
import type { SubgraphOptions } from './client.ts';

/**
 * Where a subgraph is, and what its client allows it.
 *
 * An address given by SUBGRAPH_URLS counts before our own subgraphs' settings, and those before what the supergraph
 * says. Only our own are known to answer `/ready`.
 * @throws Error when there is no address at all.
 */
export function subgraphOptions(
  settings: GatewaySettings,
  name: string,
  urlInSupergraph: string | undefined,
): SubgraphOptions {
  const given = settings.subgraphUrls[name];
  const own = settings.subgraphs[name];
  const endpoint = given ?? (own ? `${own}/graphql` : urlInSupergraph);
  if (!endpoint) throw new Error(`No address for the subgraph ${name}: name it in SUBGRAPH_URLS.`);
  return {
    name,
    endpoint,
    readyUrl: own && !given ? `${own}/ready` : undefined,
    timeout: settings.subgraphTimeout,
    responseLimit: settings.responseLimit,
    breaker: settings.breaker,
  };
}
