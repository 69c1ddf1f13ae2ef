/** The users subgraph for tests. */
import type { Environment } from '#shared/kernel/settings.ts';
import { type SubgraphWorld, startSubgraphWorld } from '#shared/test/world.ts';
import { startUsers } from '../server.ts';

export type World = SubgraphWorld;

/** The users subgraph on a database of its own, with the others played. */
export const startWorld = (extra: Environment = {}): Promise<World> =>
  startSubgraphWorld('users', startUsers, extra);
