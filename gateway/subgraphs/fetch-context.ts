import type { GatewayContext } from '../context.ts';
import type { HttpAnswer } from './post.ts';

/**
 * What all fetches of one execution have in common. Only the subgraph clients look inside, and keep in it what one
 * fetch leaves to the next. A live operation has one for each event.
 */
export interface FetchContext {
  readonly operation: GatewayContext;
  /** Until when subgraphs may answer, in milliseconds since 1970; set by the first fetch. */
  deadline: number | undefined;
  /** Fetches under way by subgraph and body: equal ones are sent once. */
  readonly inFlight: Map<string, Map<string, Promise<HttpAnswer>>>;
  /** Headers of all fetches, with the credentials that they were made for. */
  headers: { credentials: readonly string[]; headers: string[] } | undefined;
}

/** Begins an execution of the operation: its deadline starts with the first fetch. */
export const createFetchContext = (operation: GatewayContext): FetchContext => ({
  operation,
  deadline: undefined,
  inFlight: new Map(),
  headers: undefined,
});
