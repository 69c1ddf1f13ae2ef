import { Redis } from 'ioredis';
import type { Log } from '#shared/kernel/log.ts';

/** Milliseconds that an answer of Redis is waited for: what is asked there is never worth more. */
const PATIENCE = 250;

/**
 * The gateway's connection to Redis, or undefined without `url`.
 *
 * Commands fail at once while there is no connection: everybody here has something to fall back on.
 */
export function connectRedis(url: string | undefined, log: Log): Redis | undefined {
  if (!url) return undefined;
  const redis = new Redis(url, {
    connectionName: 'guichet-gateway',
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    commandTimeout: PATIENCE,
    retryStrategy: tries => Math.min(100 * tries, 2_000),
  });
  redis.on('error', error => log.warn({ err: error }, 'redis'));
  return redis;
}
