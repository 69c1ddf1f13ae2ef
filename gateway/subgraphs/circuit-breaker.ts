import { Gauge } from 'prom-client';
import type { Metrics } from '#shared/kernel/metrics.ts';

export interface BreakerOptions {
  /** Failures in a row that open it; 0 never does. */
  failures: number;
  /** Milliseconds between opening and the one call that probes whether all is well again. */
  pause: number;
  /** A clock in milliseconds that never goes back. */
  now?: () => number;
}

/**
 * A circuit breaker: callers do not wait for a subgraph that does not answer.
 *
 * Closed, everything passes. Open, nothing does. After the pause one call is let through; its outcome closes the
 * breaker or opens it for another pause. Every admitted call is to be followed by one of the three outcomes.
 */
export class CircuitBreaker {
  #limit: number;
  #pause: number;
  #now: () => number;
  #failures = 0;
  #openUntil: number | undefined;
  #probing = false;

  constructor({ failures, pause, now = () => performance.now() }: BreakerOptions) {
    this.#limit = failures;
    this.#pause = pause;
    this.#now = now;
  }

  get state(): 'closed' | 'half-open' | 'open' {
    if (this.#openUntil === undefined) return 'closed';
    return this.#now() >= this.#openUntil ? 'half-open' : 'open';
  }

  /** Whether a call may be made now. */
  admits(): boolean {
    if (this.#openUntil === undefined) return true;
    if (this.#probing || this.#now() < this.#openUntil) return false;
    this.#probing = true;
    return true;
  }

  succeeded() {
    this.#failures = 0;
    this.#openUntil = undefined;
    this.#probing = false;
  }

  failed() {
    this.#failures++;
    if (this.#probing || (this.#limit > 0 && this.#failures === this.#limit)) {
      this.#openUntil = this.#now() + this.#pause;
    }
    this.#probing = false;
  }

  /** The call was given up before it had an outcome. */
  abandoned() {
    this.#probing = false;
  }

  /** There is reason to believe that all is well: the next call may find out at once. */
  retry() {
    if (this.#openUntil !== undefined) this.#openUntil = this.#now();
  }
}

const LEVELS = { closed: 0, 'half-open': 1, open: 2 } as const;

/** Tells in /metrics how each subgraph's breaker stands. */
export function observeBreakers(subgraphs: Map<string, { breaker: CircuitBreaker }>, metrics: Metrics) {
  new Gauge({
    name: 'guichet_subgraph_breaker',
    help: 'Circuit breaker of a subgraph: 0 closed, 1 half-open (about to be probed), 2 open',
    labelNames: ['subgraph'],
    registers: [metrics.registry],
    collect() {
      for (const [subgraph, { breaker }] of subgraphs) this.set({ subgraph }, LEVELS[breaker.state]);
    },
  });
}
