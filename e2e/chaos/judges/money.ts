/** I1, I2 and I6: the amounts that were collected, refunded and invoiced. */

import type { Snapshot } from '../snapshot.ts';
import { countBy, type Evidence, type Finding, sumBy } from './evidence.ts';

/** Charges with the order for which they were collected; null when the order is unknown. */
function withOrders({ charges, payments, orders }: Snapshot) {
  const byReference = new Map(payments.flatMap(p => p.references.map(reference => [reference, p] as const)));
  const byId = new Map(orders.map(order => [order.id, order]));
  return charges.map(charge => {
    const orderId = byReference.get(charge.reference)?.orderId ?? null;
    return { ...charge, order: orderId === null ? null : (byId.get(orderId) ?? null) };
  });
}

/** I1: each order has at most one captured payment; amount and currency equal the order's. */
export function judgeCaptures({ snapshot }: Evidence): Finding[] {
  const findings: Finding[] = [];
  const add = (what: string) => findings.push({ invariant: 'I1', what });
  const charges = withOrders(snapshot);
  for (const { id, reference, order, captured, currency } of charges) {
    if (!order) add(`charge ${id} (${reference}) was collected for no order that is known`);
    else if (captured !== order.total || currency !== order.currency)
      add(`order ${order.id} costs ${order.total} ${order.currency}, collected were ${captured} ${currency}`);
  }
  const known = charges.filter(({ order }) => order !== null);
  for (const [orderId, count] of countBy(known, ({ order }) => order!.id))
    if (count > 1) add(`order ${orderId} was collected for ${count} times`);
  return findings;
}

/** I2: every captured payment ends in a COMPLETED order or is refunded; our records agree with the provider's. */
export function judgeMoney({ snapshot, told }: Evidence): Finding[] {
  const findings: Finding[] = [];
  const add = (what: string) => findings.push({ invariant: 'I2', what });
  const { invoices, creditNotes, orders } = snapshot;
  const charges = withOrders(snapshot).filter(({ order }) => order !== null);
  for (const { order, captured, refunded } of charges)
    if (order!.status !== 'COMPLETED' && refunded !== captured)
      add(`order ${order!.id} is ${order!.status}; of ${captured} collected ${refunded} went back`);

  const invoiceOf = new Map(invoices.map(invoice => [invoice.id, invoice]));
  const kept = sumBy(
    charges,
    ({ order }) => order!.id,
    ({ captured, refunded }) => captured - refunded,
  );
  const booked = sumBy(
    invoices.filter(({ status }) => status === 'PAID'),
    ({ orderId }) => orderId,
    ({ total }) => total,
  );
  for (const { invoiceId, total } of creditNotes) {
    const orderId = invoiceOf.get(invoiceId)?.orderId ?? '';
    booked.set(orderId, (booked.get(orderId) ?? 0) - total);
  }
  for (const orderId of new Set([...kept.keys(), ...booked.keys()]))
    if ((kept.get(orderId) ?? 0) !== (booked.get(orderId) ?? 0))
      add(`order ${orderId}: ${kept.get(orderId) ?? 0} kept, ${booked.get(orderId) ?? 0} in the books`);

  const statusOf = new Map(orders.map(({ id, status }) => [id, status]));
  for (const { purchase, orderIds, succeeded, cancelAsked } of told) {
    const orderId = orderIds[0]!;
    const inTime = succeeded && (succeeded.holdEndsAt === null || succeeded.at < succeeded.holdEndsAt);
    if (inTime && !cancelAsked && statusOf.get(orderId) !== 'COMPLETED')
      add(
        `purchase ${purchase}: told SUCCEEDED ${untilEnd(succeeded)} the hold's end, order ${orderId} is ${statusOf.get(orderId)}`,
      );
  }
  return findings;
}

const untilEnd = ({ at, holdEndsAt }: { at: number; holdEndsAt: number | null }) =>
  holdEndsAt === null ? 'before' : `${holdEndsAt - at} ms before`;

/**
 * I6: numbers have no gaps or duplicates, and their count equals that of the series; a document never changes a byte.
 */
export function judgeDocuments({ snapshot, documents }: Evidence): Finding[] {
  const findings: Finding[] = [];
  const add = (what: string) => findings.push({ invariant: 'I6', what });
  const { invoices, creditNotes, series, orders } = snapshot;
  const numbers = [...invoices, ...creditNotes].flatMap(({ number }) => (number === null ? [] : [number]));
  const bySeries = Map.groupBy(numbers, number => number.split('-')[0]!);
  for (const [name, given] of bySeries) {
    const counts = given.map(number => Number(number.split('-')[1])).sort((a, b) => a - b);
    counts.forEach((count, index) => {
      if (count === counts[index - 1]) add(`number ${count} of series ${name} was given twice`);
    });
    const distinct = new Set(counts);
    for (let count = 1; count < counts.at(-1)!; count++)
      if (!distinct.has(count)) add(`number ${count} of series ${name} was never given`);
    const last = series.find(row => row.series === name)?.last;
    if (last !== counts.at(-1))
      add(`series ${name} says ${last}, its last document has number ${counts.at(-1)}`);
  }
  const invoiced = countBy(invoices, ({ orderId }) => orderId);
  for (const { id, status } of orders)
    if (status === 'COMPLETED' && invoiced.get(id) !== 1)
      add(`order ${id} is COMPLETED and has ${invoiced.get(id) ?? 0} invoices`);
  for (const { orderId, number, first, last } of documents) {
    if (last === null) add(`invoice ${number} of order ${orderId} has no document`);
    else if (first !== null && first !== last) add(`the document of invoice ${number} has changed`);
  }
  return findings;
}
