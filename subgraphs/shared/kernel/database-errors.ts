/** Tells a database that does not answer at the moment from a request that is wrong. */

/** The code of `DatabaseUnavailable`; MikroORM's exceptions keep the code of what they wrap. */
const UNREACHABLE = 'DATABASE_UNREACHABLE';

/** There was no free connection, or it broke without an error from PostgreSQL. The cause says how. */
export class DatabaseUnavailable extends Error {
  readonly code = UNREACHABLE;

  constructor(cause: unknown) {
    super(`The database does not answer: ${cause instanceof Error ? cause.message : cause}`, { cause });
    this.name = 'DatabaseUnavailable';
  }
}

/** PostgreSQL's own errors tell their severity. There may be several copies of the driver, and so of its classes. */
const isFromPostgres = (error: unknown): error is Error & { code: string } =>
  error instanceof Error && 'severity' in error && 'code' in error;

/** The driver's error with a code that can be told: what PostgreSQL itself did not send is a broken connection. */
export function explainFailure(error: unknown): Error {
  return isFromPostgres(error) || error instanceof DatabaseUnavailable
    ? error
    : new DatabaseUnavailable(error);
}

/** Error codes (PostgreSQL's manual, appendix A) that end the session: the connection cannot be used again. */
const SESSION_ENDS = /^(08...|57P0[1-5]|25P0[34])$/;

/** True when the connection cannot be used again after a statement's failure. */
export function endsSession(error: Error): boolean {
  return !isFromPostgres(error) || SESSION_ENDS.test(error.code);
}

/**
 * Error codes after which the same request may succeed a moment later: the session was ended, PostgreSQL lacks a
 * resource (53, such as connections), or a deadlock, a serialization failure or a lock's time-out ended the transaction.
 */
const PASSES = /^(53...|40001|40P01|55P03)$/;

/** True when nothing is wrong with the request, and the database may answer it a moment later. */
export function isDatabaseUnavailable(error: unknown): boolean {
  for (let each = error; each instanceof Error; each = origin(each)) {
    const { code } = each as { code?: unknown };
    if (typeof code === 'string' && (code === UNREACHABLE || SESSION_ENDS.test(code) || PASSES.test(code))) {
      return true;
    }
    if (each instanceof AggregateError) return each.errors.some(isDatabaseUnavailable);
  }
  return false;
}

/** True when no connection was to be had, or it broke: whatever is asked next will most likely fail, too. */
export function isDatabaseUnreachable(error: unknown): boolean {
  for (let each = error; each instanceof Error; each = origin(each)) {
    if ((each as { code?: unknown }).code === UNREACHABLE) return true;
  }
  return false;
}

/** What an error wraps: GraphQL's execution has a name of its own for it. */
const origin = (error: Error): unknown => error.cause ?? (error as { originalError?: unknown }).originalError;
