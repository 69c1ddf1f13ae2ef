import type { DocumentNode } from 'graphql';
import { v7 as uuid } from 'uuid';
import type { Identity } from './viewer.ts';

/** What travels with each operation through the gateway. */
export interface GatewayContext {
  identity: Identity;
  correlationId: string;
  /** Set for operations that came over a WebSocket: what became of the text, and leave to subscribe. */
  socket?: { document?: DocumentNode; queryHash?: string };
}

/** The correlation id that came with a request, when it is harmless in headers and logs; otherwise a new one. */
export function correlationIdFrom(given: unknown): string {
  return typeof given === 'string' && /^[A-Za-z0-9._-]{1,128}$/.test(given) ? given : uuid();
}
