/** Limits how many orders are under way: whether the saga can take another one. Late steps go before new orders. */
import { type EntityManager, query, sql } from '#shared/data/database.ts';
import { unavailable } from '#shared/kernel/errors.ts';

export interface OrderLimit {
  /**
   * Takes a place for an order that is about to be placed; the returned function is called once it is written, or is
   * not going to be.
   * @throws UNAVAILABLE with `retryAfter` while as many orders are under way as can be served in time.
   */
  enter(em: EntityManager): Promise<() => void>;
}

/** What is under way: orders whose next step is for us to do, or soon will be, and how long they have waited for it. */
interface Load {
  orders: number;
  /** Milliseconds, on average, of those that wait for us. */
  waited: number;
}

/** How old what is known of the load may be to admit an order, and to refuse one. It need not be exact. */
const SAMPLE_MS = 150;
const FRESH_SAMPLE_MS = 20;
/** How often the limit is changed: a change shows when some steps have been made under it. */
const ADJUST_MS = 1_000;
/** Sixteen buyers at once are never refused, whatever is counted twice for a moment. */
const FIRST_LIMIT = 18;
const LEAST_LIMIT = 18;
const MOST_LIMIT = 1_000;
const INCREASE = 2;
const DECREASE = 0.8;
/** An order that has waited longer for one step waits for something else than its turn: a subgraph that is away. */
const STUCK_SECONDS = 30;
/** Who can pay since a moment ago is about to: the steps behind that are on their way. */
const ABOUT_TO_PAY_SECONDS = 10;
/** Seconds that buyers are asked to wait, on average; each is told another time, so that they come back one by one. */
const SHORTEST_RETRY_SECONDS = 2;
const LONGEST_RETRY_SECONDS = 6;
/** As many refusals as this for each order placed cost little, and leave no place free for long. */
const REFUSALS_PER_ORDER = 6;

export const unlimitedOrders: OrderLimit = { enter: async () => () => {} };

/**
 * Limits how many orders are under way at a time, in all replicas together. The limit follows what orders wait for a
 * step, as TCP's congestion window follows the delay (AIMD): it grows while that is below `targetMs` on average and
 * the limit is reached, and shrinks by a fifth while it is above.
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
  /** Since then. */
  let turnedAway = 0;
  let taken = 0;
  /** Orders of this process that the sample does not know: those being placed, and those placed since. */
  let placing = 0;
  let placed = 0;

  async function sample(em: EntityManager) {
    try {
      load = await measure(em);
      // One that is written while the load is measured is missed now and then, which is better than counted twice.
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

  /** The more buyers wait for each place, the later they are asked to come back. */
  function adjustRetry() {
    // A change shows when those who were told the last time have come back.
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

/** Orders that wait for a step of ours and have come to it lately. Reads one index of what is under way. */
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
