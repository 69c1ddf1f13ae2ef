/** Looking at payments: who may see what, one by one, in lists, through joins, and live. */
import { askSubgraph } from '#shared/ask.ts';
import { mayActFor, requireViewer } from '#shared/context.ts';
import { entityLoader, loadMany } from '#shared/data/batch.ts';
import {
  type Connection,
  type ConnectionArguments,
  connect,
  connectMany,
  emptyConnection,
} from '#shared/data/connection.ts';
import { isId, sql } from '#shared/data/database.ts';
import { fork, selectEntities } from '#shared/data/entities.ts';
import { badInput, CodedError, notFound } from '#shared/kernel/errors.ts';
import { Refund } from '../refund/refund.entity.ts';
import type { PaymentsContext } from '../services.ts';
import { Payment, type PaymentStatus } from './payment.entity.ts';

export type PaymentPage = Connection<Payment>;

/** A payment, when the viewer is its customer or an administrator; null otherwise. */
export async function findPayment(ctx: PaymentsContext, id: string): Promise<Payment | null> {
  const payment = ctx.viewer && (await entityLoader(ctx, Payment).load(id));
  return payment && mayActFor(ctx.viewer, payment.customerId) ? payment : null;
}

/** As findPayment. @throws NOT_FOUND where that gives null. */
export async function getPayment(ctx: PaymentsContext, id: string): Promise<Payment> {
  requireViewer(ctx);
  const payment = await findPayment(ctx, id);
  if (!payment) throw notFound('Payment');
  return payment;
}

/** The viewer's payments (all of them for administrators), newest first. */
export function listPayments(
  ctx: PaymentsContext,
  { status, ...page }: ConnectionArguments & { status?: PaymentStatus | null | undefined },
): Promise<PaymentPage> {
  const viewer = requireViewer(ctx);
  const whose = viewer.role === 'ADMIN' ? sql`true` : sql`customer_id = ${viewer.id}`;
  const which = status ? sql`status = ${status}` : sql`true`;
  return connect(ctx.em, Payment, page, sql`${whose} and ${which}`);
}

/** A user's payments, newest first; empty for whoever may not see them. */
export async function paymentsOfUser(
  ctx: PaymentsContext,
  userId: string,
  page: ConnectionArguments,
): Promise<PaymentPage> {
  if (!isId(userId) || !mayActFor(ctx.viewer, userId)) return emptyConnection();
  return connectMany(ctx, Payment, 'customer_id', page).load(userId);
}

/** The payments of an order or invoice that the viewer may see, newest first. */
export async function paymentsOf(ctx: PaymentsContext, subject: 'order' | 'invoice', id: string) {
  const column = sql.ref(`${subject}_id`);
  const loader = loadMany(
    ctx,
    paymentsOf.name + subject,
    ids =>
      selectEntities(
        ctx.em,
        Payment,
        sql`where ${column} = any(${ids.filter(isId)}::uuid[]) order by id desc`,
      ),
    payment => (subject === 'order' ? payment.orderId : payment.invoiceId)!,
  );
  if (!ctx.viewer) return [];
  return (await loader.load(id)).filter(({ customerId }) => mayActFor(ctx.viewer, customerId));
}

/** The refunds of a payment, oldest first. */
export function refundsOf(ctx: PaymentsContext, { id }: Payment): Promise<Refund[]> {
  const load = (ids: string[]) =>
    selectEntities(ctx.em, Refund, sql`where payment_id = any(${ids}::uuid[]) order by id`);
  return loadMany(ctx, refundsOf, load, refund => refund.paymentId).load(id);
}

/** For Stripe.js: the customer's alone, and only while there is something to confirm. */
export function clientSecretOf({ viewer }: PaymentsContext, payment: Payment): string | null {
  const confirmable = payment.isOpen && payment.status !== 'PROCESSING';
  return confirmable && viewer?.id === payment.customerId ? payment.clientSecret : null;
}

/**
 * A payment's current state, then each change. By its id, or by its order: then the newest payment is shown, once
 * there is one. @throws NOT_FOUND for what the viewer may not see.
 */
export async function watchPayment(
  ctx: PaymentsContext,
  { paymentId, orderId }: { paymentId?: string | null | undefined; orderId?: string | null | undefined },
) {
  requireViewer(ctx);
  if ((paymentId == null) === (orderId == null)) throw badInput('Give either paymentId or orderId.');
  const topic = paymentId != null ? `payment.${paymentId}` : `order.${orderId}`;
  const find = () => (paymentId != null ? findFresh(ctx, paymentId) : findNewest(ctx, orderId!));
  const first = await find();
  if (first && !mayActFor(ctx.viewer, first.customerId)) throw notFound('Payment');
  if (!first && orderId == null) throw notFound('Payment');
  if (!first) await askForOrder(ctx, orderId!);

  let shown: string | undefined;
  return ctx.live.watch([topic], async () => {
    const payment = await find();
    if (!payment || !mayActFor(ctx.viewer, payment.customerId)) return [];
    // An order's topic tells of more than its payments.
    const state = `${payment.id} ${payment.revision}`;
    if (state === shown) return [];
    shown = state;
    return [{ paymentUpdated: payment }];
  });
}

async function findFresh({ em }: PaymentsContext, id: string): Promise<Payment | null> {
  return isId(id) ? fork(em).findOne(Payment, { id }) : null;
}

async function findNewest({ em }: PaymentsContext, orderId: string): Promise<Payment | null> {
  if (!isId(orderId)) return null;
  const [newest] = await selectEntities(
    fork(em),
    Payment,
    sql`where order_id = ${orderId} order by id desc limit 1`,
  );
  return newest ?? null;
}

/** There is no payment yet: whether the viewer may wait for it, the order's own rules say. */
async function askForOrder(ctx: PaymentsContext, orderId: string): Promise<void> {
  const { ORDERS_URL: url, internalSecret } = ctx.services.settings;
  const asked = { url, internalSecret };
  const question = 'query ($id: ID!) { order(id: $id) { id } }';
  const order = await askSubgraph<{ order: object | null }>(ctx, asked, question, { id: orderId }).then(
    answer => answer.order,
    error => {
      if (error instanceof CodedError && error.extensions.code === 'NOT_FOUND') return null;
      throw error;
    },
  );
  // In these words also where there is a payment that is not the viewer's (A20).
  if (!order) throw notFound('Payment');
}
