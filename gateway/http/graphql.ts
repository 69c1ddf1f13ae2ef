import type { IncomingMessage, ServerResponse } from 'node:http';
import { HeaderMap } from '@apollo/server';
import { CodedError } from '#shared/kernel/errors.ts';
import { answerJson } from '#shared/kernel/http.ts';
import { CORRELATION_HEADER } from '#shared/kernel/passport.ts';
import { correlationIdFrom } from '../context.ts';
import type { Identity, Viewers } from '../identity/viewer.ts';
import { type ErrorMask, toFormatted } from '../pipeline/error-mask.ts';
import type { HttpOperationAnswer, Pipeline } from '../pipeline/pipeline.ts';
import { BodyError, readJsonBody } from './body.ts';
import { addressOf } from './client-address.ts';
import { ClientSignal } from './client-signal.ts';

/** Answers `/graphql` over HTTP; `cors` are headers, as names and values in turn, for every answer. */
export function createGraphqlHandler({
  pipeline,
  viewers,
  trustProxy,
  mask,
}: {
  pipeline: Pipeline;
  viewers: Viewers;
  trustProxy: boolean;
  mask: ErrorMask;
}) {
  return async function handleGraphql(
    req: IncomingMessage,
    res: ServerResponse,
    search: string,
    cors: readonly string[],
  ) {
    const correlationId = correlationIdFrom(req.headers[CORRELATION_HEADER]);
    const headers = [...cors, CORRELATION_HEADER, correlationId, 'cache-control', 'no-store'];
    const signal = new ClientSignal();
    res.once('close', () => signal.abort());
    try {
      // A body that comes slowly keeps no permit from others.
      const body = req.method === 'POST' ? await readJsonBody(req) : undefined;
      const request = { method: req.method ?? 'GET', headers: req.headers, search, body, signal };
      const answer = await pipeline.answer(request, async permit => {
        const identity = identify(viewers, req.headers.authorization);
        return {
          identity: identity instanceof Promise ? await identity : identity,
          correlationId,
          address: addressOf(req, trustProxy),
          signal,
          permit,
        };
      });
      if (answer) sendAnswer(res, headers, answer);
    } catch (error) {
      setHeaders(res, headers);
      if (error instanceof CodedError && error.extensions.http) return sendRefusal(res, error);
      if (!(error instanceof BodyError)) {
        return answerJson(res, 500, { errors: [mask(toFormatted(error), error, correlationId)] });
      }
      // The rest of an oversized body is not waited for.
      if (error.status === 413) res.setHeader('connection', 'close');
      const { message, code } = error;
      answerJson(res, error.status, { errors: [{ message, extensions: { code } }] });
    }
  };
}

function sendAnswer(res: ServerResponse, headers: readonly string[], answer: HttpOperationAnswer) {
  const { status, text } = answer;
  const length = Buffer.byteLength(text);
  res.writeHead(status, [...headers, ...answer.headers, 'content-length', `${length}`]);
  // Text that is all ASCII is cheaper to write under its other name.
  res.end(text, length === text.length ? 'latin1' : 'utf8');
}

/** @param headers names and values in turn. */
export function setHeaders(res: ServerResponse, headers: readonly string[]) {
  for (let i = 0; i < headers.length; i += 2) res.setHeader(headers[i]!, headers[i + 1]!);
}

/** The identity at once when it is known, since most are. */
function identify(viewers: Viewers, authorization: string | undefined): Identity | Promise<Identity> {
  try {
    const identity = viewers.identify(authorization);
    return identity instanceof Promise ? identity.catch(refuse) : identity;
  } catch (error) {
    refuse(error);
  }
}

function refuse(error: unknown): never {
  if (!(error instanceof CodedError)) {
    throw new CodedError('INTERNAL_SERVER_ERROR', 'Something went wrong on our side.');
  }
  const unauthenticated = error.extensions.code === 'UNAUTHENTICATED';
  const headers = new HeaderMap(
    unauthenticated ? [['www-authenticate', 'Bearer error="invalid_token"']] : [],
  );
  error.extensions.http = { status: unauthenticated ? 401 : 503, headers };
  throw error;
}

/** Answers an error that says by `extensions.http` how, as one that came out of the pipeline. */
function sendRefusal(res: ServerResponse, { message, extensions: { http, ...extensions } }: CodedError) {
  const { status, headers } = http as { status: number; headers: HeaderMap };
  for (const [name, value] of headers) res.setHeader(name, value);
  answerJson(res, status, { errors: [{ message, extensions }] });
}
