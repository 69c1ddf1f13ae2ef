import { randomUUID } from 'node:crypto';
import type { ClientSignal } from './http/client-signal.ts';
import type { Identity } from './identity/viewer.ts';
import type { Permit } from './pipeline/limits/concurrency-limit.ts';

/**
 * Who asks, and for whom the answer is: made once for each operation and never changed.
 *
 * What the parts of the gateway find out about an operation is not kept here. They return it.
 */
export interface GatewayContext {
  readonly identity: Identity;
  readonly correlationId: string;
  /** The client's network address, for rate limits. */
  readonly address?: string;
  /** Tells when the client leaves; fetches of queries are given up then. */
  readonly signal?: ClientSignal;
  /** The operation's permit to be executed, which learns whether a subgraph did not answer in time. */
  readonly permit?: Permit;
}

/** The correlation id that came with a request, when it is harmless in headers and logs; otherwise a new one. */
export function correlationIdFrom(given: unknown): string {
  return typeof given === 'string' && /^[A-Za-z0-9._-]{1,128}$/.test(given) ? given : randomUUID();
}
