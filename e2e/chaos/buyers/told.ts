/** What clients were told: every answer that must still be true afterwards. */
import type { Kind } from '../plans.ts';

export interface Told {
  /** E.g. `3`, or `3b` for the second of two orders placed at once. */
  purchase: string;
  kind: Kind;
  email: string;
  userId: string;
  lines: { productId: string; quantity: number }[];
  /** Ids of the orders that the idempotency key was answered with, without repetitions: there should be one. */
  orderIds: string[];
  /** The member of the result union that refused the order, if any. */
  refusal: string | null;
  /** Statuses of the order that came live, without repetitions, with their times in milliseconds since 1970. */
  seen: { status: string; at: number }[];
  /** The end of the hold that was told last. */
  holdEndsAt: number | null;
  /** The newest status of each payment that was told. */
  payments: Record<string, string>;
  /** When a payment was first told to have succeeded, and the end of the hold that was known then. */
  succeeded: { paymentId: string; at: number; holdEndsAt: number | null } | null;
  cancelAsked: boolean;
  /** True once an answer said CANCELED. */
  canceled: boolean;
  /** Codes of the tickets, by ticket id. */
  tickets: Record<string, string>;
  invoiceNumber: string | null;
  /** SHA-256 of the invoice's PDF at its first download. */
  invoiceHash: string | null;
  /** The reason why the buyer gave up, or null. */
  gaveUp: string | null;
}

export const newTold = (given: Pick<Told, 'purchase' | 'kind' | 'email' | 'userId' | 'lines'>): Told => ({
  ...given,
  orderIds: [],
  refusal: null,
  seen: [],
  holdEndsAt: null,
  payments: {},
  succeeded: null,
  cancelAsked: false,
  canceled: false,
  tickets: {},
  invoiceNumber: null,
  invoiceHash: null,
  gaveUp: null,
});

/** The errors and lost answers of the API: a client may meet UNAVAILABLE during a fault, and nothing worse. */
export interface Journal {
  answers: number;
  /** The answer was cut, timed out, or was not readable. */
  lost: number;
  /** Errors by code. */
  codes: Record<string, number>;
  /** Errors that no fault excuses. */
  unexpected: { at: number; operation: string; code: string; message: string }[];
}

export const newJournal = (): Journal => ({ answers: 0, lost: 0, codes: {}, unexpected: [] });

/** The errors that a client may get while a part of a correct system is away. */
const EXCUSED = ['UNAVAILABLE'];

export function noteErrors(
  journal: Journal,
  operation: string,
  errors: readonly { message: string; extensions?: { code?: string } | undefined }[] | undefined,
): void {
  for (const { message, extensions } of errors ?? []) {
    const code = extensions?.code ?? 'no code';
    journal.codes[code] = (journal.codes[code] ?? 0) + 1;
    if (!EXCUSED.includes(code)) journal.unexpected.push({ at: Date.now(), operation, code, message });
  }
}

/** An order in the form in which the live operation and the query return it. */
export interface News {
  id: string;
  status: string;
  expiresAt: string | null;
  payments: { id: string; status: string; clientSecret: string | null; nextActionUrl: string | null }[];
  invoice: { number: string | null; status: string; pdfUrl: string | null } | null;
  tickets: { id: string; code: string; qrCode: string; status: string }[];
}

export const NEWS = `id status expiresAt payments { id status clientSecret nextActionUrl }
  invoice { number status pdfUrl } tickets { id code qrCode status }`;

/** Remembers the promises that an update contains. With `live`, also the order of the statuses. */
export function remember(told: Told, news: News, { live }: { live: boolean }): void {
  const at = Date.now();
  if (live && told.seen.at(-1)?.status !== news.status) told.seen.push({ status: news.status, at });
  if (news.expiresAt) told.holdEndsAt = Date.parse(news.expiresAt);
  // A field is null while its subgraph is away.
  for (const { id, status } of news.payments ?? []) rememberPayment(told, id, status);
  for (const { id, code } of news.tickets ?? []) told.tickets[id] = code;
  if (news.invoice?.number) told.invoiceNumber = news.invoice.number;
}

export function rememberPayment(told: Told, paymentId: string, status: string): void {
  told.payments[paymentId] = status;
  if (status === 'SUCCEEDED') told.succeeded ??= { paymentId, at: Date.now(), holdEndsAt: told.holdEndsAt };
}

export const isOver = (status: string | undefined): boolean =>
  status === 'COMPLETED' || status === 'FAILED' || status === 'CANCELED';
