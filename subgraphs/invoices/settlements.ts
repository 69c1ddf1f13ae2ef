/**
 * From messages to invoices. Each message adds its facts to the order's settlement; then `settle` brings the invoice
 * to where all the facts together say. So messages may come late, repeated and in any order.
 */
import { type EntityManager, query, sql } from '#shared/database.ts';
import type { MessageData } from '#shared/messages.ts';
import { cancelInvoice, creditRefund } from './credit-notes.ts';
import { Invoice } from './invoice.entity.ts';
import { drawUpInvoice } from './invoices.ts';
import { issueInvoice, markPaid } from './issuing.ts';
import type { InvoicesContext } from './services.ts';
import { type PaymentFacts, Settlement } from './settlement.entity.ts';

type OrderStatusUpdated = MessageData<'order.status.updated'>;
type PaymentStatusUpdated = MessageData<'payment.status.updated'>;

const PAID = ['PAID', 'SHIPPING_SCHEDULED', 'COMPLETED'];
const ENDED = ['CANCELED', 'FAILED'];

/** Adds what an order's change of status tells, draws its invoice up, and settles it. */
export async function recordOrder(
  ctx: InvoicesContext,
  order: OrderStatusUpdated,
  { lock = true } = {},
): Promise<void> {
  const { em } = ctx;
  if (order.to === 'CREATED') return;
  const settlement = await lockSettlement(em, order.orderId, { lock });
  const paid = [order.from, order.to].some(status => status && PAID.includes(status));
  if (paid) settlement.paidAt = earlier(settlement.paidAt, order.at);
  // CANCELED -> FAILED says nothing: whether the order was paid stands in the message about its way to CANCELED.
  else if (ENDED.includes(order.to) && order.from !== 'CANCELED') settlement.closed = true;
  if (order.paymentId) settlement.paymentId = order.paymentId;

  let invoice = await em.findOne(Invoice, { orderId: order.orderId });
  // An order that found nothing to reserve never gets an invoice, not even a void one.
  const reserved = !ENDED.includes(order.to) || (order.from !== null && order.from !== 'CREATED');
  if (!invoice && reserved) invoice = await drawUpInvoice(em, order);
  if (invoice) await settle(ctx, settlement, invoice);
  await em.flush();
}

/** Adds what a payment's change of status tells, and settles the invoice if there is one already. */
export async function recordPayment(
  ctx: InvoicesContext,
  payment: PaymentStatusUpdated,
  { lock = true } = {},
): Promise<void> {
  const { em } = ctx;
  const orderId = payment.orderId ?? (await findOrderOf(em, payment.invoiceId));
  if (!orderId) return;
  const captured = payment.status === 'SUCCEEDED' || payment.refunds.length > 0;
  if (!captured) return;

  const settlement = await lockSettlement(em, orderId, { lock });
  const known = settlement.payments[payment.paymentId];
  const capturedAt = earlier(known ? new Date(known.capturedAt) : null, payment.at).toISOString();
  settlement.payments = {
    ...settlement.payments,
    [payment.paymentId]: {
      amount: payment.amount.amount,
      currency: payment.amount.currency,
      capturedAt,
      forInvoice: payment.invoiceId !== null,
      refunds: {
        ...known?.refunds,
        ...Object.fromEntries(payment.refunds.map(({ refundId, ...refund }) => [refundId, refund])),
      },
    },
  };
  const invoice = await em.findOne(Invoice, { orderId });
  if (invoice) await settle(ctx, settlement, invoice);
  await em.flush();
}

/**
 * Brings the invoice to where the facts say; does nothing when it is there already. The caller holds the settlement's
 * lock.
 *
 * | facts | no number yet | DUE |
 * |---|---|---|
 * | the order was paid | number, PAID | PAID |
 * | the invoice itself was paid (payInvoice) | | PAID |
 * | the order ended unpaid | VOID | VOID, canceled by a credit note |
 *
 * That a payment was captured does not make the order paid: it may have come too late, or with the wrong amount.
 * Orders decides, and has it refunded; then nothing is invoiced, and nothing credited: 0 = 0.
 */
async function settle(ctx: InvoicesContext, settlement: Settlement, invoice: Invoice): Promise<void> {
  const { em } = ctx;
  const { paidAt, closed } = settlement;
  settlement.paymentId ??= findPayment(settlement, invoice);
  const payment = settlement.paymentId ? settlement.payments[settlement.paymentId] : undefined;

  if (invoice.number === null) {
    if (paidAt) await issueInvoice(ctx, em, invoice, { paidAt });
    else if (closed) invoice.status = 'VOID';
  } else if (invoice.status === 'DUE') {
    if (paidAt) await markPaid(em, invoice, paidAt);
    else if (payment) await markPaid(em, invoice, new Date(payment.capturedAt));
    else if (closed) await cancelInvoice(ctx, em, invoice);
  } else if (invoice.status === 'VOID' && payment) {
    ctx.log.error(
      { invoiceId: invoice.id, paymentId: settlement.paymentId },
      'paid after it was void: refund it',
    );
  }

  if (invoice.status === 'PAID' && payment)
    for (const [refundId, refund] of Object.entries(payment.refunds))
      await creditRefund(ctx, em, invoice, { refundId, ...refund });
}

/** Where the order does not name its payment: the oldest one of exactly the total that can have paid the invoice. */
function findPayment({ payments, paidAt }: Settlement, { total, currency }: Invoice): string | null {
  const paysIt = (payment: PaymentFacts) =>
    (payment.forInvoice || paidAt) && payment.amount === total && payment.currency === currency;
  return Object.keys(payments).find(id => paysIt(payments[id]!)) ?? null;
}

/**
 * The order's settlement, locked until the transaction ends; made when it is not there. Without the lock two
 * messages that are handled at the same time would overlook each other's facts: `lock: false` shows that in a test, for
 * a settlement that is there.
 */
export async function lockSettlement(
  em: EntityManager,
  orderId: string,
  { lock = true } = {},
): Promise<Settlement> {
  if (lock)
    await query(em, sql`insert into settlements (order_id) values (${orderId}) on conflict do nothing`);
  const [row] = await query(
    em,
    sql<object>`select * from settlements where order_id = ${orderId} ${lock ? sql`for update` : sql``}`,
  );
  return em.map(Settlement, row as never);
}

async function findOrderOf(em: EntityManager, invoiceId: string | null): Promise<string | null> {
  return invoiceId ? ((await em.findOne(Invoice, invoiceId))?.orderId ?? null) : null;
}

function earlier(known: Date | null | undefined, at: string): Date {
  const date = new Date(at);
  return known && known < date ? known : date;
}
