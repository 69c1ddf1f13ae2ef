import { answerJson } from '#shared/kernel/http.ts';
import type { Environment } from '#shared/kernel/settings.ts';
import { runUntilStopped, startSubgraph } from '#shared/subgraph.ts';
import { User } from './accounts/user.entity.ts';
import { handlers } from './handlers.ts';
import { migrations } from './migrations/index.ts';
import { resolvers } from './resolvers.ts';
import { refuseSeededUsers, seedUsers } from './seed.ts';
import type { UsersServices } from './services.ts';
import { openSigningKey } from './sessions/tokens.ts';
import { readUsersSettings } from './settings.ts';

/** Starts the users subgraph. */
export function startUsers(env: Environment) {
  const settings = readUsersSettings(env);
  return startSubgraph<UsersServices>({
    settings,
    entities: [User],
    migrations,
    resolvers,
    handlers,
    async services({ em }) {
      if (settings.production) await refuseSeededUsers({ em });
      else if (settings.SEED) await seedUsers({ em });
      return { settings, key: await openSigningKey(em) };
    },
    routes: {
      async 'GET /.well-known/jwks.json'({ services }, _req, res) {
        res.setHeader('cache-control', 'public, max-age=300');
        answerJson(res, 200, { keys: [services.key.publicJwk] });
      },
    },
  });
}

if (import.meta.main) runUntilStopped(() => startUsers(process.env));
