import { type Environment, readSubgraphSettings } from '#shared/kernel/settings.ts';

/** Settings of the users subgraph. */
export function readUsersSettings(env: Environment) {
  return readSubgraphSettings('users', env, k => ({
    /** Seconds for which an access token is valid. */
    ACCESS_TOKEN_LIFETIME: k.number(900, { min: 5, max: 86_400 }),
    /** Creates the accounts of the local stack. */
    SEED: k.developmentFlag('creates accounts whose passwords anybody can read in the source'),
  }));
}
export type UsersSettings = ReturnType<typeof readUsersSettings>;
