import type { GraphQLDataSource } from '@apollo/gateway';
import type { GraphQLFormattedError } from 'graphql';
import { Pool } from 'undici';
import { DEADLINE_HEADER } from '#shared/kernel/deadline.ts';
import { RETRY_AFTER_SECONDS } from '#shared/kernel/errors.ts';
import type { Log } from '#shared/kernel/log.ts';
import { CORRELATION_HEADER } from '#shared/kernel/passport.ts';
import { BoundedMap } from '../bounded-map.ts';
import type { ClientSignal } from '../http/client-signal.ts';
import { readAnswer, type SubgraphAnswer, sanitize } from './answer.ts';
import { type BreakerOptions, CircuitBreaker } from './circuit-breaker.ts';
import type { FetchContext } from './fetch-context.ts';
import { Abandoned, type HttpAnswer, NoAnswer, post, TooLong } from './post.ts';

export { type SubgraphAnswer, sanitize } from './answer.ts';

type ProcessOptions = Parameters<GraphQLDataSource['process']>[0];
type SubgraphResponse = Awaited<ReturnType<GraphQLDataSource['process']>>;

export interface SubgraphOptions {
  name: string;
  /** Address of the GraphQL API. */
  endpoint: string;
  /** Address that answers 200 when the subgraph is able to serve; without one its API is asked. */
  readyUrl?: string | undefined;
  /** Milliseconds for all fetches of an operation, this subgraph's and others', from the first one on. */
  timeout: number;
  /** Bytes of an answer. */
  responseLimit: number;
  breaker: Pick<BreakerOptions, 'failures' | 'pause'>;
}

/** One fetch of a query plan. */
export interface SubgraphRequest {
  /** A document with a single operation. */
  query: string;
  variables?: Record<string, unknown> | undefined;
  /** The variables as JSON text, in place of `variables`. */
  variablesText?: string;
}

/** Queries whose beginning of a request body is kept. */
const KEPT_QUERIES = 2_000;

/**
 * Sends fetches of a query plan to one subgraph.
 *
 * Of the client's request only what vouches for its identity and the correlation id go on: identity headers that
 * the client sets are dropped (A19). A subgraph that cannot be reached, is too slow, answers too much or does not speak
 * GraphQL becomes a coded error without its address, body or stack (A15, F7). All fetches of an operation share one
 * deadline, which the subgraph is told, so that it does not work when nobody waits for the answer. After several
 * failures in a row it is not asked for a while, and its part of each answer fails at once.
 */
export class SubgraphClient implements GraphQLDataSource {
  readonly name: string;
  readonly endpoint: string;
  readonly readyUrl: string | undefined;
  readonly breaker: CircuitBreaker;
  #pool: Pool;
  #path: string;
  #timeoutMs: number;
  #limitBytes: number;
  #bodies = new BoundedMap<string, string>(KEPT_QUERIES);
  #log: Log;

  constructor({ name, endpoint, readyUrl, timeout, responseLimit, breaker }: SubgraphOptions, log: Log) {
    const { origin, pathname, search } = new URL(endpoint);
    this.name = name;
    this.endpoint = endpoint;
    this.readyUrl = readyUrl;
    this.breaker = new CircuitBreaker(breaker);
    // undici gives idle connections up after 4 s, before Node's servers do after 5 s.
    this.#pool = new Pool(origin, { connections: 128, connect: { timeout } });
    this.#path = pathname + search;
    this.#timeoutMs = timeout;
    this.#limitBytes = responseLimit;
    this.#log = log;
  }

  /** Where @apollo/gateway's executor hands over a fetch. */
  async process(options: ProcessOptions): Promise<SubgraphResponse> {
    if (!('incomingRequestContext' in options)) throw new Error('Only operations are sent to subgraphs.');
    const { query, variables } = options.request;
    const answer = await this.fetch({ query: query!, variables }, options.context as unknown as FetchContext);
    const { pathInIncomingRequest: path = [] } = options;
    // The executor puts its own position in front; through a list (`@`) there is no single place to name.
    if (answer.unanswered && path.length > 0 && !path.includes('@')) {
      answer.errors = answer.errors!.map(error => ({ ...error, path: [] }));
    }
    return answer as SubgraphResponse;
  }

