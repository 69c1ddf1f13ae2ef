import type { IncomingMessage } from 'node:http';
import { isOptional, type OperationRequest } from '../pipeline/operations.ts';
import { BodyError, readJsonBody } from './body.ts';

/**
 * Reads the operation that a POST or GET request carries.
 * @throws BodyError when there is none, or when a foreign page could have sent it (A12).
 */
export async function readOperationRequest(req: IncomingMessage, search: string): Promise<OperationRequest> {
  if (req.method === 'POST') {
    const body = await readJsonBody(req);
    if (body === null || typeof body !== 'object' || Array.isArray(body)) {
      throw new BodyError(400, 'Send one operation as application/json.');
    }
    return checkRequest(body as Record<string, unknown>);
  }
  if (req.method !== 'GET') throw new BodyError(405, 'Send the operation by POST or GET.');
  if (!req.headers['apollo-require-preflight'] && !req.headers['x-apollo-operation-name']) {
    throw new BodyError(
      400,
      'A GET request needs the header apollo-require-preflight, which no form can send.',
    );
  }
  const { variables, extensions, ...given } = Object.fromEntries(new URLSearchParams(search));
  return checkRequest({ ...given, variables: parseObject(variables), extensions: parseObject(extensions) });
}

function checkRequest({ query, documentId, operationName, variables, extensions }: Record<string, unknown>) {
  const fits =
    isOptional('string', query) &&
    isOptional('string', documentId) &&
    isOptional('string', operationName) &&
    isOptional('object', variables) &&
    isOptional('object', extensions);
  if (!fits) {
    throw new BodyError(
      400,
      'query, documentId or operationName is no text, or variables or extensions no object.',
    );
  }
  return {
    query: query ?? undefined,
    documentId: documentId ?? undefined,
    operationName: operationName ?? undefined,
    variables: variables ?? undefined,
    extensions: extensions ?? undefined,
  } as OperationRequest;
}

function parseObject(text: string | undefined): unknown {
  if (!text) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    throw new BodyError(400, 'variables and extensions are JSON objects.');
  }
}
