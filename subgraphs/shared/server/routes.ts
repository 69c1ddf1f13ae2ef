/** The few plain HTTP routes of a subgraph: webhooks, files, keys. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Context } from '../context.ts';
import { withCorrelation } from '../kernel/correlation.ts';
import { answerJson } from '../kernel/http.ts';
import type { Viewer } from '../kernel/passport.ts';
import { correlationOf, urlOf } from './request.ts';

/** The context is signed in as nobody. */
export type Route<S> = (
  ctx: Context<S>,
  req: IncomingMessage,
  res: ServerResponse,
  url: URL,
) => Promise<void>;

/** By `METHOD /path`; a path that ends in `/` also matches what is below it. */
export type Routes<S> = Record<string, Route<S>>;

/** What answers a request by its route, or with 404 when there is none. */
export function createRouter<S>(
  routes: Routes<S>,
  context: (viewer: Viewer | null, correlationId: string) => Context<S>,
) {
  return async function respond(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const url = urlOf(req);
    const route = findRoute(routes, req.method ?? 'GET', url.pathname);
    if (!route) return answerJson(res, 404, { error: 'Not found.' });
    const correlationId = correlationOf(req);
    await withCorrelation(correlationId, () => route(context(null, correlationId), req, res, url));
  };
}

function findRoute<S>(routes: Routes<S>, method: string, path: string): Route<S> | undefined {
  const exact = routes[`${method} ${path}`];
  if (exact) return exact;
  const parent = Object.keys(routes).find(key => key.endsWith('/') && `${method} ${path}`.startsWith(key));
  return parent ? routes[parent] : undefined;
}
