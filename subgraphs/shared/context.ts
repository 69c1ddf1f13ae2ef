import type { EntityManager } from '@mikro-orm/postgresql';
import { forbidden, unauthenticated } from './kernel/errors.ts';
import type { Log } from './kernel/log.ts';
import type { Role, Viewer } from './kernel/passport.ts';
import type { Live } from './messaging/live.ts';

/** What every resolver, message handler, job and domain function gets. */
export interface Context<S = unknown> {
  /** This request's unit of work; in a message handler, its transaction. See inTransaction (database.ts). */
  em: EntityManager;
  /** Null when signed out. */
  viewer: Viewer | null;
  correlationId: string;
  /** Until when somebody waits for the answer, in milliseconds since 1970; messages and jobs have none. */
  deadline?: number | undefined;
  log: Log;
  live: Live;
  /** What the subgraph itself needs: its settings, its provider clients. */
  services: S;
  /** One value per request for each key, made on first use: DataLoaders live here (see batch.ts). */
  cache: Map<unknown, unknown>;
  /** Of a message or job: aborted when its handler is overdue and the message or job has been given to others. */
  signal?: AbortSignal;
}

/** The viewer, or UNAUTHENTICATED. */
export function requireViewer({ viewer }: Pick<Context, 'viewer'>): Viewer {
  if (!viewer) throw unauthenticated();
  return viewer;
}

/** The viewer with one of these roles (an administrator has every right), or UNAUTHENTICATED / FORBIDDEN. */
export function requireRole(ctx: Pick<Context, 'viewer'>, ...roles: Role[]): Viewer {
  const viewer = requireViewer(ctx);
  if (viewer.role !== 'ADMIN' && !roles.includes(viewer.role)) throw forbidden();
  return viewer;
}

/** True for oneself and for administrators. */
export function mayActFor(viewer: Viewer | null, userId: string): boolean {
  return viewer !== null && (viewer.role === 'ADMIN' || viewer.id === userId);
}
