import type { IncomingMessage, ServerResponse } from 'node:http';

/** Whether a page of the request's Origin may call; requests without one do not come from a foreign page. */
export function originMayCall(req: IncomingMessage, allowed: string[]): boolean {
  const { origin, host } = req.headers;
  if (!origin || allowed.includes('*') || allowed.includes(origin)) return true;
  try {
    return new URL(origin).host === host;
  } catch {
    return false;
  }
}

/** The CORS headers for the request's Origin, as names and values in turn. */
export function corsHeaders(req: IncomingMessage, allowed: string[]): string[] {
  const { origin } = req.headers;
  const headers = allowed.includes('*') ? [] : ['vary', 'origin'];
  if (origin && originMayCall(req, allowed)) {
    // Never with credentials: the token comes in a header that a page has to know.
    headers.push('access-control-allow-origin', allowed.includes('*') ? '*' : origin);
    headers.push('access-control-expose-headers', 'x-correlation-id, retry-after');
  }
  return headers;
}

/**
 * Answers a preflight request.
 * @returns false when the request was none.
 */
export function answerPreflight(req: IncomingMessage, res: ServerResponse, allowed: string[]): boolean {
  if (req.method !== 'OPTIONS' || !req.headers['access-control-request-method']) return false;
  const headers =
    'authorization, content-type, x-correlation-id, apollo-require-preflight, x-apollo-operation-name';
  res.writeHead(204, [
    ...corsHeaders(req, allowed),
    ...['access-control-allow-methods', 'GET, POST'],
    ...['access-control-allow-headers', headers],
    ...['access-control-max-age', '86400'],
  ]);
  res.end();
  return true;
}
