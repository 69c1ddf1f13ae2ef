/** One PostgreSQL for the whole run (and one Redis, where it is installed), on free ports in temporary folders. */
import { startTemporaryPostgres } from '../postgres/postgres.ts';
import { startTestRedis } from '../redis.ts';

export default async function setUp() {
  const postgres = await startTemporaryPostgres();
  process.env.GUICHET_TEST_POSTGRES = postgres.url('').replace(/\/$/, '');
  const redis = await startTestRedis();
  if (redis) process.env.GUICHET_TEST_REDIS = redis.url;
  else console.error('redis-server is not installed: tests on Redis are skipped.');
  globalThis.__stopTestServers = async () => {
    await redis?.stop();
    await postgres.stop();
  };
}
