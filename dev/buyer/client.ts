/** A client of the public API, as a front end would write it: used by the demo, the end-to-end tests and the bench. */
import { createClient } from 'graphql-ws';
import { WebSocket } from 'ws';

export interface Answer {
  /** Of the HTTP answer; live results have none. */
  status?: number;
  // biome-ignore lint/suspicious/noExplicitAny: answers have the shape of the query that the caller wrote
  data: any;
  errors?: { message: string; path?: (string | number)[]; extensions: { code: string } }[];
}

export interface ApiClient {
  readonly url: string;
  readonly token: string | undefined;
  /** The same API, signed in with another token. */
  withToken(token: string | undefined): ApiClient;
  ask(query: string, variables?: Record<string, unknown>): Promise<Answer>;
  /** As `ask`. @throws Error when the answer has errors. */
  // biome-ignore lint/suspicious/noExplicitAny: as above
  get(query: string, variables?: Record<string, unknown>): Promise<any>;
  subscribe(query: string, variables?: Record<string, unknown>): LiveResults;
}

export interface LiveResults extends AsyncIterableIterator<Answer> {
  /** Ends the subscription and its socket. */
  close(): Promise<void>;
}

/** `url`: the gateway's `/graphql` address. */
export function createApiClient(url: string, token?: string): ApiClient {
  const authorization: Record<string, string> = token ? { authorization: `Bearer ${token}` } : {};

  async function ask(query: string, variables: Record<string, unknown> = {}): Promise<Answer> {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...authorization },
      body: JSON.stringify({ query, variables }),
    });
    return { ...((await response.json()) as Answer), status: response.status };
  }

  return {
    url,
    token,
    withToken: other => createApiClient(url, other),
    ask,
    get: withoutErrors(ask),
    subscribe(query, variables = {}) {
      const client = createClient({
        url: url.replace('http', 'ws'),
        webSocketImpl: WebSocket,
        connectionParams: authorization,
        retryAttempts: 0,
      });
      const results = client.iterate({ query, variables }) as unknown as LiveResults;
      results.close = async () => {
        await results.return?.();
        await client.dispose();
      };
      return results;
    },
  };
}

/** Makes `get` out of `ask`. */
export function withoutErrors(ask: ApiClient['ask']): ApiClient['get'] {
  return async (query, variables) => {
    const { data, errors } = await ask(query, variables);
    if (errors)
      throw new Error(errors.map(({ message, extensions }) => `${extensions?.code}: ${message}`).join('; '));
    return data;
  };
}
