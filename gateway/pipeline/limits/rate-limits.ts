import { HeaderMap } from '@apollo/server';
import type { Redis } from 'ioredis';
import {
  type RateLimiterAbstract,
  RateLimiterMemory,
  RateLimiterRedis,
  RateLimiterRes,
} from 'rate-limiter-flexible';
import { rateLimited } from '#shared/kernel/errors.ts';
import type { GatewayContext } from '../../context.ts';
import type { GatewaySettings } from '../../settings.ts';

export interface RateLimits {
  /**
   * Counts an operation for its viewer or, signed out, for its address.
   * @throws (as a rejection) CodedError RATE_LIMITED, which answers 429 with Retry-After over HTTP.
   */
  countOperation(context: GatewayContext): Promise<void> | undefined;
  /**
   * Counts attempts to sign in or to register for the client's address.
   * @throws (as a rejection) CodedError RATE_LIMITED
   */
  countSignIns(context: GatewayContext, attempts: number): Promise<void> | undefined;
}

/** Whom a limit counts an operation for: the viewer or, signed out, the address. */
export const limitKeyOf = ({
  identity: { viewer },
  address,
}: Pick<GatewayContext, 'identity' | 'address'>) => (viewer ? `viewer:${viewer.id}` : `address:${address}`);

const WINDOW_SECONDS = 60;

/** Rate limits in Redis, or in this process's memory without one and while it is away. */
export function createRateLimits(settings: GatewaySettings, redis: Redis | undefined): RateLimits {
  const operations = createLimiter('operations', settings.rateLimit);
  const signIns = createLimiter('sign-ins', settings.loginRateLimit);

  function createLimiter(name: string, points: number): RateLimiterAbstract | undefined {
    if (points === 0) return undefined;
    const options = { points, duration: WINDOW_SECONDS, keyPrefix: `${settings.redisPrefix}:rate:${name}` };
    const inMemory = new RateLimiterMemory(options);
    if (!redis) return inMemory;
    return new RateLimiterRedis({
      ...options,
      storeClient: redis,
      rejectIfRedisNotReady: true,
      insuranceLimiter: inMemory,
      // Clients over the limit cost Redis nothing until the window ends.
      inMemoryBlockOnConsumed: points + 1,
    });
  }

  return {
    countOperation(context) {
      return operations && consume(operations, limitKeyOf(context), 1);
    },
    countSignIns(context, attempts) {
      if (!signIns || attempts === 0) return undefined;
      return consume(signIns, `address:${context.address}`, attempts);
    },
  };
}

async function consume(limiter: RateLimiterAbstract, key: string, points: number) {
  try {
    await limiter.consume(key, points);
  } catch (refusal) {
    if (!(refusal instanceof RateLimiterRes)) throw refusal;
    const seconds = Math.max(1, Math.ceil(refusal.msBeforeNext / 1000));
    const error = rateLimited(seconds);
    error.extensions.http = { status: 429, headers: new HeaderMap([['retry-after', String(seconds)]]) };
    throw error;
  }
}
