/** The evidence that a run leaves, and the form of a judgement. All of it is plain data. */

import type { Journal, Told } from '../buyers/told.ts';
import type { Rest } from '../rest.ts';
import type { Snapshot } from '../snapshot.ts';

export interface Finding {
  /** The promise that is broken (docs: I1 to I13), or another problem. */
  invariant: string;
  /** The description, with ids. */
  what: string;
}

/** The extremes of the taken and held quantities of a quota that were observed during the run. */
export interface Peak {
  quotaId: string;
  capacity: number;
  mostTaken: number;
  leastTaken: number;
  mostHeld: number;
}

/** One ticket scanned several times at once: the same attempt twice, and a different one. */
export interface DoorTest {
  ticketId: string;
  scans: { nonce: string; scanId: string; result: string }[];
}

/** An invoice's document, downloaded before and after the faults; null when it was not available. */
export interface DocumentTest {
  orderId: string;
  number: string;
  first: string | null;
  last: string | null;
}

/** How many database connections a process uses at once when more are requested than it has. */
export interface Pool {
  process: string;
  before: number;
  after: number;
}

export interface Evidence {
  snapshot: Snapshot;
  told: Told[];
  journal: Journal;
  peaks: Peak[];
  rest: Rest;
  doors: DoorTest[];
  documents: DocumentTest[];
  pools: Pool[];
  crashes: string[];
  /** Times at which a connection to the mail server, or a process that used one, was cut off. */
  mailCuts: number[];
}

export const countBy = <T>(items: readonly T[], keyOf: (item: T) => string): Map<string, number> => {
  const counts = new Map<string, number>();
  for (const item of items) counts.set(keyOf(item), (counts.get(keyOf(item)) ?? 0) + 1);
  return counts;
};

export const sumBy = <T>(
  items: readonly T[],
  keyOf: (item: T) => string,
  amountOf: (item: T) => number,
): Map<string, number> => {
  const sums = new Map<string, number>();
  for (const item of items) sums.set(keyOf(item), (sums.get(keyOf(item)) ?? 0) + amountOf(item));
  return sums;
};

/** Statuses in which an order has what it asked for, or may still get it. */
export const KEEPS_STOCK = ['RESERVED', 'PAID', 'SHIPPING_SCHEDULED', 'COMPLETED'];
