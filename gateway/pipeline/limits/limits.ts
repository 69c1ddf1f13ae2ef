import type { Redis } from 'ioredis';
import type { Metrics } from '#shared/kernel/metrics.ts';
import type { TaggedFields } from '../../execution/tags.ts';
import type { GatewaySettings } from '../../settings.ts';
import { ConcurrencyLimit, observeConcurrency } from './concurrency-limit.ts';
import { type CheckCost, createCostLimit } from './cost.ts';
import { createRateLimits, type RateLimits } from './rate-limits.ts';
import { type CountSignIns, createSignInCounter } from './sign-ins.ts';
import { createStreamLimit, type StreamLimit } from './stream-limit.ts';

/** All that is limited of an operation besides its size, which validation limits (`size.ts`). */
export interface Limits {
  /** What an operation may cost. */
  checkCost: CheckCost;
  countSignIns: CountSignIns;
  /** Operations and attempts to sign in per minute of a viewer or an address. */
  rates: RateLimits;
  /** Operations that are executed at a time; undefined: any number. */
  concurrency: ConcurrencyLimit | undefined;
  /** Event streams of a viewer or an address that are open at a time. */
  streams: StreamLimit;
}

interface Parts {
  redis: Redis | undefined;
  tagged: TaggedFields;
  metrics: Metrics;
}

/** Wires every limit from the settings. */
export function createLimits(settings: GatewaySettings, { redis, tagged, metrics }: Parts): Limits {
  const concurrency = settings.concurrency.most > 0 ? new ConcurrencyLimit(settings.concurrency) : undefined;
  if (concurrency) observeConcurrency(concurrency, metrics);
  return {
    checkCost: createCostLimit(settings.maxCost),
    countSignIns: createSignInCounter(tagged('sign-in')),
    rates: createRateLimits(settings, redis),
    concurrency,
    streams: createStreamLimit(settings.streamLimit),
  };
}
