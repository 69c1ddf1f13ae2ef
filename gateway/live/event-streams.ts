import type { IncomingMessage, ServerResponse } from 'node:http';
import type { GraphQLFormattedError } from 'graphql';
import { type Counter, Gauge } from 'prom-client';
import { CodedError, unavailable } from '#shared/kernel/errors.ts';
import { answerJson } from '#shared/kernel/http.ts';
import type { Metrics } from '#shared/kernel/metrics.ts';
import { CORRELATION_HEADER } from '#shared/kernel/passport.ts';
import { correlationIdFrom } from '../context.ts';
import { BodyError } from '../http/body.ts';
import { addressOf } from '../http/client-address.ts';
import { readOperationRequest } from '../http/operation-request.ts';
import { atExpiry } from '../identity/token-expiry.ts';
import type { Identity, Viewers } from '../identity/viewer.ts';
import { type ErrorMask, toFormatted } from '../pipeline/error-mask.ts';
import { limitKeyOf } from '../pipeline/limits/rate-limits.ts';
import type { StreamLimit } from '../pipeline/limits/stream-limit.ts';
import type { Pipeline } from '../pipeline/pipeline.ts';
import { BackPressureWriter } from './back-pressure.ts';
import type { JoinLive } from './groups.ts';

export interface EventStreams {
  /** Answers one operation as an event stream. */
  handle(req: IncomingMessage, res: ServerResponse, search: string): Promise<void>;
  /** Ends every stream without `complete`, so that clients come back, and opens no more. */
  close(): void;
}

interface Parts {
  pipeline: Pipeline;
  join: JoinLive;
  viewers: Viewers;
  trustProxy: boolean;
  /** Of live operations. */
  limit: StreamLimit;
  mask: ErrorMask;
  metrics: Metrics;
  /** Counts results that were dropped for newer ones. */
  skipped: Counter;
}

/** An answer under way. */
interface Stream {
  /** Ends the answer, with `frame` as its last part. */
  end(frame?: string): void;
  /** Calls `listener` when it has ended, from whichever side. */
  onceEnded(listener: () => void): void;
}

/** Statuses of refusals that are answered as over plain HTTP; all others are sent within the stream. */
const REFUSAL_STATUSES = [405, 429, 503];
/** How long a client has to read the end of a stream whose token has expired. */
const READ_END_MS = 2_000;
/** Between comments that keep proxies from taking a quiet stream for a dead one. */
const HEARTBEAT_MS = 12_000;
/** How long a client with too many streams is asked to wait. */
const RETRY_AFTER_SECONDS = 5;
const COMMENT = ':\n\n';
const COMPLETE = 'event: complete\ndata:\n\n';

/** Whether a request to the common address asks for an event stream before anything else. */
export const prefersEventStream = ({ headers }: IncomingMessage) =>
  /^\s*text\/event-stream\b/.test(headers.accept ?? '');

/**
 * Serves the distinct connections mode of GraphQL over Server-Sent Events, for clients that cannot use WebSockets: one
 * operation per request, by POST or GET, whose results are `next` events, followed by `complete`.
 */
