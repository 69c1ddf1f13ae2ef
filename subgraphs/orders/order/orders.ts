/** Orders: how their status changes, and who may see them. */
import type { MessageData } from '#schema/messages/index.ts';
import { type Context, mayActFor, requireViewer } from '#shared/context.ts';
import { entitiesLoader, entityLoader } from '#shared/data/batch.ts';
import {
  type Connection,
  type ConnectionArguments,
  connect,
  connectMany,
  emptyConnection,
} from '#shared/data/connection.ts';
import { type EntityManager, LockMode, sql } from '#shared/data/database.ts';
import { insertEntities, selectEntities } from '#shared/data/entities.ts';
import { requireStep } from '#shared/data/transitions.ts';
import { notFound } from '#shared/kernel/errors.ts';
import { emit } from '#shared/messaging/outbox.ts';
import { Order, OrderLine, type OrderStatus, OrderTransition, TRANSITIONS } from './order.entity.ts';

/** What other subgraphs need to know about an order. */
export type OrderSnapshot = MessageData<'shipping-schedule-request'>;

export interface Cause {
  reason: string | null;
  /** `customer`, `administrator` or a step of the saga. */
  actor: string;
}

/**
 * Gives a locked order its next status, writes the change to its history and publishes it. Returns the published
 * snapshot. @throws INTERNAL_SERVER_ERROR when the graph has no such change: callers check the status first.
 */
export async function transition(
  em: EntityManager,
  order: Order,
  to: OrderStatus,
  cause: Cause,
): Promise<OrderSnapshot> {
  const from = order.status;
  requireStep(TRANSITIONS, `Order ${order.number}`, from, to);
  const at = new Date();
  order.status = to;
  order.seq += 1;
  order.statusAt = at;
  order.lastStepAt = at;
  await em.flush();
  await insertEntities(em, OrderTransition, [
    {
      orderId: order.id,
      seq: order.seq,
      from,
      to,
      at,
      reason: cause.reason,
      actor: cause.actor,
    },
  ]);
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
  const lines = await selectEntities(em, OrderLine, sql`where order_id = ${id} order by position`);
  return {
    orderId: id,
    number,
    customer: { id: customerId, email: customerEmail, displayName: customerName, locale: customerLocale },
    lines: lines.map(line => line.asData),
    total: order.money(order.total),
  };
}

export interface LockOption {
  /** Tests set this to false to show the race condition that the lock prevents. */
  lock?: boolean;
}

/**
 * Loads and locks the order: no other transaction can change it before this one ends.
 * @throws when the order does not exist: a message about it is then retried, and finally becomes a dead letter.
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

/** Does the same as findOrder. @throws NOT_FOUND when the order does not exist or belongs to someone else. */
export async function getOrder(ctx: Context, id: string): Promise<Order> {
  const order = await findOrder(ctx, id);
  if (!order) throw notFound('Order');
  return order;
}

export type OrderPage = Connection<Order>;

/** The viewer's orders, or everyone's for an administrator; newest first. */
export function listOrders(
  ctx: Context,
  { status, ...page }: ConnectionArguments & { status?: OrderStatus | null | undefined },
): Promise<OrderPage> {
  const viewer = requireViewer(ctx);
  const whose = viewer.role === 'ADMIN' ? sql`true` : sql`customer_id = ${viewer.id}::uuid`;
  return connect(ctx.em, Order, page, status ? sql`${whose} and status = ${status}` : whose);
}

/** A user's orders, newest first; empty for viewers who may not see them. */
export async function listOrdersOf(
  ctx: Context,
  customerId: string,
  page: ConnectionArguments,
): Promise<OrderPage> {
  if (!mayActFor(ctx.viewer, customerId)) return emptyConnection();
  return connectMany(ctx, Order, 'customer_id', page).load(customerId);
}

export const loadLines = (ctx: Context, order: Order): Promise<OrderLine[]> =>
  entitiesLoader(ctx, OrderLine, 'orderId', { position: 'asc' }).load(order.id);

/** The order's history up to its present status, oldest first. */
export async function loadTimeline(ctx: Context, order: Order): Promise<OrderTransition[]> {
  const history = await entitiesLoader(ctx, OrderTransition, 'orderId', { seq: 'asc' }).load(order.id);
  return history.filter(({ seq }) => seq <= order.seq);
}

/** The order's transitions after the one numbered `seen`, oldest first. */
export function findTransitions(
  em: EntityManager,
  orderId: string,
  seen: number,
): Promise<OrderTransition[]> {
  return selectEntities(em, OrderTransition, sql`where order_id = ${orderId} and seq > ${seen} order by seq`);
}
