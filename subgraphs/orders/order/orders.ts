/** Orders: which changes of status there are, how one is made, and who sees what. */

import type { MessageData } from '#schema/messages/index.ts';
import { type Context, mayActFor, requireViewer } from '#shared/context.ts';
import { entityLoader, loadMany } from '#shared/data/batch.ts';
import { type ConnectionArguments, connect, connectMany, emptyConnection } from '#shared/data/connection.ts';
import { type EntityManager, LockMode, query, sql } from '#shared/data/database.ts';
import { CodedError, notFound } from '#shared/kernel/errors.ts';
import { emit } from '#shared/messaging/outbox.ts';
import { Order, OrderLine, type OrderStatus, OrderTransition } from './order.entity.ts';

/** Every change of status that exists. An order's history follows this graph (I4). */
export const TRANSITIONS: Record<OrderStatus, readonly OrderStatus[]> = {
  CREATED: ['RESERVED', 'FAILED'],
  RESERVED: ['PAID', 'FAILED', 'CANCELED'],
  PAID: ['SHIPPING_SCHEDULED', 'FAILED', 'CANCELED'],
  SHIPPING_SCHEDULED: ['COMPLETED', 'CANCELED'],
  COMPLETED: [],
  CANCELED: ['FAILED'],
  FAILED: [],
};

/** All that others need to know of an order. */
export type OrderSnapshot = MessageData<'shipping-schedule-request'>;

export interface Cause {
  reason: string | null;
  /** `customer`, `administrator` or a step of the saga. */
  actor: string;
}

/**
 * Gives a locked order its next status, writes that to its history and tells everyone. Returns what was told.
 * @throws INTERNAL_SERVER_ERROR when the graph has no such change: callers look at the status first.
 */
export async function transition(
  em: EntityManager,
  order: Order,
  to: OrderStatus,
  cause: Cause,
): Promise<OrderSnapshot> {
  const from = order.status;
  if (!TRANSITIONS[from].includes(to))
    throw new CodedError('INTERNAL_SERVER_ERROR', `Order ${order.number} cannot go from ${from} to ${to}`);
  const at = new Date();
  order.status = to;
  order.seq += 1;
  order.statusAt = at;
  order.lastStepAt = at;
  await em.flush();
  await query(
    em,
    sql`insert into order_transitions (order_id, seq, from_status, to_status, at, reason, actor)
      values (${order.id}, ${order.seq}, ${from}, ${to}, ${at.toISOString()}, ${cause.reason}, ${cause.actor})`,
  );
  const snapshot = await takeSnapshot(em, order);
  await tellStatus(em, snapshot, { from, to, at, paymentId: order.paymentId, reason: cause.reason });
  return snapshot;
}

type Change = Pick<MessageData<'order.status.updated'>, 'from' | 'to' | 'reason' | 'paymentId'> & {
  at: Date;
};

export function tellStatus(em: EntityManager, snapshot: OrderSnapshot, change: Change): Promise<void> {
  return emit(em, 'order.status.updated', { ...snapshot, ...change, at: change.at.toISOString() });
}

/** The order with its lines, as messages carry it. */
export async function takeSnapshot(em: EntityManager, order: Order): Promise<OrderSnapshot> {
  const { id, number, customerId, customerEmail, customerName, customerLocale } = order;
  const lines = await findLines(em, [id]);
  return {
    orderId: id,
    number,
    customer: { id: customerId, email: customerEmail, displayName: customerName, locale: customerLocale },
    lines: lines.map(line => line.asData),
    total: order.money(order.total),
  };
}

export interface LockOption {
  /** False shows, in tests, the race that the lock prevents. */
  lock?: boolean;
}

/**
 * The order, which nobody else may change before this transaction ends.
 * @throws when there is none: a message about it is then tried again, and at last becomes a dead letter.
 */
export async function lockOrder(
  em: EntityManager,
  id: string,
  { lock = true }: LockOption = {},
): Promise<Order> {
  return em.findOneOrFail(
    Order,
    { id },
    { refresh: true, ...(lock && { lockMode: LockMode.PESSIMISTIC_WRITE }) },
  );
}

/** An order that the viewer may see (its customer, administrators), or null. */
export async function findOrder(ctx: Context, id: string): Promise<Order | null> {
  const order = await entityLoader(ctx, Order).load(id);
  return order && mayActFor(ctx.viewer, order.customerId) ? order : null;
}

/** As findOrder. @throws NOT_FOUND for what does not exist and for what is someone else's. */
export async function getOrder(ctx: Context, id: string): Promise<Order> {
  const order = await findOrder(ctx, id);
  if (!order) throw notFound('Order');
  return order;
}

/** The viewer's orders, or everyone's for an administrator; newest first. */
export function listOrders(
  ctx: Context,
  { status, ...page }: ConnectionArguments & { status?: OrderStatus | null | undefined },
) {
  const viewer = requireViewer(ctx);
  const whose = viewer.role === 'ADMIN' ? sql`true` : sql`customer_id = ${viewer.id}::uuid`;
  return connect(ctx.em, Order, page, status ? sql`${whose} and status = ${status}` : whose);
}

/** A user's orders, newest first; none for whoever may not see them. */
export function listOrdersOf(ctx: Context, customerId: string, page: ConnectionArguments) {
  if (!mayActFor(ctx.viewer, customerId)) return emptyConnection();
  return connectMany(ctx, Order, 'customer_id', page).load(customerId);
}

async function findLines(em: EntityManager, orderIds: string[]): Promise<OrderLine[]> {
  const rows = await query(
    em,
    sql<object>`select * from order_lines where order_id = any(${orderIds}::uuid[]) order by order_id, position`,
  );
  return rows.map(row => em.map(OrderLine, row as never));
}

export const loadLines = (ctx: Context, order: Order): Promise<OrderLine[]> =>
  loadMany(
    ctx,
    OrderLine,
    ids => findLines(ctx.em, ids),
    line => line.orderId,
  ).load(order.id);

/** The order's history up to its present status, oldest first. */
export async function loadTimeline(ctx: Context, order: Order): Promise<OrderTransition[]> {
  const loader = loadMany(
    ctx,
    OrderTransition,
    ids => findTransitions(ctx.em, ids, 0),
    ({ orderId }) => orderId,
  );
  return (await loader.load(order.id)).filter(({ seq }) => seq <= order.seq);
}

/** The transitions of these orders after the one numbered `seen`, oldest first. */
export async function findTransitions(
  em: EntityManager,
  orderIds: string[],
  seen: number,
): Promise<OrderTransition[]> {
  const rows = await query(
    em,
    sql<object>`select * from order_transitions
      where order_id = any(${orderIds}::uuid[]) and seq > ${seen} order by order_id, seq`,
  );
  return rows.map(row => em.map(OrderTransition, row as never));
}
