import type { GraphQLDataSource } from '@apollo/gateway';
import type { GraphQLFormattedError } from 'graphql';
import { Pool } from 'undici';
import { DEADLINE_HEADER } from '#shared/kernel/deadline.ts';
import { RETRY_AFTER_SECONDS } from '#shared/kernel/errors.ts';
import type { Log } from '#shared/kernel/log.ts';
import { CORRELATION_HEADER } from '#shared/kernel/passport.ts';
import { BoundedMap } from '../bounded-map.ts';
import type { GatewayContext } from '../context.ts';
import type { Departure } from '../http/client-signal.ts';
import { readAnswer, type SubgraphAnswer, sanitize } from './answer.ts';
import { type BreakerOptions, CircuitBreaker } from './circuit-breaker.ts';
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

/** Beginnings of request bodies that are kept, by query. */
const REMEMBERED_QUERIES = 2_000;

/**
 * Sends fetches of a query plan to one subgraph.
 *
 * Of the client's request only what vouches for its identity and the correlation id go on: whatever identity headers
 * the client sets end here (A19). A subgraph that cannot be reached, is too slow, answers too much or does not speak
 * GraphQL becomes a coded error without its address, body or stack (A15, F7). All fetches of an operation share one
 * deadline, which the subgraph is told, so that it does not work on what nobody waits for. After several failures in
 * a row it is left alone for a while, and its part of each answer fails at once.
 */
export class SubgraphDataSource implements GraphQLDataSource {
  readonly name: string;
  readonly endpoint: string;
  readonly readyUrl: string | undefined;
  readonly breaker: CircuitBreaker;
  #pool: Pool;
  #path: string;
  #timeout: number;
  #limit: number;
  #bodies = new BoundedMap<string, string>(REMEMBERED_QUERIES);
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
    this.#timeout = timeout;
    this.#limit = responseLimit;
    this.#log = log;
  }

  /** Where @apollo/gateway's executor hands over a fetch. */
  async process(options: ProcessOptions): Promise<SubgraphResponse> {
    if (!('incomingRequestContext' in options)) throw new Error('Only operations are sent to subgraphs.');
    const { query, variables } = options.request;
    const answer = await this.fetch({ query: query!, variables }, options.context as GatewayContext);
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
  async fetch(request: SubgraphRequest, context: GatewayContext): Promise<SubgraphAnswer> {
    const { query, variables = {}, variablesText = JSON.stringify(variables) } = request;
    const body = `${this.#beginBody(query)}${variablesText}}`;
    try {
      const { status, text } = query.startsWith('mutation')
        ? await this.#send(body, context, undefined)
        : await this.#sendOnce(body, context);
      // Our own passport was refused: that is for us to mend, and no reason to ask the client to sign in.
      if (status === 401 && context.identity.vouched) {
        throw new Error('The subgraph refuses our passport: is INTERNAL_SECRET the same?');
      }
      return sanitize(readAnswer(status, text));
    } catch (err) {
      if (!(err instanceof Abandoned || err instanceof Refused)) {
        const { correlationId } = context;
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
  #sendOnce(body: string, context: GatewayContext): Promise<HttpAnswer> {
    context.inFlight ??= new Map();
    let sent = context.inFlight.get(this.name);
    if (!sent) {
      sent = new Map();
      context.inFlight.set(this.name, sent);
    }
    let answer = sent.get(body);
    if (!answer) {
      answer = this.#send(body, context, context.departure);
      sent.set(body, answer);
      // A live operation asks again at the next event, and wants to know what is so then.
      const forget = () => sent.delete(body);
      answer.then(forget, forget);
    }
    return answer;
  }

  /** @throws (as a rejection) Refused, or what `post` throws. */
  #send(body: string, context: GatewayContext, departure: Departure | undefined): Promise<HttpAnswer> {
    const credentials = context.identity.credentials();
    if (!(credentials instanceof Promise)) return this.#post(body, context, departure, credentials);
    return credentials.then(ready => this.#post(body, context, departure, ready));
  }

  #post(
    body: string,
    context: GatewayContext,
    departure: Departure | undefined,
    credentials: readonly string[],
  ): Promise<HttpAnswer> {
    const { breaker } = this;
    if (departure?.left) return Promise.reject(new Abandoned('The client has left.'));
    const now = Date.now();
    context.deadline ??= now + this.#timeout;
    const left = context.deadline - now;
    if (left <= 0) return Promise.reject(new Late('Nothing is left of the time for the operation.'));
    if (!breaker.admits()) return Promise.reject(new Refused('The subgraph is left alone for a moment.'));
    const request = {
      path: this.#path,
      headers: headersOf(context, credentials),
      body,
      timeout: left,
      limit: this.#limit,
      departure,
    };
    return post(this.#pool, request).then(
      answer => {
        // What stands in front of a dead subgraph answers 502, 503 or 504 in its place.
        if (answer.status >= 502 && answer.status <= 504) breaker.failed();
        else breaker.succeeded();
        return answer;
      },
      error => {
        // A time-out counts when it was the subgraph that took the time, and not those that were asked before it.
        const hurried = error instanceof NoAnswer && left < this.#timeout / 2;
        if (error instanceof NoAnswer && context.place) context.place.unanswered = true;
        if (error instanceof Abandoned || hurried) breaker.abandoned();
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

/** One array for all fetches of an operation, as undici likes it best: names and values in turn. */
function headersOf(context: GatewayContext, credentials: readonly string[]): string[] {
  let made = context.fetchHeaders;
  if (made?.credentials !== credentials) {
    const headers = [
      'content-type',
      'application/json',
      'accept',
      'application/json',
      CORRELATION_HEADER,
      context.correlationId,
      DEADLINE_HEADER,
      String(context.deadline),
      ...credentials,
    ];
    made = { credentials, headers };
    context.fetchHeaders = made;
  }
  return made.headers;
}

const unavailable = (name: string): GraphQLFormattedError => ({
  message: `${name} does not answer at the moment. Try again shortly.`,
  extensions: { code: 'UNAVAILABLE', retryAfter: RETRY_AFTER_SECONDS },
});
