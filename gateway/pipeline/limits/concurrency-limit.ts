import { HeaderMap } from '@apollo/server';
import type { GraphQLError } from 'graphql';
import { Counter, Gauge } from 'prom-client';
import { type CodedError, unavailable } from '#shared/kernel/errors.ts';
import type { Metrics } from '#shared/kernel/metrics.ts';

export interface ConcurrencyOptions {
  /** Most operations that are executed at a time. */
  most: number;
  /** Least, however slow answers are. */
  least: number;
  /** Milliseconds. While more than a tenth of the answers take longer, fewer operations are admitted. */
  targetMs: number;
  /** Milliseconds that an operation waits for its turn before it is refused. */
  patienceMs: number;
  /** A clock in milliseconds that never goes back. */
  now?: () => number;
}

/**
 * Who goes first: operations with a token, then queries without one. Mutations without a token go last (newcomers, most
 * of whom sign up): while subgraphs refuse work, newcomers would only add to it.
 */
const PRIORITIES = ['signed in', 'signed out', 'newcomer'] as const;
export type Priority = (typeof PRIORITIES)[number];

/** An operation's permit to be executed: empty until it is granted. */
export interface Permit {
  /** When it was granted, and in which generation. */
  startedAt?: number;
  generation?: number;
  /** Whether a subgraph did not answer in time. */
  unanswered?: boolean;
}

interface Waiting {
  permit: Permit;
  settle(refusal?: CodedError): void;
}

/** Operations that may be executed at a time before anything is known of their latency. */
const FIRST_LIMIT = 32;
/** A new limit is set after this long at the earliest, and from this many answers at least. */
const WINDOW_MS = 250;
const FEWEST_SAMPLES = 10;
/** Answers looked at in one window: more of them would tell no more. */
const MOST_SAMPLES = 200;
/** Additive increase, multiplicative decrease. */
const INCREASE = 8;
const DECREASE = 0.7;
/** An operation gets a permit only while less than this share of them is held. */
const SHARES: Record<Priority, number> = { 'signed in': 1, 'signed out': 0.5, newcomer: 0.125 };
/** Newcomers that are admitted while subgraphs refuse work, and for how long after a refusal at most. */
const NEWCOMERS_PER_SECOND = 1;
const MAX_PRESSURE_MS = 5_000;
/** Operations that may wait, for each one that may be executed at a time. */
const WAITING_PER_PERMIT = 4;
/** How long a refused client is asked to wait: least and most. */
const RETRY_AFTER_SECONDS = [1, 3] as const;
const NEWCOMER_RETRY_AFTER_SECONDS = [3, 9] as const;

/**
 * Admits as many operations at a time as are answered within a target, and refuses the rest at once: work that is begun
 * and not answered in time costs as much as an answer and is worth nothing.
 *
 * The limit follows the latency as TCP's congestion window does (AIMD): it grows by a constant while it is reached and
 * 90 % of the answers come within the target, and shrinks to 70 % while they do not. A short
 * queue evens out bursts. Operations with a token go first, and half of the permits are kept for them: a buyer in mid-purchase
 * goes before those who look around and sign up.
 *
 * An operation that is long past the target loses its permit to others while it goes on, since it waits for something
 * else than the load: a subgraph that hangs would hold all permits otherwise.
 */
export class ConcurrencyLimit {
  #options: Required<ConcurrencyOptions>;
  #limit: number;
  #executing = 0;
  /** Permits granted in this generation and in the one before; those of older generations no longer count. */
  #young = 0;
  #old = 0;
  #generation = 0;
  #generationStartedAt: number;
  #watchTimer: NodeJS.Timeout | undefined;
  #queues = PRIORITIES.map(priority => ({ priority, queue: new Set<Waiting>() }));
  #samples: number[] = [];
  #windowEnds: number;
  #shrunkAt = Number.NEGATIVE_INFINITY;
  /** Whether the limit was reached in this window: without that, good latency says nothing of a higher one. */
  #reached = false;
  #newcomersHeldBackUntil = Number.NEGATIVE_INFINITY;
  #nextNewcomerAt = Number.NEGATIVE_INFINITY;
  refused = 0;

  constructor({ now = () => performance.now(), ...options }: ConcurrencyOptions) {
    this.#options = { ...options, now };
    this.#limit = Math.max(options.least, Math.min(FIRST_LIMIT, options.most));
    this.#generationStartedAt = now();
    this.#windowEnds = this.#generationStartedAt + WINDOW_MS;
  }

  get limit() {
    return this.#limit;
  }

  get executing() {
    return this.#executing;
  }

  get waiting() {
    return this.#queues.reduce((sum, { queue }) => sum + queue.size, 0);
  }

