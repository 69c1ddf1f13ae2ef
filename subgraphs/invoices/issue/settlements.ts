/**
 * Turns messages into invoices. Each message adds its facts to the order's settlement; then `settle` updates the
 * invoice to match all the facts together. So messages may come late, repeated and in any order.
 */

import type { MessageData } from '#schema/messages/index.ts';
import type { EntityManager } from '#shared/data/database.ts';
import { cancelInvoice, creditRefund } from '../credit/credit-notes.ts';
import type { InvoicesContext } from '../services.ts';
import { addOrderFacts, addPaymentFacts, type PaymentFacts, type Settlement } from './facts.ts';
import { Invoice, moveInvoice } from './invoice.entity.ts';
import { drawUpInvoice } from './invoices.ts';
import { issueInvoice, markPaid } from './issuing.ts';

const PAID = ['PAID', 'SHIPPING_SCHEDULED', 'COMPLETED'];
const ENDED = ['CANCELED', 'FAILED'];

/** Adds the facts of an order's change of status, drafts the invoice if there is none yet, and settles it. */
export async function recordOrder(
  ctx: InvoicesContext,
  order: MessageData<'order.status.updated'>,
): Promise<void> {
  const { em } = ctx;
  const { orderId, from, to, at, paymentId = null } = order;
  if (to === 'CREATED') return;
  const paid = PAID.includes(to) || (from !== null && PAID.includes(from));
  // CANCELED -> FAILED says nothing: the message about the change to CANCELED says whether the order was paid.
  const endedUnpaid = !paid && ENDED.includes(to) && from !== 'CANCELED';
  // When the order is not paid, a payment that it names is one that orders has rejected.
  const settlement = await addOrderFacts(em, orderId, paid ? { paidAt: at, paymentId } : {});

  // An order whose stock could not be reserved never gets an invoice, not even a void one.
  const reserved = !ENDED.includes(to) || (from !== null && from !== 'CREATED');
  const invoice = (await em.findOne(Invoice, { orderId })) ?? (reserved && (await drawUpInvoice(em, order)));
  if (invoice) await settle(ctx, settlement, invoice, { endedUnpaid });
}

/** Adds the facts of a payment's change of status, and settles the invoice if there is one already. */
export async function recordPayment(
  ctx: InvoicesContext,
  payment: MessageData<'payment.status.updated'>,
): Promise<void> {
  const { em } = ctx;
  const { paymentId, invoiceId, amount, refunds, at } = payment;
  const captured = payment.status === 'SUCCEEDED' || refunds.length > 0;
  const orderId = payment.orderId ?? (await findOrderOf(em, invoiceId));
  if (!captured || !orderId) return;
  const settlement = await addPaymentFacts(em, orderId, paymentId, {
    ...amount,
    capturedAt: at,
    forInvoice: invoiceId !== null,
    refunds: Object.fromEntries(refunds.map(({ refundId, ...refund }) => [refundId, refund])),
  });
  const invoice = await em.findOne(Invoice, { orderId });
  if (invoice) await settle(ctx, settlement, invoice);
}

/**
 * Updates the invoice to match the facts; does nothing when it matches already. The caller holds the settlement's lock.
 * The invoice itself records that an order ended unpaid: it is VOID, and stays so unless the order was paid.
 *
 * | facts | no number yet | DUE |
 * |---|---|---|
 * | the order was paid | number, PAID | PAID |
 * | the invoice itself was paid (payInvoice) | | PAID |
 * | the order ended unpaid | VOID | VOID, canceled by a credit note |
 *
 * A captured payment does not make the order paid: it may have come too late, or with the wrong amount. Orders decides,
 * and has such a payment refunded. Then no invoice and no credit note is issued, and both sides of I2 are 0.
 */
async function settle(
  ctx: InvoicesContext,
  settlement: Settlement,
  invoice: Invoice,
  { endedUnpaid = false } = {},
): Promise<void> {
  const { em } = ctx;
  const paidAt = settlement.paidAt === null ? null : new Date(settlement.paidAt);
  const paymentId = settlement.paymentId ?? findPayment(settlement, invoice);
  const payment = paymentId ? settlement.payments[paymentId] : undefined;

  if (invoice.number === null) {
    if (paidAt) await issueInvoice(ctx, em, invoice, { paidAt });
    else if (endedUnpaid && invoice.status !== 'VOID') moveInvoice(invoice, 'VOID');
  } else if (invoice.status === 'DUE') {
    if (paidAt) await markPaid(em, invoice, paidAt);
    else if (payment) await markPaid(em, invoice, new Date(payment.capturedAt));
    else if (endedUnpaid) await cancelInvoice(ctx, em, invoice);
  } else if (invoice.status === 'VOID' && payment) {
    ctx.log.error({ invoiceId: invoice.id, paymentId }, 'paid after it was void: refund it');
  }
  await em.flush();

  if (invoice.status === 'PAID' && payment) {
    for (const [refundId, refund] of Object.entries(payment.refunds)) {
      await creditRefund(ctx, em, invoice, { refundId, ...refund });
    }
  }
}

/** Used when the order does not name its payment: the oldest one of exactly the total that may pay the invoice. */
function findPayment({ payments, paidAt }: Settlement, { total, currency }: Invoice): string | null {
  const paysIt = (payment: PaymentFacts) =>
    (payment.forInvoice || paidAt !== null) && payment.amount === total && payment.currency === currency;
  return Object.keys(payments).find(id => paysIt(payments[id]!)) ?? null;
}

async function findOrderOf(em: EntityManager, invoiceId: string | null): Promise<string | null> {
  return invoiceId ? ((await em.findOne(Invoice, invoiceId))?.orderId ?? null) : null;
}
