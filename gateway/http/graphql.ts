import type { IncomingMessage, ServerResponse } from 'node:http';
import { HeaderMap } from '@apollo/server';
import { CodedError } from '#shared/kernel/errors.ts';
import { answerJson } from '#shared/kernel/http.ts';
import { CORRELATION_HEADER } from '#shared/kernel/passport.ts';
import { correlationIdFrom, type GatewayContext } from '../context.ts';
import type { Identity, Viewers } from '../identity/viewer.ts';
import type { Apollo } from '../pipeline/admission.ts';
import { type Mask, toFormatted } from '../pipeline/error-mask.ts';
import type { FastAnswer, FastLane } from '../pipeline/fast-lane.ts';
import type { ConcurrencyLimit, Place, Rank } from '../pipeline/limits/concurrency-limit.ts';
import { BodyError, readJsonBody } from './body.ts';
import { addressOf } from './client-address.ts';
import { Departure } from './client-signal.ts';

/** Request headers that decide how GraphQL is spoken; no other reaches the pipeline. */
const PIPELINE_HEADERS = [
  'content-type',
  'accept',
  'apollo-require-preflight',
  'x-apollo-operation-name',
] as const;

/** Answers `/graphql` over HTTP; `cors` are headers, as names and values in turn, for every answer. */
export function createGraphqlHandler({
  apollo,
  fastLane,
  limit,
  viewers,
  trustProxy,
  mask,
}: {
  apollo: Apollo;
  fastLane: FastLane | undefined;
  /** Undefined: any number of operations is executed at a time. */
  limit: ConcurrencyLimit | undefined;
  viewers: Viewers;
  trustProxy: boolean;
  mask: Mask;
}) {
  return async function handleGraphql(
    req: IncomingMessage,
    res: ServerResponse,
    search: string,
    cors: readonly string[],
  ) {
    const correlationId = correlationIdFrom(req.headers[CORRELATION_HEADER]);
    const headers = [...cors, CORRELATION_HEADER, correlationId, 'cache-control', 'no-store'];
    const departure = new Departure();
    res.once('close', () => departure.leave());
    let entered: Promise<GatewayContext> | undefined;
    const place: Place = {};
    const enter = () => {
      entered ??= createContext();
      return entered;
    };
    async function createContext(): Promise<GatewayContext> {
      const identity = identify(viewers, req.headers.authorization);
      return {
        identity: identity instanceof Promise ? await identity : identity,
        correlationId,
        address: addressOf(req, trustProxy),
        departure,
        place,
      };
    }
    try {
      // A body that comes slowly takes no place from others.
      const body = req.method === 'POST' ? await readJsonBody(req) : undefined;
      if (limit) {
        const turn = limit.enter(place, rankOf(req, body));
        if (turn) await turn;
        if (departure.left) return;
      }
      const answer = body ? await fastLane?.answer(req.headers.accept, body, enter) : undefined;
      if (answer) return sendAnswer(res, headers, answer);
      setHeaders(res, headers);
      await takePipeline(req, res, { search, body, enter });
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
    } finally {
      limit?.leave(place);
    }
  };

  async function takePipeline(
    req: IncomingMessage,
    res: ServerResponse,
    { search, body, enter }: { search: string; body: unknown; enter: () => Promise<GatewayContext> },
  ) {
    const headers = new HeaderMap();
    for (const name of PIPELINE_HEADERS) {
      const value = req.headers[name];
      if (value !== undefined) headers.set(name, String(value));
    }
    const answer = await apollo.executeHTTPGraphQLRequest({
      httpGraphQLRequest: { method: req.method ?? 'GET', headers, search, body },
      context: enter,
    });
    for (const [name, value] of answer.headers) res.setHeader(name, value);
    res.statusCode = answer.status ?? 200;
    if (answer.body.kind !== 'complete') throw new Error('Incremental delivery is not offered.');
    if (res.statusCode === 200) fastLane?.keepType(req.headers.accept, answer.headers.get('content-type'));
    res.end(answer.body.string);
  }
}

/** Told from the outside, before anything is spent on the request. What is called by its hash counts as a query. */
function rankOf(req: IncomingMessage, body: unknown): Rank {
  if (req.headers.authorization !== undefined) return 'signed in';
  const { query } = (body ?? {}) as { query?: unknown };
  return typeof query === 'string' && /^\s*mutation\b/.test(query) ? 'newcomer' : 'signed out';
}

function sendAnswer(res: ServerResponse, headers: readonly string[], { contentType, text }: FastAnswer) {
  const length = Buffer.byteLength(text);
  res.writeHead(200, [...headers, 'content-type', contentType, 'content-length', `${length}`]);
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
  if (!(error instanceof CodedError))
    throw new CodedError('INTERNAL_SERVER_ERROR', 'Something went wrong on our side.');
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
