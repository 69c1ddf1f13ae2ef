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

/**
 * Sets the CORS headers for the request's Origin and answers preflight requests.
 * @returns true when the request was a preflight and is answered.
 */
export function answerCors(req: IncomingMessage, res: ServerResponse, allowed: string[]): boolean {
  const { origin } = req.headers;
  if (!allowed.includes('*')) res.setHeader('vary', 'origin');
  if (origin && originMayCall(req, allowed)) {
    // Never with credentials: the token comes in a header that a page has to know.
    res.setHeader('access-control-allow-origin', allowed.includes('*') ? '*' : origin);
    res.setHeader('access-control-expose-headers', 'x-correlation-id, retry-after');
  }
  if (req.method !== 'OPTIONS' || !req.headers['access-control-request-method']) return false;
  res.setHeader('access-control-allow-methods', 'GET, POST');
  res.setHeader(
    'access-control-allow-headers',
    'authorization, content-type, x-correlation-id, apollo-require-preflight, x-apollo-operation-name',
  );
  res.setHeader('access-control-max-age', '86400');
  res.writeHead(204).end();
  return true;
}
