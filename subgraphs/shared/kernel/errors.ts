import { GraphQLError, type GraphQLFormattedError } from 'graphql';
import type { z } from 'zod';
import { currentCorrelation } from './correlation.ts';
import { isDatabaseUnavailable } from './database-errors.ts';
import type { Log } from './log.ts';

/** Codes a client may branch on; everything else is masked. */
export type ErrorCode =
  | 'UNAUTHENTICATED'
  | 'FORBIDDEN'
  | 'NOT_FOUND'
  | 'BAD_USER_INPUT'
  | 'RATE_LIMITED'
  | 'UNAVAILABLE'
  | 'INTERNAL_SERVER_ERROR';

/** A failure whose message and code are meant for the client. */
export class CodedError extends GraphQLError {
  constructor(code: ErrorCode, message: string, extensions: Record<string, unknown> = {}) {
    super(message, { extensions: { ...extensions, code } });
    this.name = 'CodedError';
  }
}

export const unauthenticated = (message = 'Sign in first: this needs a valid access token.') =>
  new CodedError('UNAUTHENTICATED', message);
export const forbidden = (message = 'You do not have the right to do this.') =>
  new CodedError('FORBIDDEN', message);
/** Also for what exists but is not the viewer's to see: the two must look the same (A20). */
export const notFound = (what: string) => new CodedError('NOT_FOUND', `${what} not found.`);
export const badInput = (message: string) => new CodedError('BAD_USER_INPUT', message);
export const rateLimited = (retryAfterSeconds: number) =>
  new CodedError('RATE_LIMITED', `Too many attempts. Try again in ${retryAfterSeconds} s.`, {
    retryAfter: retryAfterSeconds,
  });
/** Seconds until a client may expect to find a part that was away: most faults are over by then. */
export const RETRY_AFTER_SECONDS = 2;
/** `retryAfterSeconds`: when to try again, where more is known of it. */
export const unavailable = (message: string, retryAfterSeconds = RETRY_AFTER_SECONDS) =>
  new CodedError('UNAVAILABLE', message, { retryAfter: retryAfterSeconds });

/** A member of a result union that says which fields are wrong. */
export interface InvalidInput {
  __typename: 'InvalidInput';
  message: string;
  issues: { path: string; message: string }[];
}

export function invalidInput(...issues: { path: string; message: string }[]): InvalidInput {
  return {
    __typename: 'InvalidInput',
    message: issues.map(i => `${i.path}: ${i.message}`).join('; '),
    issues,
  };
}

/** Parses an input with zod: the value, or the InvalidInput that says what is wrong with it. */
export function parseInput<T extends z.ZodType>(
  schema: T,
  input: unknown,
): { ok: true; value: z.output<T> } | { ok: false; error: InvalidInput } {
  const parsed = schema.safeParse(input);
  if (parsed.success) return { ok: true, value: parsed.data };
  const issues = parsed.error.issues.map(issue => ({ path: issue.path.join('.'), message: issue.message }));
  return { ok: false, error: invalidInput(...issues) };
}

const PUBLIC_CODES = new Set<unknown>([
  'UNAUTHENTICATED',
  'FORBIDDEN',
  'NOT_FOUND',
  'BAD_USER_INPUT',
  'RATE_LIMITED',
  'UNAVAILABLE',
  'GRAPHQL_PARSE_FAILED',
  'GRAPHQL_VALIDATION_FAILED',
  'OPERATION_RESOLUTION_FAILURE',
  'PERSISTED_QUERY_NOT_FOUND',
  'PERSISTED_QUERY_NOT_SUPPORTED',
  'BAD_REQUEST',
]);

/**
 * Masks what the client must not see (A15): SQL text, stacks, URLs. The log keeps the whole under the correlation id.
 *
 * A database that is away is UNAVAILABLE with `retryAfter` in seconds, whatever was asked of it.
 */
export function maskError(
  formatted: GraphQLFormattedError,
  error: unknown,
  log: Log,
  correlationId = currentCorrelation(),
): GraphQLFormattedError {
  if (PUBLIC_CODES.has(formatted.extensions?.code)) return formatted;
  // A coercion error of graphql-js has no code: its message is about the client's own input.
  if (error instanceof GraphQLError && !error.originalError && !error.extensions.code) {
    return { ...formatted, extensions: { ...formatted.extensions, code: 'BAD_USER_INPUT' } };
  }
  const err = error instanceof GraphQLError ? (error.originalError ?? error) : error;
  if (isDatabaseUnavailable(err)) {
    log.warn({ err, correlationId }, 'the database is unavailable');
    return {
      message: 'This part of the system does not answer at the moment. Try again shortly.',
      ...(formatted.path && { path: formatted.path }),
      extensions: { code: 'UNAVAILABLE', retryAfter: RETRY_AFTER_SECONDS, correlationId },
    };
  }
  log.error({ err, correlationId }, 'masked error');
  return {
    message: 'Something went wrong on our side. Quote the correlation id when you report it.',
    ...(formatted.path && { path: formatted.path }),
    extensions: { code: 'INTERNAL_SERVER_ERROR', correlationId },
  };
}
