import { portOf } from '#schema/subgraphs.ts';
import { publicUrlFault } from '#shared/kernel/production.ts';
import { type Environment, readSubgraphSettings } from '#shared/kernel/settings.ts';

/** Settings of the tickets subgraph. */
export function readTicketsSettings(env: Environment) {
  return readSubgraphSettings('tickets', env, k => ({
    /** The address at which browsers reach this process: the base of the file addresses given to clients. */
    TICKETS_PUBLIC_URL: k.url(`http://localhost:${env.TICKETS_PORT || portOf('tickets')}`, publicUrlFault),
    /** Creates the event of the local stack. */
    SEED: k.developmentFlag('creates an event for development'),
  }));
}
export type TicketsSettings = ReturnType<typeof readTicketsSettings>;
