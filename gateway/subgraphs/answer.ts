import type { GraphQLFormattedError } from 'graphql';

/** What a subgraph answers, over HTTP or as a live event. */
export interface SubgraphAnswer {
  data?: Record<string, unknown> | null;
  errors?: readonly GraphQLFormattedError[];
  /** The subgraph gave no usable answer; the error is our own. */
  unanswered?: true;
}

/**
 * Reads the body of an HTTP answer.
 * @throws Error when it is not one of GraphQL.
 */
export function readAnswer(status: number, text: string): SubgraphAnswer {
  const answer = parseJson(text);
  if (answer?.data === undefined && !Array.isArray(answer?.errors)) {
    throw new Error(`Status ${status} without a GraphQL answer`);
  }
  return answer!;
}

function parseJson(text: string): SubgraphAnswer | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return value !== null && typeof value === 'object' ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Codes that a subgraph means for the client. Any other, e.g. a refused fetch, is a fault between us and it. */
const CLIENT_CODES = new Set<unknown>([
  'UNAUTHENTICATED',
  'FORBIDDEN',
  'NOT_FOUND',
  'BAD_USER_INPUT',
  'RATE_LIMITED',
  'UNAVAILABLE',
]);

export const isForClient = (error: GraphQLFormattedError) => CLIENT_CODES.has(error.extensions?.code);

/** The answer with errors that are not the client's business coded so that they are masked further on. */
export function sanitize(answer: SubgraphAnswer): SubgraphAnswer {
  if (!answer.errors?.length) return { data: answer.data };
  return {
    data: answer.data,
    errors: answer.errors.map(error =>
      isForClient(error) ? error : { ...error, extensions: { code: 'INTERNAL_SERVER_ERROR' } },
    ),
  };
}
