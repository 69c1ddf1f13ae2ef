/** Placing an order: the buyer's commitment, before anything is held. */
import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { requireViewer } from '#shared/context.ts';
import { loadExisting } from '#shared/data/batch.ts';
import { type EntityManager, inTransaction, newId, query, sql } from '#shared/data/database.ts';
import { insertion, queryEntities } from '#shared/data/entities.ts';
import { claimKey, findKey, idempotencyConflict } from '#shared/data/idempotency.ts';
import { lineOrNothing } from '#shared/data/text.ts';
import { invalidInput, parseInput } from '#shared/kernel/errors.ts';
import type { Viewer } from '#shared/kernel/passport.ts';
import { findBasketLines } from '../basket/baskets.ts';
import { Order, OrderLine, OrderTransition } from '../order/order.entity.ts';
import { takeSnapshot, tellStatus } from '../order/orders.ts';
import { holdUntil } from '../saga/expire-order.ts';
import { requestStep } from '../saga/steps.ts';
import type { OrdersContext } from '../services.ts';
import { MOST_LINES } from './inputs.ts';
import { sumUp } from './money.ts';
import { type PricedLine, priceLines, type WantedLine, wantedLine } from './pricing.ts';

const placement = z.object({
  idempotencyKey: lineOrNothing(200).min(8, 'needs at least 8 characters'),
  lines: z
    .array(wantedLine)
    .min(1, 'must not be empty')
    .max(MOST_LINES, `has at most ${MOST_LINES} lines`)
    .nullish()
    .transform(lines => lines ?? null),
  paymentProvider: z
    .enum(['STRIPE', 'PAYPAL'])
    .nullish()
    .transform(provider => provider ?? 'STRIPE')
    .refine(provider => provider !== 'PAYPAL', 'PayPal is not available yet: choose STRIPE'),
});

/** The basket differs from what was priced: another request has changed or ordered it meanwhile. */
class BasketChanged extends Error {}

/**
 * Places an order of the given lines, or of the viewer's basket, at current prices. A retry with the same key and input
 * returns the same order, even when everything has been sold since.
 * @throws UNAVAILABLE when the tickets subgraph does not answer, or when the order limit is reached; nothing is written
 *   then.
 */
export async function placeOrder(ctx: OrdersContext, input: z.input<typeof placement>) {
  const viewer = requireViewer(ctx);
  const parsed = parseInput(placement, input);
  if (!parsed.ok) return parsed.error;
  const { idempotencyKey: key, ...asked } = parsed.value;
  const claim = { scope: `placeOrder:${viewer.id}`, key, input: asked };
  /** The earlier answer to this key; null while the key is new. */
  const earlier = async () => {
    const found = await findKey(ctx.em, claim);
    if (found.outcome === 'new') return null;
    return found.outcome === 'conflict' ? idempotencyConflict() : loadExisting(ctx, Order, found.resultId);
  };

  const answered = await earlier();
  if (answered) return answered;
  const leave = await ctx.services.orderLimit.enter(ctx.em);
  try {
    return await placeNow();
  } finally {
    leave();
  }

  async function placeNow() {
    const wanted = asked.lines ?? (await wantBasket(ctx, viewer));
    const priced = await priceLines(ctx, viewer, wanted);
    // A request with the same key may have taken the basket or the last tickets since the first check.
    if (!priced.ok) return (await earlier()) ?? priced.refusal;

    const draft = draftOrder(ctx, viewer, priced.lines, asked.paymentProvider);
    try {
      const placed = await inTransaction(ctx.em, async em => {
        const claimed = await claimKey(em, { ...claim, resultId: draft.order.id });
        if (claimed.outcome !== 'new') return null;
        if (!asked.lines) await emptyBasket(em, viewer, wanted);
        return writeOrder(em, draft);
      });
      return placed ?? (await earlier())!;
    } catch (error) {
      if (!(error instanceof BasketChanged)) throw error;
      return invalidInput({ path: 'lines', message: 'the basket has changed meanwhile: look at it again' });
    }
  }
}

async function wantBasket(ctx: OrdersContext, viewer: Viewer): Promise<WantedLine[]> {
  const lines = await findBasketLines(ctx.em, viewer.id);
  return lines.map(line => ({ ...line, guestNames: [] }));
}

function draftOrder(ctx: OrdersContext, viewer: Viewer, priced: PricedLine[], provider: Order['provider']) {
  const now = new Date();
  const order = {
    id: newId(),
    number: drawNumber(),
    status: 'CREATED' as const,
    seq: 1,
    provider,
    customerId: viewer.id,
    customerEmail: viewer.email,
    customerName: viewer.displayName,
    customerLocale: viewer.locale,
    currency: priced[0]!.currency,
    ...sumUp(priced),
    ticketIds: [],
    expiresAt: holdUntil(ctx),
    extended: false,
    placedAt: now,
    statusAt: now,
    lastStepAt: now,
  };
  const lines = priced.map(({ currency: _, ...line }, position) => ({
    orderId: order.id,
    position,
    ...line,
  }));
  return { order, lines };
}
type Draft = ReturnType<typeof draftOrder>;

/** 0, 1, I, L, O and U are left out, so that numbers are not misread and do not form words. */
const DIGITS = '23456789ABCDEFGHJKMNPQRSTVWXYZ';

/**
 * Draws the number that people use, e.g. `G-7K2M-94QX`, out of about 650 billion. When it is taken already, the request
 * fails and a retry draws another one.
 */
function drawNumber(): string {
  const draw = () => Array.from(randomBytes(4), byte => DIGITS[byte % DIGITS.length]).join('');
  return `G-${draw()}-${draw()}`;
}

/** Removes the ordered lines from the basket. @throws BasketChanged when one of them has changed or is missing. */
async function emptyBasket(em: EntityManager, viewer: Viewer, ordered: WantedLine[]): Promise<void> {
  const taken = await query(
    em,
    sql`delete from basket_lines where customer_id = ${viewer.id} and (product_id, quantity) in (
        select * from unnest(${ordered.map(line => line.productId)}::uuid[], ${ordered.map(line => line.quantity)}::int[]))
      returning product_id`,
  );
  if (taken.length < ordered.length) throw new BasketChanged();
}

/** Writes the order, its lines and the first entry of its history in one statement, and requests its stock. */
async function writeOrder(em: EntityManager, { order, lines }: Draft): Promise<Order> {
  const history = {
    orderId: order.id,
    seq: order.seq,
    to: order.status,
    at: order.placedAt,
    actor: 'customer',
  };
  const [placed] = await queryEntities(
    em,
    Order,
    sql`with placed as (${insertion(em, Order, [order])} returning *),
        with_lines as (${insertion(em, OrderLine, lines)}),
        with_history as (${insertion(em, OrderTransition, [history])})
      select * from placed`,
  );
  const snapshot = await takeSnapshot(em, placed!);
  await tellStatus(em, snapshot, {
    from: null,
    to: order.status,
    at: order.placedAt,
    paymentId: null,
    reason: null,
  });
  await requestStep(em, placed!, snapshot);
  return placed!;
}
