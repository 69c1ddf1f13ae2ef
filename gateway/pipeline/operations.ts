import type { FormattedExecutionResult, GraphQLFormattedError } from 'graphql';
import type { Operation } from '../execution/supergraph.ts';

/** An operation as a client sends it. */
export interface OperationRequest {
  query?: string;
  /** Names a trusted document. */
  documentId?: string;
  operationName?: string;
  variables?: Record<string, unknown>;
  extensions?: Record<string, unknown>;
}

/** What the pipeline makes of an operation that came over a WebSocket or as an event stream. */
export type Begun =
  /** With the status of an HTTP answer that says so. */
  | { refused: readonly GraphQLFormattedError[]; status: number }
  /** Without a result when the operation is a live one: to be joined. */
  | { refused?: undefined; operation: Operation; result?: FormattedExecutionResult };

/** Whether a member of a request is of the type, or left out. A list is no object. */
export const isOptional = (type: 'string' | 'object', value: unknown) =>
  value === undefined || value === null || (typeof value === type && !Array.isArray(value));