export function createEventStreams({
  pipeline,
  join,
  viewers,
  trustProxy,
  limit,
  mask,
  metrics,
  skipped,
}: Parts): EventStreams {
  const streams = new Map<Stream, ServerResponse>();
  let closed = false;
  const heartbeat = setInterval(() => {
    for (const res of streams.values()) res.write(COMMENT);
  }, HEARTBEAT_MS);
  new Gauge({
    name: 'guichet_live_streams',
    help: 'Open event streams of clients',
    registers: [metrics.registry],
    collect() {
      this.set(streams.size);
    },
  });

  async function answer(req: IncomingMessage, res: ServerResponse, search: string, correlationId: string) {
    const request = await readOperationRequest(req, search);
    const identity = await viewers.identify(req.headers.authorization);
    const context = { identity, correlationId, address: addressOf(req, trustProxy) };
    const begun = await pipeline.begin(request, context, { readOnly: req.method === 'GET' });
    if (begun.refused && REFUSAL_STATUSES.includes(begun.status)) {
      if (begun.status === 405) res.setHeader('allow', 'POST');
      setRetryAfter(res, begun.refused[0]);
      return answerJson(res, begun.status, { errors: begun.refused });
    }
    if (closed) throw unavailable('The gateway is stopping. Try again.');
    if (res.closed) return;
    const isLive = !begun.refused && !begun.result;
    const closeCounted = isLive ? limit.open(limitKeyOf(context)) : () => {};
    if (!closeCounted) throw tooManyStreams(limit.most);
    const stream = openStream(res, identity);
    if (begun.refused) return stream.end(nextEvent(JSON.stringify({ errors: begun.refused })) + COMPLETE);
    if (begun.result) return stream.end(nextEvent(JSON.stringify(begun.result)) + COMPLETE);

    const writer = createStreamWriter(res, skipped);
    let leave = () => {};
    stream.onceEnded(() => {
      closeCounted();
      leave();
      writer.close();
    });
    leave = join(begun.operation, context, {
      result: ({ text }) => writer.send('', nextEvent(text)),
      end() {
        writer.finish('');
        stream.end(COMPLETE);
      },
    });
  }

  function openStream(res: ServerResponse, identity: Identity): Stream {
    let ended = () => {};
    const stream: Stream = {
      end(frame) {
        settle();
        res.end(frame);
      },
      onceEnded(listener) {
        ended = listener;
      },
    };
    // Nothing may be written once a stream has ended, which is before a slow client has read its end.
    const settle = () => {
      clearTimeout(expiry);
      streams.delete(stream);
      ended();
    };
    const expiry = atExpiry(identity, () => {
      // The client is told that nothing more comes: it needs another token for that.
      stream.end(COMPLETE);
      setTimeout(() => res.destroy(), READ_END_MS).unref();
    });
    streams.set(stream, res);
    res.once('close', settle);
    // Some proxies collect an answer before they pass it on, unless they are told not to.
    res.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', 'x-accel-buffering': 'no' });
    // Some browsers take a stream for open only after its first bytes.
    res.write(COMMENT);
    return stream;
  }

  return {
    async handle(req, res, search) {
      const correlationId = correlationIdFrom(req.headers[CORRELATION_HEADER]);
      res.setHeader(CORRELATION_HEADER, correlationId);
      res.setHeader('cache-control', 'no-store');
      try {
        await answer(req, res, search, correlationId);
      } catch (error) {
        if (res.headersSent) throw error;
        const status = statusOf(error);
        if (status === 405) res.setHeader('allow', 'GET, POST');
        if (status === 401) res.setHeader('www-authenticate', 'Bearer error="invalid_token"');
        if (status === 413) res.setHeader('connection', 'close');
        const formatted =
          error instanceof BodyError
            ? { message: error.message, extensions: { code: error.code } }
            : mask(toFormatted(error), error, correlationId);
        setRetryAfter(res, formatted);
        answerJson(res, status, { errors: [formatted] });
      }
    },
    close() {
      closed = true;
      clearInterval(heartbeat);
      for (const stream of streams.keys()) stream.end();
    },
  };
}

/** JSON has no line breaks outside of its strings' escapes, so it is one line of data. */
const nextEvent = (text: string) => `event: next\ndata: ${text}\n\n`;

function createStreamWriter(res: ServerResponse, skipped: Counter): BackPressureWriter {
  return new BackPressureWriter(
    {
      write: frame => res.write(frame),
      buffered: () => res.writableLength,
      onceDrained: listener => res.once('drain', listener),
      abandon: () => res.destroy(),
    },
    () => skipped.inc(),
  );
}

const STATUSES: Partial<Record<string, number>> = { UNAUTHENTICATED: 401, RATE_LIMITED: 429 };

function statusOf(error: unknown): number {
  if (error instanceof BodyError) return error.status;
  if (!(error instanceof CodedError)) return 500;
  return STATUSES[String(error.extensions.code)] ?? 503;
}

/** As over plain HTTP, where the pipeline sets the header. */
function setRetryAfter(res: ServerResponse, refusal: GraphQLFormattedError | undefined) {
  const { retryAfter } = refusal?.extensions ?? {};
  if (retryAfter !== undefined) res.setHeader('retry-after', String(retryAfter));
}

const tooManyStreams = (limit: number) =>
  new CodedError(
    'RATE_LIMITED',
    `No more than ${limit} event streams at a time: end one first, or use a WebSocket, which carries many operations.`,
    { retryAfter: RETRY_AFTER_SECONDS },
  );
