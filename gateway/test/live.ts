import type { FormattedExecutionResult } from 'graphql';
import type { Client } from 'graphql-ws';
import { until } from './stack.ts';

/** What a live operation has told so far. */
export interface Live {
  results: FormattedExecutionResult[];
  errors: unknown;
  completed: boolean;
  stop(): void;
}

/** Subscribes and keeps what is told. Clients of graphql-ws and of graphql-sse will do. */
export function follow(
  client: Pick<Client, 'subscribe'>,
  query: string,
  variables: Record<string, unknown> = {},
): Live {
  const live: Live = { results: [], errors: undefined, completed: false, stop: () => {} };
  live.stop = client.subscribe(
    { query, variables },
    {
      next: result => live.results.push(result as FormattedExecutionResult),
      error: errors => {
        live.errors = errors;
      },
      complete: () => {
        live.completed = true;
      },
    },
  );
  return live;
}

export const told = (live: Live, count: number) =>
  until(`${count} results`, () => live.results.length >= count);
