import { randomUUID } from 'node:crypto';
import type { DocumentNode, ExecutionResult } from 'graphql';
import type { Departure } from './http/client-signal.ts';
import type { Identity } from './identity/viewer.ts';
import type { Place } from './pipeline/limits/concurrency-limit.ts';
import type { HttpAnswer } from './subgraphs/post.ts';

/** What travels with each operation through the gateway. */
export interface GatewayContext {
  identity: Identity;
  correlationId: string;
  /** The client's network address, for rate limits. */
  address?: string;
  /** Tells when the client leaves; fetches of queries are given up then. */
  departure?: Departure;
  /** Set for operations that came over a WebSocket or an event stream, which may be live: what the pipeline found. */
  socket?: { readOnly?: boolean; document?: DocumentNode; queryHash?: string; live?: boolean };
  /** Its place among the operations that are executed. The pipeline copies the context, and keeps this object. */
  place?: Place;
  /** The operation has been counted for the rate limit. */
  counted?: boolean;
  /** What came of the operation's execution, when that was before the pipeline (fast-lane.ts). */
  executed?: Promise<ExecutionResult>;
  /** The operation is to be planned, not executed. */
  rehearsal?: boolean;
  /** Until when subgraphs may answer, in milliseconds since 1970; set with the first fetch of the operation. */
  deadline?: number;
  /** Fetches under way, by subgraph and body: equal ones are sent once. Kept by the data sources. */
  inFlight?: Map<string, Map<string, Promise<HttpAnswer>>>;
  /** Headers of all fetches of this operation, with the credentials that they were made for. */
  fetchHeaders?: { credentials: readonly string[]; headers: string[] };
}

/** The correlation id that came with a request, when it is harmless in headers and logs; otherwise a new one. */
export function correlationIdFrom(given: unknown): string {
  return typeof given === 'string' && /^[A-Za-z0-9._-]{1,128}$/.test(given) ? given : randomUUID();
}
