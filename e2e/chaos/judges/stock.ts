/** I3, I7 and I8: capacity, tickets, and admissions. */
import { countBy, type Evidence, type Finding, KEEPS_STOCK, sumBy } from './evidence.ts';

/** I3: sold + held ≤ capacity at every observed moment; at the end the counters agree with the orders. */
export function judgeStock({ snapshot, peaks }: Evidence): Finding[] {
  const findings: Finding[] = [];
  const add = (what: string) => findings.push({ invariant: 'I3', what });
  for (const { quotaId, capacity, mostTaken, leastTaken, mostHeld } of peaks) {
    if (mostHeld > capacity) add(`quota ${quotaId}: ${mostHeld} of ${capacity} were sold and held at once`);
    if (mostTaken > capacity) add(`quota ${quotaId}: ${mostTaken} of ${capacity} were counted as taken`);
    if (leastTaken < 0) add(`quota ${quotaId}: ${leastTaken} were counted as taken`);
  }
  const { quotas, holds, holdLines, orders, lines } = snapshot;
  const holding = new Set(
    holds.filter(({ status }) => status === 'HELD' || status === 'SOLD').map(h => h.orderId),
  );
  const held = sumBy(
    holdLines.filter(({ orderId }) => holding.has(orderId)),
    ({ quotaId }) => quotaId,
    ({ quantity }) => quantity,
  );
  for (const { id, capacity, taken } of quotas) {
    const sum = held.get(id) ?? 0;
    if (sum > capacity) add(`quota ${id}: ${sum} of ${capacity} are sold and held`);
    if (taken !== sum) add(`quota ${id} counts ${taken}, its holds ${sum}`);
  }
  const keeping = new Set(orders.filter(({ status }) => KEEPS_STOCK.includes(status)).map(({ id }) => id));
  const keyOf = (line: { orderId: string; productId: string }) => `order ${line.orderId}, ${line.productId}`;
  const ordered = sumBy(
    lines.filter(({ orderId }) => keeping.has(orderId)),
    keyOf,
    ({ quantity }) => quantity,
  );
  const kept = sumBy(
    holdLines.filter(({ orderId }) => holding.has(orderId)),
    keyOf,
    ({ quantity }) => quantity,
  );
  for (const key of new Set([...ordered.keys(), ...kept.keys()]))
    if (ordered.get(key) !== kept.get(key))
      add(`${key}: ${ordered.get(key) ?? 0} ordered, ${kept.get(key) ?? 0} held`);
  return findings;
}

/** I7: there are as many tickets as were paid for, each has a code of its own, and none is valid for another person. */
export function judgeTickets({ snapshot }: Evidence): Finding[] {
  const findings: Finding[] = [];
  const add = (what: string) => findings.push({ invariant: 'I7', what });
  const { tickets, orders, lines } = snapshot;
  for (const [code, count] of countBy(tickets, ticket => ticket.code))
    if (count > 1) add(`code ${code} is on ${count} tickets`);
  const good = countBy(
    tickets.filter(({ status }) => status !== 'REVOKED'),
    ({ orderId, productId }) => `order ${orderId}, product ${productId}`,
  );
  const statusOf = new Map(orders.map(({ id, status }) => [id, status]));
  const paid = sumBy(
    lines.filter(({ orderId, kind }) => kind === 'ADMISSION' && statusOf.get(orderId) === 'COMPLETED'),
    ({ orderId, productId }) => `order ${orderId}, product ${productId}`,
    ({ quantity }) => quantity,
  );
  for (const key of new Set([...good.keys(), ...paid.keys()]))
    if (good.get(key) !== paid.get(key))
      add(
        `${key}: ${paid.get(key) ?? 0} admissions of a completed order, ${good.get(key) ?? 0} good tickets`,
      );
  return findings;
}

/** I8: one accepted entry per ticket; a repeated attempt gets the same answer and adds no scan. */
export function judgeDoors({ snapshot, doors }: Evidence): Finding[] {
  const findings: Finding[] = [];
  const add = (what: string) => findings.push({ invariant: 'I8', what });
  for (const { ticketId, scans } of doors) {
    const accepted = new Set(scans.filter(({ result }) => result === 'ACCEPTED').map(({ scanId }) => scanId));
    if (accepted.size !== 1) add(`ticket ${ticketId} was let in ${accepted.size} times`);
    for (const [nonce, answers] of Map.groupBy(scans, scan => scan.nonce))
      if (new Set(answers.map(({ scanId, result }) => `${scanId} ${result}`)).size > 1)
        add(`attempt ${nonce} for ticket ${ticketId} was answered in two ways`);
  }
  const entered = snapshot.scans.filter(({ result }) => result === 'ACCEPTED');
  for (const [ticketId, count] of countBy(entered, scan => `${scan.ticketId}`))
    if (count > 1) add(`${count} accepted entries of ticket ${ticketId} are recorded`);
  for (const [nonce, count] of countBy(snapshot.scans, scan => scan.nonce))
    if (count > 1) add(`attempt ${nonce} is recorded ${count} times`);
  return findings;
}
