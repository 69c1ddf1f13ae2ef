import { setTimeout as wait } from 'node:timers/promises';
import { type Call, newId } from '../context.ts';
import { type Fault, without } from '../faults.ts';
import type { Sandbox } from '../server.ts';
import { ApiError } from './errors.ts';
import type { Params } from './form.ts';
import { type Answer, createIdempotency } from './idempotency.ts';
import { findRoute, operations, PUBLISHABLE } from './routes.ts';

/** A request to /v1, read but not yet understood. */
export interface ApiRequest {
  method: string;
  path: string;
  params: Params;
  authorization: string | undefined;
  idempotencyKey: string | undefined;
}

/** An answer, or that the connection shall be cut instead of one. */
export type ApiAnswer =
  | { cut: true }
  | { cut: false; status: number; body: string; headers: Record<string, string> };

/** Answers Stripe's API: the key, the arranged faults, idempotency, then the operation. */
export function createApi(sandbox: Sandbox) {
  const once = createIdempotency(sandbox.store);

  /** Lets arranged time pass; a sandbox that stops does not wait. */
  const pass = (ms: number) => wait(ms, undefined, { signal: sandbox.stopping }).catch(() => undefined);

  return async function answerApi(request: ApiRequest): Promise<ApiAnswer> {
    const { method, path, params, idempotencyKey: key } = request;
    const requestId = newId('req_', 14);
    const entry = sandbox.logRequest({ id: requestId, method, path, idempotencyKey: key ?? null, params });
    const fault = sandbox.faults.take(method, path);
    entry.fault = fault?.kind;
    if (fault?.kind === 'cut-before') return { cut: true };

    let answer: Answer & { replayed?: boolean };
    try {
      const apiKey = readKey(request.authorization);
      const run = async () => {
        if (fault?.kind === 'delay') await pass(fault.ms);
        if (fault?.kind === 'fail-before') return failure(fault, requestId);
        const outcome = operate(sandbox, request, apiKey, requestId);
        if (fault?.kind === 'fail-after') return failure(fault, requestId);
        if (fault?.kind === 'delay-after') await pass(fault.ms);
        return outcome;
      };
      if (fault?.kind === 'status') {
        throw new ApiError(fault.status, {
          type: 'api_error',
          message: 'An arranged fault: nothing has happened.',
        });
      }
      answer =
        key === undefined || method !== 'POST' || fault?.ignoreKey
          ? await run()
          : await once({ key, endpoint: `${method} ${path}`, params }, run);
    } catch (error) {
      answer = refusal(sandbox, error, requestId);
    }
    if (fault?.kind === 'cut-after') return { cut: true };
    entry.status = answer.status;
    entry.replayed = answer.replayed ?? false;
    return {
      cut: false,
      status: answer.status,
      body: fault?.kind === 'drop' ? without(fault.fields, answer.body) : answer.body,
      headers: {
        'request-id': requestId,
        ...(key !== undefined && { 'idempotency-key': key }),
        ...(answer.replayed &&
          !answer.unmarked && { 'idempotent-replayed': 'true', 'original-request': answer.requestId }),
      },
    };
  };
}

/** An arranged error that the idempotency key remembers. */
function failure({ status, marked }: Fault, requestId: string): Answer & { keep: boolean } {
  const body = {
    error: { type: 'api_error', message: 'An arranged fault: an error on the provider’s side.' },
  };
  return { status, body: JSON.stringify(body), requestId, unmarked: !marked, keep: true };
}

/** Runs the operation of a request without a pause, and says whether an idempotency key shall remember the answer. */
function operate(
  sandbox: Sandbox,
  request: ApiRequest,
  apiKey: string,
  requestId: string,
): Answer & { keep: boolean } {
  try {
    const found = findRoute(operations, request.method, request.path);
    if (found === undefined) {
      const message = `Unrecognized request URL (${request.method}: ${request.path}). The sandbox knows a part of Stripe only: see its README.md.`;
      throw new ApiError(404, { type: 'invalid_request_error', message }, { begun: false });
    }
    const publishable = apiKey.startsWith('pk_');
    if (publishable && !PUBLISHABLE.has(found.route)) {
      const message = 'This API call cannot be made with a publishable API key. Please use a secret API key.';
      throw new ApiError(401, { type: 'invalid_request_error', message }, { begun: false });
    }
    const call: Call = {
      ...sandbox.context({ id: requestId, idempotency_key: request.idempotencyKey ?? null }),
      id: found.id,
      params: request.params,
      publishable,
    };
    return { status: 200, body: JSON.stringify(found.handler(call)), requestId, keep: true };
  } catch (error) {
    const keep = !(error instanceof ApiError) || error.begun;
    return { ...refusal(sandbox, error, requestId), keep };
  }
}

/** The error in Stripe's shape; what is not meant to be answered is logged and answered as 500. */
function refusal(sandbox: Sandbox, error: unknown, requestId: string): Answer {
  if (error instanceof ApiError) {
    return { status: error.status, body: JSON.stringify({ error: error.body }), requestId };
  }
  sandbox.log.error({ err: error, request: requestId }, 'request failed');
  const body = { error: { type: 'api_error', message: 'An unknown error occurred.' } };
  return { status: 500, body: JSON.stringify(body), requestId };
}

/**
 * The API key of `Bearer <key>`, or of `Basic` with the key as user name.
 * @throws ApiError 401 without one, or with a live one, which must not be used here.
 */
function readKey(authorization = ''): string {
  const [scheme, credentials = ''] = authorization.trim().split(/\s+/);
  const key =
    scheme?.toLowerCase() === 'basic'
      ? Buffer.from(credentials, 'base64').toString().split(':')[0]!
      : scheme?.toLowerCase() === 'bearer'
        ? credentials
        : '';
  const message =
    key === ''
      ? "You did not provide an API key. You need to provide your API key in the Authorization header, using Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY')."
      : /^(sk|rk|pk)_live_/.test(key)
        ? 'A live API key was sent to the sandbox. Roll it if this connection was not private.'
        : undefined;
  if (message === undefined) return key;
  throw new ApiError(401, { type: 'invalid_request_error', message }, { begun: false });
}
