/** The users subgraph for tests. */
import type { Environment } from '#shared/kernel/settings.ts';
import { type SubgraphWorld, startSubgraphWorld } from '#shared/test/world.ts';
import { startUsers } from '../server.ts';

export type World = SubgraphWorld;

/** Starts the users subgraph on a separate database; the other subgraphs are simulated. */
export const startWorld = (extra: Environment = {}): Promise<World> =>
  startSubgraphWorld('users', startUsers, extra);