  /**
   * Grants a permit to one operation, at once (undefined) or after a wait. It is to be given back by `release`, whatever
   * becomes of the operation.
   * @throws (also as a rejection) CodedError UNAVAILABLE, which answers 503 with Retry-After over HTTP.
   */
  acquire(permit: Permit, priority: Priority): Promise<void> | undefined {
    if (priority === 'newcomer') this.#admitNewcomer();
    if (this.#hasPermit(priority) || (this.#startGeneration() && this.#hasPermit(priority))) {
      this.#grant(permit);
      return undefined;
    }
    this.#reached = true;
    if (this.waiting >= this.#limit * WAITING_PER_PERMIT) throw this.#refuse();
    return new Promise((resolve, reject) => {
      const { queue } = this.#queues[PRIORITIES.indexOf(priority)]!;
      const waiting: Waiting = {
        permit,
        settle(refusal) {
          clearTimeout(timer);
          queue.delete(waiting);
          if (refusal) reject(refusal);
          else resolve();
        },
      };
      const timer = setTimeout(() => waiting.settle(this.#refuse()), this.#options.patienceMs);
      queue.add(waiting);
      this.#watchQueue();
    });
  }

  /** Learns from an operation's errors whether a subgraph has refused work for the moment. */
  observeErrors(errors: readonly GraphQLError[]) {
    for (const { extensions } of errors) {
      const { code, retryAfter, http } = extensions;
      // Our own refusals say by `http` how they are answered.
      if (code === 'UNAVAILABLE' && typeof retryAfter === 'number' && !http)
        this.#holdNewcomersBack(retryAfter);
    }
  }

  #holdNewcomersBack(seconds: number) {
    const until = this.#options.now() + Math.min(1_000 * seconds, MAX_PRESSURE_MS);
    this.#newcomersHeldBackUntil = Math.max(this.#newcomersHeldBackUntil, until);
  }

  #admitNewcomer() {
    const now = this.#options.now();
    if (now >= this.#newcomersHeldBackUntil) return;
    if (now < this.#nextNewcomerAt) throw this.#refuse(NEWCOMER_RETRY_AFTER_SECONDS);
    this.#nextNewcomerAt = now + 1_000 / NEWCOMERS_PER_SECOND;
  }

  /** Looks for operations that hang while others wait for a permit. */
  #watchQueue() {
    this.#watchTimer ??= setTimeout(() => {
      this.#watchTimer = undefined;
      this.#startGeneration();
      if (this.waiting > 0) this.#watchQueue();
    }, this.#options.targetMs).unref();
  }

  /** Gives the permit back, if there was one. */
  release({ startedAt, generation, unanswered }: Permit) {
    if (startedAt === undefined) return;
    if (!unanswered) this.#observe(startedAt);
    this.#executing--;
    if (generation === this.#generation) this.#young--;
    else if (generation === this.#generation - 1) this.#old--;
    this.#grantWaiting();
  }

  #hasPermit(priority: Priority) {
    return this.#young + this.#old < Math.ceil(this.#limit * SHARES[priority]);
  }

  #grant(permit: Permit) {
    permit.startedAt = this.#options.now();
    permit.generation = this.#generation;
    this.#executing++;
    this.#young++;
  }

  #grantWaiting() {
    for (const { priority, queue } of this.#queues) {
      for (const waiting of queue) {
        if (!this.#hasPermit(priority)) break;
        this.#grant(waiting.permit);
        waiting.settle();
      }
    }
  }

  /**
   * Begins a generation once the current one is older than the target: permits from before the last one no longer count.
   * @returns whether one was begun.
   */
  #startGeneration(): boolean {
    const now = this.#options.now();
    if (now - this.#generationStartedAt < this.#options.targetMs) return false;
    this.#generationStartedAt = now;
    this.#generation++;
    this.#old = this.#young;
    this.#young = 0;
    // Those that wait come before those that arrive now.
    this.#grantWaiting();
    return true;
  }

  #refuse([least, most]: readonly [number, number] = RETRY_AFTER_SECONDS): CodedError {
    this.refused++;
    // Clients that are refused at one time shall not come back at one time.
    const seconds = least + Math.floor(Math.random() * (most - least + 1));
    const error = unavailable('Too much is asked for at the moment. Try again shortly.', seconds);
    error.extensions.http = { status: 503, headers: new HeaderMap([['retry-after', String(seconds)]]) };
    return error;
  }

  #observe(startedAt: number) {
    // What began under a higher limit tells nothing of this one.
    if (startedAt < this.#shrunkAt) return;
    const now = this.#options.now();
    if (this.#samples.length < MOST_SAMPLES) this.#samples.push(now - startedAt);
    if (now < this.#windowEnds || this.#samples.length < FEWEST_SAMPLES) return;
    const { most, least, targetMs } = this.#options;
    const slow = this.#samples.filter(sample => sample > targetMs).length;
    this.#windowEnds = now + WINDOW_MS;
    if (slow > this.#samples.length / 10) {
      this.#limit = Math.max(least, Math.floor(this.#limit * DECREASE));
      this.#shrunkAt = now;
      // Fast answers are the first to be seen: the others are given the time to come.
      this.#windowEnds = now + targetMs;
    } else if (this.#reached) {
      this.#limit = Math.min(most, this.#limit + INCREASE);
    }
    this.#samples.length = 0;
    this.#reached = this.waiting > 0;
  }
}

/** Tells in /metrics how the limit stands. */
export function observeConcurrency(limit: ConcurrencyLimit, { registry }: Metrics) {
  const gauge = (name: string, help: string, value: () => number) =>
    new Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        this.set(value());
      },
    });
  gauge('guichet_concurrency_limit', 'Operations that are executed at a time', () => limit.limit);
  gauge('guichet_operations_executing', 'Operations that are being executed', () => limit.executing);
  gauge(
    'guichet_operations_waiting',
    'Operations that wait for a permit to be executed',
    () => limit.waiting,
  );
  new Counter({
    name: 'guichet_operations_refused_total',
    help: 'Operations refused because too many were executed at the time',
    registers: [registry],
    collect() {
      this.reset();
      this.inc(limit.refused);
    },
  });
}
