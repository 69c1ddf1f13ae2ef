import type { GraphQLDataSource } from '@apollo/gateway';
import type { GraphQLFormattedError } from 'graphql';
import { Pool } from 'undici';
import type { Log } from '#shared/log.ts';
import { CORRELATION_HEADER, PASSPORT_HEADER } from '#shared/passport.ts';
import type { GatewayContext } from './context.ts';
import { post } from './post.ts';

type ProcessOptions = Parameters<GraphQLDataSource['process']>[0];
type SubgraphResponse = Awaited<ReturnType<GraphQLDataSource['process']>>;

/** What a subgraph answers, over HTTP or as a live event. */
export interface SubgraphAnswer {
  data?: Record<string, unknown> | null;
  errors?: readonly GraphQLFormattedError[];
}

/**
 * Sends fetches of a query plan to one subgraph.
 *
 * Of the client's request only the passport and the correlation id go on: whatever identity headers the client
 * sets end here (A19). A subgraph that cannot be reached, is too slow or does not speak GraphQL becomes a coded
 * error without its address, body or stack (A15, F7).
 */
export class SubgraphDataSource implements GraphQLDataSource {
  readonly name: string;
  readonly url: string;
  #pool: Pool;
  #path: string;
  #timeout: number;
  #log: Log;

  /** `url` is the subgraph's base address; `timeout` counts milliseconds for a whole answer. */
  constructor(name: string, url: string, timeout: number, log: Log) {
    const { origin, pathname } = new URL(`${url}/graphql`);
    this.name = name;
    this.url = url;
    // undici gives idle connections up after 4 s, before Node's servers do after 5 s.
    this.#pool = new Pool(origin, { connections: 128, connect: { timeout } });
    this.#path = pathname;
    this.#timeout = timeout;
    this.#log = log;
  }

  async process(options: ProcessOptions): Promise<SubgraphResponse> {
    if (!('incomingRequestContext' in options)) throw new Error('Only operations are sent to subgraphs.');
    const { query, variables, operationName } = options.request;
    const { identity, correlationId } = options.context as GatewayContext;
    try {
      const headers = {
        'content-type': 'application/json',
        accept: 'application/json',
        [PASSPORT_HEADER]: await identity.passport(),
        [CORRELATION_HEADER]: correlationId,
      };
      const body = JSON.stringify({ query, variables, operationName });
      const { status, text } = await post(this.#pool, this.#path, headers, body, this.#timeout);
      return sanitize(readAnswer(status, text)) as SubgraphResponse;
    } catch (err) {
      this.#log.warn({ err, subgraph: this.name, correlationId }, 'a subgraph gave no usable answer');
      return unanswered(this.name, options.pathInIncomingRequest);
    }
  }

  /** Waits for running requests, then closes the connections. */
  close(): Promise<void> {
    return this.#pool.close();
  }
}

function readAnswer(status: number, text: string): SubgraphAnswer {
  // Our own passport was refused: that is for us to mend, and no reason to ask the client to sign in.
  if (status === 401) throw new Error('The subgraph refuses our passport: is INTERNAL_SECRET the same?');
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

function unanswered(name: string, path: readonly (string | number)[] = []): SubgraphResponse {
  const error: GraphQLFormattedError = {
    message: `${name} does not answer at the moment. Try again shortly.`,
    // The executor puts its own position in front; through a list (`@`) there is no single place to name.
    ...(path.length > 0 && !path.includes('@') && { path: [] }),
    extensions: { code: 'UNAVAILABLE' },
  };
  return { data: null, errors: [error] };
}
