import { GraphQLError, type GraphQLFormattedError } from 'graphql';
import { maskError } from '#shared/errors.ts';
import type { Log } from '#shared/log.ts';

/** Makes an error fit for the client; the log keeps what is left out, under the correlation id. */
export type Mask = (
  formatted: GraphQLFormattedError,
  error: unknown,
  correlationId: string,
) => GraphQLFormattedError;

export function createMask(log: Log): Mask {
  return (formatted, error, correlationId) => {
    const masked = maskError(formatted, error, log, correlationId);
    // @apollo/gateway adds which subgraph an error came from: how the graph is cut is not for clients.
    if (masked.extensions) delete (masked.extensions as Record<string, unknown>).serviceName;
    return masked;
  };
}

/** An error as data, whatever was thrown. */
export function toFormatted(error: unknown): GraphQLFormattedError {
  if (error instanceof GraphQLError) return error.toJSON();
  return { message: error instanceof Error ? error.message : String(error) };
}
