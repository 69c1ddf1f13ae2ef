import type { IncomingHttpHeaders } from 'node:http';
import type { HTTPGraphQLRequest } from '@apollo/server';
import type { OperationDefinitionNode } from 'graphql';
import type { GatewayContext } from '../context.ts';
import { ANONYMOUS } from '../identity/viewer.ts';
import type { NamedOperation, TrustedDocuments } from './documents/trusted-documents.ts';
import type { Priority } from './limits/concurrency-limit.ts';

/**
 * Who goes first when not all can be served, as far as an HTTP request tells before anything is spent on it. An operation
 * that is called by its hash counts as a query.
 */
export function priorityOfRequest({ authorization }: IncomingHttpHeaders, body: unknown): Priority {
  if (authorization !== undefined) return 'signed in';
  const { query } = (body ?? {}) as { query?: unknown };
  return typeof query === 'string' && /^\s*mutation\b/.test(query) ? 'newcomer' : 'signed out';
}

/** The same for a valid operation. */
export function priorityOfOperation(
  { identity }: GatewayContext,
  { operation }: OperationDefinitionNode,
): Priority {
  if (identity.key !== ANONYMOUS) return 'signed in';
  return operation === 'mutation' ? 'newcomer' : 'signed out';
}

/** The operation with its text, and without the name that it came by. */
export function withText<T extends NamedOperation>(
  { documentId: _, extensions: __, ...rest }: T,
  query: string,
) {
  return { ...rest, query };
}

/**
 * The members of an HTTP request in which an operation has its text, whichever way it named it.
 * @throws GraphQLError when it may not be answered.
 */
export function withTextOverHttp(
  { method, body, search }: HTTPGraphQLRequest,
  trusted: TrustedDocuments,
): Pick<HTTPGraphQLRequest, 'body' | 'search'> {
  if (method === 'POST') {
    const named = (body ?? {}) as NamedOperation;
    const query = trusted.find(named);
    return { body: query === undefined ? body : withText(named, query), search };
  }
  const params = new URLSearchParams(search);
  const query = trusted.find({
    query: params.get('query') ?? undefined,
    documentId: params.get('documentId') ?? undefined,
    extensions: parseJson(params.get('extensions')),
  });
  if (query === undefined) return { body, search };
  params.delete('documentId');
  params.delete('extensions');
  params.set('query', query);
  return { body, search: `?${params}` };
}

/** Undefined for text that is not JSON, which the pipeline refuses later. */
function parseJson(text: string | null): unknown {
  try {
    return text ? JSON.parse(text) : undefined;
  } catch {
    return undefined;
  }
}
