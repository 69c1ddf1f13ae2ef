/** What clients were told: every answer that the system must stand by afterwards. */
import type { Kind } from '../plans.ts';

export interface Told {
  /** E.g. `3`, or `3b` for the second of two orders placed at once. */
  purchase: string;
  kind: Kind;
  email: string;
  userId: string;
  lines: { productId: string; quantity: number }[];
  /** Ids that the idempotency key was answered with, without repetitions: there should be one. */
  orderIds: string[];
  /** The member of the result union that refused the order, if one did. */
  refusal: string | null;
  /** Statuses of the order as they came live, without repetitions, at milliseconds since 1970. */
  seen: { status: string; at: number }[];
  /** The newest end of the hold that was told. */
  holdEndsAt: number | null;
  /** The newest status told of each payment. */
  payments: Record<string, string>;
  /** When a payment was first told to have succeeded, and until when the stock was held by then. */
  succeeded: { paymentId: string; at: number; holdEndsAt: number | null } | null;
  cancelAsked: boolean;
  /** True once an answer said CANCELED. */
  canceled: boolean;
  /** Codes of tickets by id. */
  tickets: Record<string, string>;
  invoiceNumber: string | null;
  /** SHA-256 of the invoice's PDF as it was downloaded first. */
  invoiceHash: string | null;
  /** Why the buyer gave up, if so. */
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

/** What the API answered beside results: a client may meet UNAVAILABLE during a fault, and nothing worse. */
export interface Journal {
  answers: number;
  /** Cut, timed out, or not readable. */
  lost: number;
  /** Errors by code. */
  codes: Record<string, number>;
  /** Errors that no fault excuses. */
  unexpected: { at: number; operation: string; code: string; message: string }[];
}

export const newJournal = (): Journal => ({ answers: 0, lost: 0, codes: {}, unexpected: [] });

/** What a client of a well-kept system may be told while a part of it is away. */
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

/** An order as the live operation and the query tell it. */
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

/** Remembers what news promise. `live` news also tell the order of statuses. */
export function remember(told: Told, news: News, { live }: { live: boolean }): void {
  const at = Date.now();
  if (live && told.seen.at(-1)?.status !== news.status) told.seen.push({ status: news.status, at });
  if (news.expiresAt) told.holdEndsAt = Date.parse(news.expiresAt);
  // A part that is away is null.
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