  /**
   * The subgraph's answer, never a rejection. Its errors are fit to be masked; the data belongs to the caller alone,
   * also when an equal fetch of the same operation was under way and has been shared.
   */
  async fetch(request: SubgraphRequest, context: FetchContext): Promise<SubgraphAnswer> {
    const { query, variables = {}, variablesText = JSON.stringify(variables) } = request;
    const body = `${this.#beginBody(query)}${variablesText}}`;
    try {
      const { status, text } = query.startsWith('mutation')
        ? await this.#send(body, context, undefined)
        : await this.#sendOnce(body, context);
      // A refused passport is the gateway's fault, and no reason to ask the client to sign in.
      if (status === 401 && context.operation.identity.vouched) {
        throw new Error('The subgraph refuses our passport: is INTERNAL_SECRET the same?');
      }
      return sanitize(readAnswer(status, text));
    } catch (err) {
      if (!(err instanceof Abandoned || err instanceof Refused)) {
        const { correlationId } = context.operation;
        this.#log.warn({ err, subgraph: this.name, correlationId }, 'a subgraph gave no usable answer');
      }
      return { data: null, errors: [unavailable(this.name)], unanswered: true };
    }
  }

  /** Waits for running requests, then closes the connections. */
  close(): Promise<void> {
    return this.#pool.close();
  }

  /** The body up to the variables: escaping a query's text is done once. */
  #beginBody(query: string): string {
    let beginning = this.#bodies.get(query);
    if (!beginning) {
      beginning = `{"query":${JSON.stringify(query)},"variables":`;
      this.#bodies.set(query, beginning);
    }
    return beginning;
  }

  /** Sends a query, unless the same is under way for the same operation: then their answer is one. */
  #sendOnce(body: string, context: FetchContext): Promise<HttpAnswer> {
    let sent = context.inFlight.get(this.name);
    if (!sent) {
      sent = new Map();
      context.inFlight.set(this.name, sent);
    }
    let answer = sent.get(body);
    if (!answer) {
      answer = this.#send(body, context, context.operation.signal);
      sent.set(body, answer);
      // What is asked later in the same execution may have a newer answer.
      const remove = () => sent.delete(body);
      answer.then(remove, remove);
    }
    return answer;
  }

  /** @throws (as a rejection) Refused, or what `post` throws. */
  #send(body: string, context: FetchContext, signal: ClientSignal | undefined): Promise<HttpAnswer> {
    const credentials = context.operation.identity.credentials();
    if (!(credentials instanceof Promise)) return this.#post(body, context, signal, credentials);
    return credentials.then(ready => this.#post(body, context, signal, ready));
  }

  #post(
    body: string,
    context: FetchContext,
    signal: ClientSignal | undefined,
    credentials: readonly string[],
  ): Promise<HttpAnswer> {
    const { breaker } = this;
    if (signal?.aborted) return Promise.reject(new Abandoned('The client has left.'));
    const now = Date.now();
    context.deadline ??= now + this.#timeoutMs;
    const leftMs = context.deadline - now;
    if (leftMs <= 0) return Promise.reject(new Late('Nothing is left of the time for the operation.'));
    if (!breaker.admits()) return Promise.reject(new Refused('The subgraph is not asked for a moment.'));
    const request = {
      path: this.#path,
      headers: headersOf(context, credentials),
      body,
      timeoutMs: leftMs,
      limitBytes: this.#limitBytes,
      signal,
    };
    return post(this.#pool, request).then(
      answer => {
        // A proxy in front of a dead subgraph answers 502, 503 or 504 in its place.
        if (answer.status >= 502 && answer.status <= 504) breaker.failed();
        else breaker.succeeded();
        return answer;
      },
      error => {
        // A time-out counts only when the subgraph itself has had most of the time.
        const shortened = error instanceof NoAnswer && leftMs < this.#timeoutMs / 2;
        const { permit } = context.operation;
        if (error instanceof NoAnswer && permit) permit.unanswered = true;
        if (error instanceof Abandoned || shortened) breaker.abandoned();
        else if (error instanceof TooLong) breaker.succeeded();
        else breaker.failed();
        throw error;
      },
    );
  }
}

/** The breaker is open. */
class Refused extends Error {}
/** Earlier fetches of the operation have taken all its time. */
class Late extends Error {}

/** One array for all fetches of an operation, in the form that is cheapest for undici: names and values in turn. */
function headersOf(context: FetchContext, credentials: readonly string[]): string[] {
  let made = context.headers;
  if (made?.credentials !== credentials) {
    const headers = [
      'content-type',
      'application/json',
      'accept',
      'application/json',
      CORRELATION_HEADER,
      context.operation.correlationId,
      DEADLINE_HEADER,
      String(context.deadline),
      ...credentials,
    ];
    made = { credentials, headers };
    context.headers = made;
  }
  return made.headers;
}

const unavailable = (name: string): GraphQLFormattedError => ({
  message: `${name} does not answer at the moment. Try again shortly.`,
  extensions: { code: 'UNAVAILABLE', retryAfter: RETRY_AFTER_SECONDS },
});
