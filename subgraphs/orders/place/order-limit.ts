/** Limits how many orders are under way, so that the saga completes their steps in time before it takes new ones. */
import { type EntityManager, query, sql } from '#shared/data/database.ts';
import { unavailable } from '#shared/kernel/errors.ts';

export interface OrderLimit {
  /**
   * Takes a place for an order that is about to be placed. The caller calls the returned function when the order is
   * written, or when it is certain that it will not be.
   * @throws UNAVAILABLE with `retryAfter` while the limit is reached.
   */
  enter(em: EntityManager): Promise<() => void>;
}

/** The orders whose next step the system has to make now or soon, and how long they have waited for it. */
interface Load {
  orders: number;
  /** The average wait, in milliseconds, of the orders that do not wait for their buyer. */
  waited: number;
}

/** The maximum age of the measured load when it admits an order, and when it refuses one. It need not be exact. */
const SAMPLE_MS = 150;
const FRESH_SAMPLE_MS = 20;
/** The minimum time between two changes of the limit: the effect of a change shows after some steps of the saga. */
const ADJUST_MS = 1_000;
/** Sixteen concurrent buyers are never refused: the margin of two covers orders that are briefly counted twice. */
const FIRST_LIMIT = 18;
const LEAST_LIMIT = 18;
const MOST_LIMIT = 1_000;
const INCREASE = 2;
const DECREASE = 0.8;
/** An order that has waited longer than this for one step does so because of a failed subgraph, not because of load. */
const STUCK_SECONDS = 30;
/** A buyer who has been able to pay for less than this is expected to pay soon, and the next steps follow. */
const ABOUT_TO_PAY_SECONDS = 10;
/** The range of the average retry delay. Each buyer gets a random delay around it, so that retries are spread out. */
const SHORTEST_RETRY_SECONDS = 2;
const LONGEST_RETRY_SECONDS = 6;
/** The intended number of refusals per placed order: they cost little, and a free place is soon taken again. */
const REFUSALS_PER_ORDER = 6;

export const unlimitedOrders: OrderLimit = { enter: async () => () => {} };

/**
 * Limits how many orders are under way at a time, in all replicas together. The limit follows the average time that
 * orders wait for a step, as a delay-based congestion window in TCP does (AIMD). While this time is above `targetMs`,
 * the limit shrinks by a fifth; otherwise it grows by two when it has been reached.
 */
export function createOrderLimit(
  targetMs: number,
  measure: (em: EntityManager) => Promise<Load> = measureLoad,
  now = () => performance.now(),
): OrderLimit {
  let limit = FIRST_LIMIT;
  let load: Load = { orders: 0, waited: 0 };
  let sampledAt = Number.NEGATIVE_INFINITY;
  let sampling: Promise<void> | undefined;
  let limitAdjustedAt = now();
  let reached = false;
  let retryAfter = SHORTEST_RETRY_SECONDS;
  let retryAdjustedAt = now();
  /** Refused and admitted orders since `retryAdjustedAt`. */
  let turnedAway = 0;
  let taken = 0;
  /** Orders of this process that the sample does not include: those being placed, and those placed since. */
  let placing = 0;
  let placed = 0;

  async function sample(em: EntityManager) {
    try {
      load = await measure(em);
      // An order that is written during the measurement is sometimes missed. That is better than counting it twice.
      placed = 0;
    } finally {
      sampledAt = now();
      sampling = undefined;
    }
    adjustLimit();
    adjustRetry();
  }

  function adjustLimit() {
    if (now() - limitAdjustedAt < ADJUST_MS) return;
    if (load.waited > targetMs) limit = Math.max(LEAST_LIMIT, Math.floor(limit * DECREASE));
    else if (reached) limit = Math.min(MOST_LIMIT, limit + INCREASE);
    limitAdjustedAt = now();
    reached = false;
  }

  /** The more buyers compete for each place, the longer they are asked to wait. */
  function adjustRetry() {
    // The effect of a change shows only when the buyers who were refused under the last delay have come back.
    if (now() - retryAdjustedAt < retryAfter * 1_000) return;
    const wanted = (retryAfter * turnedAway) / (REFUSALS_PER_ORDER * Math.max(1, taken));
    retryAfter = Math.min(LONGEST_RETRY_SECONDS, Math.max(SHORTEST_RETRY_SECONDS, wanted));
    retryAdjustedAt = now();
    turnedAway = 0;
    taken = 0;
  }

  async function refresh(em: EntityManager, age: number) {
    if (now() - sampledAt <= age) return;
    sampling ??= sample(em);
    await sampling;
  }
  const isFull = () => load.orders + placing + placed >= limit;

  return {
    async enter(em) {
      await refresh(em, SAMPLE_MS);
      if (isFull()) await refresh(em, FRESH_SAMPLE_MS);
      if (isFull()) {
        reached = true;
        turnedAway++;
        throw refusal(retryAfter);
      }
      taken++;
      placing++;
      return () => {
        placing--;
        placed++;
      };
    },
  };
}

function refusal(average: number) {
  const seconds = Math.round(average * (0.5 + Math.random()));
  return unavailable('More is being ordered than can be served at the moment. Try again shortly.', seconds);
}

/**
 * Counts the orders that wait for a step of the system, now or soon, and not longer than `STUCK_SECONDS`. Reads one
 * index of the orders under way.
 */
export async function measureLoad(em: EntityManager): Promise<Load> {
  const lately = sql`now() - make_interval(secs => ${STUCK_SECONDS})`;
  const [load] = await query(
    em,
    sql<Load>`
      select count(*)::int as orders,
        coalesce(avg(extract(epoch from now() - status_at)) filter (where payable_at is null) * 1000, 0)::float8 as waited
      from orders left join lateral (
        select max(at) as payable_at from order_payments
        where order_id = orders.id and order_payments.status in ('REQUIRES_PAYMENT_METHOD', 'REQUIRES_ACTION')
      ) as buyer on orders.status = 'RESERVED'
      where orders.status in ('CREATED', 'RESERVED', 'PAID', 'SHIPPING_SCHEDULED')
        and last_step_at > ${lately} and status_at > ${lately}
        and (payable_at is null or payable_at > now() - make_interval(secs => ${ABOUT_TO_PAY_SECONDS}))`,
  );
  return load!;
}
