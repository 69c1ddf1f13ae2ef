import { GraphQLError, type GraphQLFormattedError } from 'graphql';
import { maskError } from '#shared/kernel/errors.ts';
import type { Log } from '#shared/kernel/log.ts';

/** Makes an error fit for the client; the log keeps what is left out, under the correlation id. */
export type ErrorMask = (
  formatted: GraphQLFormattedError,
  error: unknown,
  correlationId: string,
) => GraphQLFormattedError;

/** Extensions that tell how the graph is cut or what the code looks like: not for clients. */
const INTERNAL_EXTENSIONS = ['serviceName', 'stacktrace', 'exception'];

/** @param options `hideSchema` also removes graphql-js's hints at names that exist, which Apollo Server leaves in some errors. */
export function createErrorMask(log: Log, { hideSchema }: { hideSchema: boolean }): ErrorMask {
  return (formatted, error, correlationId) => {
    const masked = maskError(formatted, error, log, correlationId);
    const extensions = { ...masked.extensions };
    for (const name of INTERNAL_EXTENSIONS) delete extensions[name];
    const message = hideSchema ? masked.message.replace(/ ?Did you mean .*\?$/s, '') : masked.message;
    return { ...masked, message, extensions };
  };
}

/** An error as data, whatever was thrown. */
export function toFormatted(error: unknown): GraphQLFormattedError {
  if (error instanceof GraphQLError) return error.toJSON();
  return { message: error instanceof Error ? error.message : String(error) };
}

/**
 * The faults of a result in which a subgraph gave null, or another value than its schema promises. @apollo/gateway
 * only hints at them in an extension, which would leave the client with null and no error.
 */
export function completionErrors(extensions: Record<string, unknown> | undefined) {
  const faults = (extensions?.valueCompletion ?? []) as GraphQLError[];
  return faults.map(({ message, path }) => {
    const cause = new Error(`A subgraph's answer does not fit the schema: ${message}`);
    return new GraphQLError(cause.message, { path, originalError: cause });
  });
}
