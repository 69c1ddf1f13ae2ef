/** The invoices subgraph for tests, with the messages about orders and payments that other subgraphs send. */
import type { MessageData, OrderLineData } from '#schema/messages/index.ts';
import { newId } from '#shared/data/database.ts';
import type { Environment } from '#shared/kernel/settings.ts';
import { type SubgraphWorld, startSubgraphWorld } from '#shared/test/world.ts';
import { startInvoices } from '../server.ts';

export type World = SubgraphWorld;

/** Starts the invoices subgraph on a separate database; the other subgraphs are simulated. */
export const startWorld = (extra: Environment = {}): Promise<World> =>
  startSubgraphWorld('invoices', startInvoices, extra);

type OrderStatusUpdated = MessageData<'order.status.updated'>;
type PaymentStatusUpdated = MessageData<'payment.status.updated'>;
type OrderStatus = OrderStatusUpdated['to'];

export const line = (unitPrice: number, taxRate = 0.2, more: Partial<OrderLineData> = {}): OrderLineData => ({
  productId: newId(),
  eventId: newId(),
  kind: 'ADMISSION',
  name: 'Place assise',
  quantity: 1,
  unitPrice,
  taxRate,
  guestNames: [],
  ...more,
});

let count = 0;
const now = () => new Date().toISOString();

/** An order, with the messages that orders and payments send about it. */
export function orderOf(lines = [line(4_500)], customer: Partial<OrderStatusUpdated['customer']> = {}) {
  const snapshot = {
    orderId: newId(),
    number: `G-${String(++count).padStart(4, '0')}`,
    customer: {
      id: newId(),
      email: 'ann@example.org',
      displayName: 'Ann Élégante',
      locale: 'fr',
      ...customer,
    },
    lines,
    total: {
      amount: lines.reduce((sum, { unitPrice, quantity }) => sum + unitPrice * quantity, 0),
      currency: 'EUR',
    },
  };
  const { orderId, total } = snapshot;
  return {
    ...snapshot,
    moved(from: OrderStatus | null, to: OrderStatus, paymentId: string | null = null): OrderStatusUpdated {
      return { ...snapshot, from, to, paymentId, reason: null, at: now() };
    },
    payment(paymentId = newId(), amount = total.amount, invoiceId: string | null = null) {
      const tell = (
        status: PaymentStatusUpdated['status'],
        refunds: PaymentStatusUpdated['refunds'] = [],
      ): PaymentStatusUpdated => ({
        paymentId,
        orderId: invoiceId ? null : orderId,
        invoiceId,
        customerId: snapshot.customer.id,
        status,
        amount: { amount, currency: total.currency },
        refunds,
        at: now(),
        refundedAmount: refunds.reduce((sum, refund) => sum + refund.amount, 0),
      });
      return { paymentId, tell };
    },
  };
}
export type TestOrder = ReturnType<typeof orderOf>;

export const refund = (amount: number, refundId = newId()) => ({ refundId, amount, reason: 'Annulation' });
