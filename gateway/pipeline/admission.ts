import {
  type ApolloServer,
  type GraphQLRequest,
  type GraphQLResponse,
  HeaderMap,
  type HTTPGraphQLRequest,
} from '@apollo/server';
import { GraphQLError } from 'graphql';
import type { GatewayContext } from '../context.ts';
import type { NamedOperation, TrustedDocuments } from './documents/trusted-documents.ts';
import type { ConcurrencyLimit } from './limits/concurrency-limit.ts';
import type { RateLimits } from './limits/rate-limits.ts';

/** What the gateway uses of ApolloServer. */
export type Apollo = Pick<
  ApolloServer<GatewayContext>,
  'start' | 'stop' | 'executeHTTPGraphQLRequest' | 'executeOperation'
>;

/**
 * ApolloServer behind a door: each operation is counted before anything is spent on it, and trusted documents take the
 * place of their names. What took a place of `limit` on its way through the pipeline leaves it here.
 */
export function putBehindDoor(
  apollo: ApolloServer<GatewayContext>,
  rateLimits: RateLimits,
  trusted: TrustedDocuments,
  limit: ConcurrencyLimit | undefined,
): Apollo {
  return {
    start: () => apollo.start(),
    stop: () => apollo.stop(),
    executeHTTPGraphQLRequest({ httpGraphQLRequest, context }) {
      return apollo.executeHTTPGraphQLRequest({
        httpGraphQLRequest,
        // Called once the request is known not to be forged, and before its operation is looked at.
        context: async () => {
          const entering = await context();
          if (!entering.counted) await rateLimits.countOperation(entering);
          putTextInPlace(httpGraphQLRequest, trusted);
          return entering;
        },
      });
    },
    executeOperation: async (request: GraphQLRequest, options: { contextValue: GatewayContext }) => {
      try {
        await rateLimits.countOperation(options.contextValue);
        const query = trusted.find(request);
        return await apollo.executeOperation(query === undefined ? request : named(request, query), options);
      } catch (error) {
        if (error instanceof GraphQLError) return refusal(error);
        throw error;
      } finally {
        const { place } = options.contextValue;
        if (place) limit?.leave(place);
      }
    },
  } as Apollo;
}

/** The operation with its text, and without the name that it came by. */
function named({ documentId: _, extensions: __, ...rest }: NamedOperation, query: string) {
  return { ...rest, query };
}

function putTextInPlace(request: HTTPGraphQLRequest, trusted: TrustedDocuments) {
  if (request.method === 'POST') {
    const body = (request.body ?? {}) as NamedOperation;
    const query = trusted.find(body);
    if (query !== undefined) request.body = named(body, query);
    return;
  }
  const params = new URLSearchParams(request.search);
  const query = trusted.find({
    query: params.get('query') ?? undefined,
    documentId: params.get('documentId') ?? undefined,
    extensions: parseJson(params.get('extensions')),
  });
  if (query === undefined) return;
  params.delete('documentId');
  params.delete('extensions');
  params.set('query', query);
  request.search = `?${params}`;
}

/** What is wrong with it, the pipeline will say. */
function parseJson(text: string | null): unknown {
  try {
    return text ? JSON.parse(text) : undefined;
  } catch {
    return undefined;
  }
}

function refusal(error: GraphQLError): GraphQLResponse {
  const { http, ...extensions } = error.extensions;
  const { status, headers } = (http ?? {}) as { status?: number; headers?: HeaderMap };
  return {
    http: { status: status ?? 400, headers: headers ?? new HeaderMap() },
    body: { kind: 'single', singleResult: { errors: [{ ...error.toJSON(), extensions }] } },
  };
}
