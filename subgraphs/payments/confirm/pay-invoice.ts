/** Paying a due invoice at once, with a payment method at hand. */
import { z } from 'zod';
import type { Money } from '#schema/messages/index.ts';
import { askSubgraph } from '#shared/ask.ts';
import { requireViewer } from '#shared/context.ts';
import { type EntityManager, inTransaction, isId, newId, query, sql } from '#shared/data/database.ts';
import { fork } from '#shared/data/entities.ts';
import { claimKey, findKey, idempotencyConflict } from '#shared/data/idempotency.ts';
import { CodedError, invalidInput, parseInput } from '#shared/kernel/errors.ts';
import { isOrderClosed } from '../close/close-order.ts';
import { Payment } from '../collect/payment.entity.ts';
import { lockPayment, lockSubject } from '../collect/payment-locks.ts';
import { insertPayment, type NewPayment } from '../collect/request-payment.ts';
import type { PaymentsContext } from '../services.ts';
import { attemptNow, reserveAttempt } from './attempts.ts';

const payInvoiceInput = z.object({
  paymentMethodId: z.string().min(1, 'must not be empty').max(255, 'has at most 255 characters'),
  idempotencyKey: z.string().min(1, 'must not be empty').max(200, 'has at most 200 characters'),
});

export interface PayInvoiceInput {
  invoiceId: string;
  amount: Money;
  paymentMethodId: string;
  idempotencyKey: string;
}

/** An invoice as its own subgraph shows it to the viewer. */
interface Invoice {
  id: string;
  status: 'DRAFT' | 'DUE' | 'PAID' | 'VOID';
  number: string | null;
  total: Money;
  order: { id: string } | null;
  customer: { id: string };
}

const INVOICE = `query ($id: ID!) { invoice(id: $id) {
  id status number total { amount currency } order { id } customer { id }
} }`;

const WHY_NOT_DUE = {
  DRAFT: 'This invoice is a draft. Pay its order instead.',
  PAID: 'This invoice is paid already.',
  VOID: 'This invoice is void.',
} as const;

const invoiceNotPayable = (message: string) => ({ __typename: 'InvoiceNotPayable' as const, message });

/** Pays a due invoice. Rights: its customer. A declined card is answered with the payment, which stays open. */
export async function payInvoice(ctx: PaymentsContext, input: PayInvoiceInput) {
  const { id: viewerId } = requireViewer(ctx);
  const parsed = parseInput(payInvoiceInput, input);
  if (!parsed.ok) return parsed.error;
  const { idempotencyKey: key, ...asked } = input;
  const claim = { scope: `payInvoice:${viewerId}`, key, input: asked };
  const earlier = await findKey(ctx.em, claim);
  if (earlier.outcome === 'conflict') return idempotencyConflict();
  if (earlier.outcome === 'replay') return loadPayment(ctx, earlier.resultId);

  const invoice = isId(input.invoiceId) ? await findInvoice(ctx, input.invoiceId) : null;
  if (invoice?.customer.id !== viewerId) return invoiceNotPayable('There is no such invoice of yours.');
  if (invoice.status !== 'DUE') return invoiceNotPayable(WHY_NOT_DUE[invoice.status]);
  const { total } = invoice;
  if (total.amount !== input.amount.amount || total.currency !== input.amount.currency) {
    return { __typename: 'AmountMismatch' as const, message: 'The amount is not what is due.', due: total };
  }

  const reserved = await inTransaction(fork(ctx.em), async em => {
    const orderId = invoice.order?.id ?? null;
    if (orderId) await lockSubject(em, orderId);
    await lockSubject(em, invoice.id);
    const repeated = await findKey(em, claim);
    if (repeated.outcome === 'replay') return { answer: await loadPayment(ctx, repeated.resultId) };
    const found = await findUnpaid(em, invoice);
    if (typeof found === 'string') return { answer: invoiceNotPayable(found) };
    const id = found?.id ?? newId();
    if ((await claimKey(em, { ...claim, resultId: id })).outcome !== 'new') {
      return { answer: idempotencyConflict() };
    }
    const payment = found ?? (await insertPayment(em, newPayment(ctx, invoice), id));
    payment.invoiceId = invoice.id;
    await reserveAttempt(ctx, em, payment, asked);
    return { payment };
  });
  if (reserved.answer) return reserved.answer;
  const { payment, refusal } = await attemptNow(ctx, reserved.payment);
  return refusal ? invalidInput({ path: 'paymentMethodId', message: refusal }) : payment;
}

async function findInvoice(ctx: PaymentsContext, id: string): Promise<Invoice | null> {
  const { INVOICES_URL: url, internalSecret } = ctx.services.settings;
  try {
    const asked = { url, internalSecret };
    return (await askSubgraph<{ invoice: Invoice | null }>(ctx, asked, INVOICE, { id })).invoice;
  } catch (error) {
    if (error instanceof CodedError && error.extensions.code === 'NOT_FOUND') return null;
    throw error;
  }
}

/**
 * The payment that is open for the invoice or its order, locked: two of them could both be captured. Null when
 * there is none; why there can be none, in words.
 */
async function findUnpaid(
  em: EntityManager,
  { id: invoiceId, order, total }: Invoice,
): Promise<Payment | string | null> {
  const orderId = order?.id ?? null;
  const [found] = await query(
    em,
    sql<{ id: string }>`select id from payments
      where (invoice_id = ${invoiceId} or order_id = ${orderId}::uuid) and status not in ('CANCELED', 'FAILED')
        and not (status = 'SUCCEEDED' and refunded_amount = captured_amount)
      order by id desc limit 1`,
  );
  const closed = await isOrderClosed(em, orderId);
  const payment = found && (await lockPayment(em, found.id));
  if (!payment) return closed ? 'The order of this invoice can no longer be paid.' : null;
  const reason = payment.whyNotConfirmable(closed);
  if (reason) return reason;
  const same = payment.amount === total.amount && payment.currency === total.currency;
  return same ? payment : 'Its order asks for another amount. Pay the order instead.';
}

function newPayment(ctx: PaymentsContext, { id, number, order, total }: Invoice): NewPayment {
  const viewer = requireViewer(ctx);
  return {
    orderId: order?.id ?? null,
    invoiceId: id,
    customerId: viewer.id,
    customerEmail: viewer.email,
    customerName: viewer.displayName,
    description: `Invoice ${number}`,
    provider: 'STRIPE',
    ...total,
  };
}

const loadPayment = (ctx: PaymentsContext, id: string) => fork(ctx.em).findOneOrFail(Payment, { id });
