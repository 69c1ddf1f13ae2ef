import type { IncomingHttpHeaders } from 'node:http';
import { HeaderMap } from '@apollo/server';
import { type FormattedExecutionResult, GraphQLError } from 'graphql';
import type { Redis } from 'ioredis';
import type { Log } from '#shared/kernel/log.ts';
import type { Metrics } from '#shared/kernel/metrics.ts';
import type { GatewayContext } from '../context.ts';
import type { Supergraph } from '../execution/supergraph.ts';
import type { ClientSignal } from '../http/client-signal.ts';
import type { GatewaySettings } from '../settings.ts';
import { priorityOfRequest, withText } from './admission.ts';
import { createApollo, type Findings } from './apollo.ts';
import type { TrustedDocuments } from './documents/trusted-documents.ts';
import type { ErrorMask } from './error-mask.ts';
import { createFastLane, NOT_ATTEMPTED } from './fast-lane.ts';
import type { Permit } from './limits/concurrency-limit.ts';
import type { Limits } from './limits/limits.ts';
import type { Begun, OperationRequest } from './operations.ts';
import { warmUp } from './warm-up.ts';

/** A request for an operation as it came over HTTP. */
export interface HttpOperation {
  method: string;
  headers: IncomingHttpHeaders;
  /** The query string, with its question mark. */
  search: string;
  /** What was sent as JSON, if anything was. */
  body: unknown;
  signal: ClientSignal;
}

export interface HttpOperationAnswer {
  status: number;
  /** Names and values in turn. */
  headers: readonly string[];
  text: string;
}

/** What every operation passes, whichever way it came in. */
export interface Pipeline {
  start(): Promise<void>;
  stop(): Promise<void>;
  /**
   * Answers a plain HTTP request.
   * @param createContext called at most once, when it is time to find out who asks.
   * @returns undefined when the client left while the operation waited for its permit.
   * @throws CodedError whose `extensions.http` says how to answer.
   */
  answer(
    request: HttpOperation,
    createContext: (permit: Permit) => Promise<GatewayContext>,
  ): Promise<HttpOperationAnswer | undefined>;
  /**
   * Takes an operation that came over a WebSocket or as an event stream: it is refused, answered or, when it is a
   * subscription, found fit to be joined.
   * @param options `readOnly` refuses mutations with 405.
   */
  begin(request: OperationRequest, context: GatewayContext, options?: { readOnly?: boolean }): Promise<Begun>;
}

interface Parts {
  log: Log;
  mask: ErrorMask;
  metrics: Metrics;
  redis: Redis | undefined;
  trusted: TrustedDocuments;
  limits: Limits;
}

/** Request headers that decide how GraphQL is spoken; no other reaches Apollo Server. */
const PIPELINE_HEADERS = [
  'content-type',
  'accept',
  'apollo-require-preflight',
  'x-apollo-operation-name',
] as const;

export function createPipeline(supergraph: Supergraph, settings: GatewaySettings, parts: Parts): Pipeline {
  const { log, metrics, trusted, limits } = parts;
  const apollo = createApollo(supergraph, settings, parts);
  const fastLane =
    settings.executor === 'own'
      ? createFastLane({ limits, trusted, metrics, megabytes: settings.documentCache / 2 })
      : undefined;

  function keep({ valid, execute }: Findings) {
    if (valid && execute) fastLane?.keep({ ...valid, execute });
  }

  return {
    async start() {
      await apollo.start();
      await warmUp(apollo, trusted.documents, keep, log);
    },
    stop: () => apollo.stop(),

    async answer({ method, headers, search, body, signal }, createContext) {
      const permit: Permit = {};
      try {
        const turn = limits.concurrency?.acquire(permit, priorityOfRequest(headers, body));
        if (turn) await turn;
        if (signal.aborted) return undefined;
        let context: Promise<GatewayContext> | undefined;
        const enter = () => {
          context ??= createContext(permit);
          return context;
        };
        const attempt =
          body && fastLane ? await fastLane.attempt(headers.accept, body, enter) : NOT_ATTEMPTED;
        if (attempt.answer) {
          const { contentType, text } = attempt.answer;
          return { status: 200, headers: ['content-type', contentType], text };
        }
        const request = { method, headers: selectHeaders(headers), search, body };
        const { response, findings } = await apollo.answerHttp(request, enter, attempt);
        if (response.body.kind !== 'complete') throw new Error('Incremental delivery is not offered.');
        const status = response.status ?? 200;
        keep(findings);
        if (status === 200) fastLane?.keepType(headers.accept, response.headers.get('content-type'));
        return { status, headers: [...response.headers].flat(), text: response.body.string };
      } finally {
        limits.concurrency?.release(permit);
      }
    },

    async begin(request, context, { readOnly = false } = {}) {
      const permit: Permit = {};
      try {
        await limits.rates.countOperation(context);
        const query = trusted.find(request);
        const { response, findings } = await apollo.answer(
          query === undefined ? request : withText(request, query),
          { ...context, permit },
          { readOnly },
        );
        keep(findings);
        if (response.body.kind !== 'single') throw new Error('Incremental delivery is not offered.');
        const result = response.body.singleResult as FormattedExecutionResult;
        const { valid } = findings;
        if (!valid) return { refused: result.errors ?? [], status: response.http.status ?? 400 };
        const { document, queryHash } = valid;
        const { operationName, variables } = request;
        const operation = { document, queryHash, operationName, variables };
        return valid.isLive ? { operation } : { operation, result };
      } catch (error) {
        if (error instanceof GraphQLError) return refusal(error);
        throw error;
      } finally {
        limits.concurrency?.release(permit);
      }
    },
  };
}

function selectHeaders(given: IncomingHttpHeaders): HeaderMap {
  const headers = new HeaderMap();
  for (const name of PIPELINE_HEADERS) {
    const value = given[name];
    if (value !== undefined) headers.set(name, String(value));
  }
  return headers;
}

/** An error from before Apollo Server, as it would tell it. */
function refusal(error: GraphQLError): Begun {
  const { http, ...extensions } = error.extensions;
  const { status } = (http ?? {}) as { status?: number };
  return { refused: [{ ...error.toJSON(), extensions }], status: status ?? 400 };
}
