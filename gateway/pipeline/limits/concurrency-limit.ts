import { HeaderMap } from '@apollo/server';
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
 * Who goes first: whoever brings a token, then whoever looks around without one. Those who come to stay, by a mutation
 * without a token as to sign up, go last: for as long as subgraphs refuse work, they would only add to it.
 */
export type Rank = 'signed in' | 'signed out' | 'newcomer';

/** An operation's place: empty until it has one. */
export interface Place {
  /** When the operation got it, and how often places had been taken away by then. */
  begunAt?: number;
  age?: number;
  /** Whether a subgraph was waited for in vain. */
  unanswered?: boolean;
}

interface Waiting {
  place: Place;
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
/** Whoever brings no token finds a place only while less than this share of them is taken. */
const SHARE_OF_OTHERS = 0.25;
/** Newcomers that are admitted while subgraphs refuse work, and for how long after a refusal at most. */
const NEWCOMERS_PER_SECOND = 1;
const LONGEST_PRESSURE_MS = 5_000;
/** Operations that may wait, for each one that may be executed at a time. */
const WAITING_PER_PLACE = 4;
/** Seconds that whoever is refused is asked to wait. */
const RETRY_AFTER_SECONDS = [1, 3] as const;
const NEWCOMER_RETRY_AFTER_SECONDS = [3, 9] as const;

/**
 * Admits as many operations at a time as are answered within a target, and refuses the rest at once: what is begun and
 * not answered in time costs as much as an answer and is worth nothing.
 *
 * The limit follows the latency as TCP's congestion window does (AIMD): it grows by a constant while it is reached and
 * 90 % of the answers come within the target, and shrinks to 70 % while they do not. A short line evens out bursts.
 * Whoever brings a token goes first, and most places are kept for them: a buyer in mid-purchase goes before
 * those who look around and sign up.
 *
 * An operation that is long past the target gives its place to others, since it waits for something else than its turn:
 * a subgraph that hangs would take all places otherwise. Nor does its latency say anything of the load.
 */
export class ConcurrencyLimit {
  #options: Required<ConcurrencyOptions>;
  #limit: number;
  #executing = 0;
  /** Places of operations that began since the latest aging, and between that and the one before; others hold none. */
  #young = 0;
  #old = 0;
  #age = 0;
  #agedAt: number;
  #watching: NodeJS.Timeout | undefined;
  #signedIn = new Set<Waiting>();
  #others = new Set<Waiting>();
  #samples: number[] = [];
  #windowEnds: number;
  #shrunkAt = Number.NEGATIVE_INFINITY;
  /** Whether the limit was reached in this window: without that, good latency says nothing of a higher one. */
  #reached = false;
  #pressedUntil = Number.NEGATIVE_INFINITY;
  #nextNewcomerAt = Number.NEGATIVE_INFINITY;
  refused = 0;

  constructor({ now = () => performance.now(), ...options }: ConcurrencyOptions) {
    this.#options = { ...options, now };
    this.#limit = Math.max(options.least, Math.min(FIRST_LIMIT, options.most));
    this.#agedAt = now();
    this.#windowEnds = this.#agedAt + WINDOW_MS;
  }

  get limit() {
    return this.#limit;
  }

  get executing() {
    return this.#executing;
  }

  get waiting() {
    return this.#signedIn.size + this.#others.size;
  }

  /**
   * Fills a place for one operation, to be left by `leave` whatever becomes of it. Nothing is to be waited for when
   * there is a free one.
   * @throws (also as a rejection) CodedError UNAVAILABLE, which answers 503 with Retry-After over HTTP.
   */
  enter(place: Place, rank: Rank): Promise<void> | undefined {
    if (rank === 'newcomer') this.#admitNewcomer();
    const signedIn = rank === 'signed in';
    if (this.#hasPlace(signedIn) || (this.#makeRoom() && this.#hasPlace(signedIn))) {
      this.#take(place);
      return undefined;
    }
    this.#reached = true;
    if (this.waiting >= this.#limit * WAITING_PER_PLACE) throw this.#refuse();
    return new Promise((resolve, reject) => {
      const line = signedIn ? this.#signedIn : this.#others;
      const waiting: Waiting = {
        place,
        settle(refusal) {
          clearTimeout(timer);
          line.delete(waiting);
          if (refusal) reject(refusal);
          else resolve();
        },
      };
      const timer = setTimeout(() => waiting.settle(this.#refuse()), this.#options.patienceMs);
      line.add(waiting);
      this.#watchLine();
    });
  }

  /** A subgraph has refused work, and has asked for so many seconds of rest. */
  press(seconds: number) {
    const until = this.#options.now() + Math.min(1_000 * seconds, LONGEST_PRESSURE_MS);
    this.#pressedUntil = Math.max(this.#pressedUntil, until);
  }

  #admitNewcomer() {
    const now = this.#options.now();
    if (now >= this.#pressedUntil) return;
    if (now < this.#nextNewcomerAt) throw this.#refuse(NEWCOMER_RETRY_AFTER_SECONDS);
    this.#nextNewcomerAt = now + 1_000 / NEWCOMERS_PER_SECOND;
  }

  /** Looks for operations that hang while others wait for their places. */
  #watchLine() {
    this.#watching ??= setTimeout(() => {
      this.#watching = undefined;
      this.#makeRoom();
      if (this.waiting > 0) this.#watchLine();
    }, this.#options.targetMs).unref();
  }

  /** Gives the place back, if there was one. */
  leave({ begunAt, age, unanswered }: Place) {
    if (begunAt === undefined) return;
    if (!unanswered) this.#observe(begunAt);
    this.#executing--;
    if (age === this.#age) this.#young--;
    else if (age === this.#age - 1) this.#old--;
    this.#handOver();
  }

  #hasPlace(signedIn: boolean) {
    const places = signedIn ? this.#limit : Math.ceil(this.#limit * SHARE_OF_OTHERS);
    return this.#young + this.#old < places;
  }

  #take(place: Place) {
    place.begunAt = this.#options.now();
    place.age = this.#age;
    this.#executing++;
    this.#young++;
  }

  #handOver() {
    for (const [line, signedIn] of [
      [this.#signedIn, true],
      [this.#others, false],
    ] as const) {
      for (const waiting of line) {
        if (!this.#hasPlace(signedIn)) break;
        this.#take(waiting.place);
        waiting.settle();
      }
    }
  }

  /** Takes the places away from operations that have had them for longer than the target. Returns whether it did. */
  #makeRoom(): boolean {
    const now = this.#options.now();
    if (now - this.#agedAt < this.#options.targetMs) return false;
    this.#agedAt = now;
    this.#age++;
    this.#old = this.#young;
    this.#young = 0;
    // Those in line come before whoever arrives now.
    this.#handOver();
    return true;
  }

  #refuse([least, most]: readonly [number, number] = RETRY_AFTER_SECONDS): CodedError {
    this.refused++;
    // Those refused at one time do not come back at one time.
    const seconds = least + Math.floor(Math.random() * (most - least + 1));
    const error = unavailable('Too much is asked for at the moment. Try again shortly.', seconds);
    error.extensions.http = { status: 503, headers: new HeaderMap([['retry-after', String(seconds)]]) };
    return error;
  }

  #observe(begunAt: number) {
    // What began under a higher limit tells nothing of this one.
    if (begunAt < this.#shrunkAt) return;
    const now = this.#options.now();
    if (this.#samples.length < MOST_SAMPLES) this.#samples.push(now - begunAt);
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
  gauge('guichet_operations_waiting', 'Operations that wait for their turn', () => limit.waiting);
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
