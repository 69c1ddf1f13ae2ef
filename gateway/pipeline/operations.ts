import type { FormattedExecutionResult, GraphQLFormattedError } from 'graphql';
import type { GatewayContext } from '../context.ts';
import type { Operation } from '../execution/supergraph.ts';
import type { Apollo } from './admission.ts';

export interface OperationRequest {
  query?: string;
  /** Names a trusted document. */
  documentId?: string;
  operationName?: string;
  variables?: Record<string, unknown>;
  extensions?: Record<string, unknown>;
}

export type Begun =
  /** With the status of an HTTP answer that says so. */
  | { refused: readonly GraphQLFormattedError[]; status: number }
  /** Without a result when the operation is a live one: to be joined. */
  | { refused?: undefined; operation: Operation; result?: FormattedExecutionResult };

/**
 * Takes an operation that did not come as a plain HTTP request through the pipeline that all share: refused, answered
 * or, when it is a subscription, found fit to be joined. `readOnly` refuses mutations with 405.
 */
export async function beginOperation(
  apollo: Apollo,
  request: OperationRequest,
  context: GatewayContext,
  options: { readOnly?: boolean } = {},
): Promise<Begun> {
  const socket: NonNullable<GatewayContext['socket']> = { ...options };
  const response = await apollo.executeOperation(request, {
    contextValue: { ...context, socket, place: {} },
  });
  if (response.body.kind !== 'single') throw new Error('Incremental delivery is not offered.');
  const result = response.body.singleResult as FormattedExecutionResult;
  const { document, queryHash, live } = socket;
  if (!document) return { refused: result.errors ?? [], status: response.http.status ?? 400 };
  const { operationName, variables } = request;
  const operation = { document, queryHash: queryHash!, operationName, variables };
  return live ? { operation } : { operation, result };
}
