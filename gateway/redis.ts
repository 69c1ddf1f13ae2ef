import { Redis } from 'ioredis';
import type { Log } from '#shared/kernel/log.ts';

/** How long an answer of Redis is waited for: no request may wait longer for a rate limit or a persisted query. */
const COMMAND_TIMEOUT_MS = 250;

/**
 * The gateway's connection to Redis, or undefined without `url`.
 *
 * Commands fail at once while there is no connection: every caller has a fallback.
 */
export function connectRedis(url: string | undefined, log: Log): Redis | undefined {
  if (!url) return undefined;
  const redis = new Redis(url, {
    connectionName: 'guichet-gateway',
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    commandTimeout: COMMAND_TIMEOUT_MS,
    retryStrategy: tries => Math.min(100 * tries, 2_000),
  });
  redis.on('error', error => log.warn({ err: error }, 'redis'));
  return redis;
}
