import type { Redis } from 'ioredis';
import { BoundedMap } from '../../bounded-map.ts';

/** Characters of a persisted query; a longer one is answered, but not kept. */
const MAX_LENGTH = 32_000;
/** How long one is kept in Redis after it was last written or read there. */
const LIFETIME_SECONDS = 7 * 24 * 3_600;

/**
 * Where automatic persisted queries are kept, for ApolloServer: in this process and, so that one gateway knows what
 * another was told, in Redis. Each keeps at most `limit` of them and drops those that were used longest ago. Without Redis, or
 * while it is away, an unknown query is simply sent again by its client.
 */
export function createPersistedQueries(limit: number, redis: Redis | undefined, prefix: string) {
  const known = new BoundedMap<string, string>(limit);
  const shared = redis && keepInRedis(redis, `${prefix}:gateway:`, limit);
  return {
    async get(key: string) {
      const query = known.get(key) ?? (await shared?.get(key).catch(() => undefined));
      if (query !== undefined) known.set(key, query);
      return query;
    },
    async set(key: string, query: string) {
      if (query.length > MAX_LENGTH) return;
      known.set(key, query);
      await shared?.set(key, query).catch(() => undefined);
    },
    async delete(key: string) {
      known.delete(key);
    },
  };
}

/** The score of the index is the time of the last use, which tells who gives way. */
const STORE = `
redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2])
redis.call('ZADD', KEYS[2], ARGV[3], KEYS[1])
redis.call('EXPIRE', KEYS[2], ARGV[2])
local excess = redis.call('ZCARD', KEYS[2]) - tonumber(ARGV[4])
if excess > 0 then
  local oldest = redis.call('ZPOPMIN', KEYS[2], excess)
  for i = 1, #oldest, 2 do redis.call('DEL', oldest[i]) end
end`;

const READ = `
local query = redis.call('GETEX', KEYS[1], 'EX', ARGV[1])
if query then redis.call('ZADD', KEYS[2], 'XX', ARGV[2], KEYS[1]) end
return query`;

function keepInRedis(redis: Redis, prefix: string, limit: number) {
  const index = `${prefix}persisted-queries`;
  return {
    async get(key: string): Promise<string | undefined> {
      const query = await redis.eval(READ, 2, prefix + key, index, LIFETIME_SECONDS, Date.now());
      return typeof query === 'string' ? query : undefined;
    },
    set: (key: string, query: string) =>
      redis.eval(STORE, 2, prefix + key, index, query, LIFETIME_SECONDS, Date.now(), limit),
  };
}
