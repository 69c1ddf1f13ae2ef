import type { DocumentNode, ExecutionResult } from 'graphql';
import type { Metrics } from '#shared/kernel/metrics.ts';
import { BoundedMap } from '../bounded-map.ts';
import type { GatewayContext } from '../context.ts';
import type { Execute } from '../execution/supergraph.ts';
import type { ExecutableOperation } from './apollo.ts';
import { BYTES_PER_MEGABYTE, weigh } from './documents/document-cache.ts';
import type { NamedOperation, TrustedDocuments } from './documents/trusted-documents.ts';
import type { Limits } from './limits/limits.ts';
import { isOptional } from './operations.ts';

type Variables = Record<string, unknown> | undefined;

/** An operation that the whole pipeline has found fit. */
interface KnownOperation {
  /** @throws GraphQLError when the variables make it too expensive. */
  checkCost(variables: Variables): void;
  execute: Execute;
}

interface KnownDocument {
  document: DocumentNode;
  /** By the name that they were called by, which is empty when there was none. */
  operations: Map<string, KnownOperation>;
}

export interface FastAnswer {
  contentType: string;
  text: string;
}

/** How far the fast lane came with a request. Without an answer the pipeline goes on from there. */
export interface Attempt {
  readonly answer?: FastAnswer;
  /** The operation has been counted for the rate limit. */
  readonly counted: boolean;
  /** What comes of the operation's execution, when that has begun. */
  readonly result?: Promise<ExecutionResult> | undefined;
}

/** The pipeline has everything still to do. */
export const NOT_ATTEMPTED: Attempt = { counted: false };

/**
 * Answers what needs nothing but execution: an operation sent as plain JSON, whose text has been through the pipeline
 * before, in a form of request that has been, too, and whose answer has no errors.
 *
 * Everything else is left to the pipeline, which knows every other case and is given the result of an operation that
 * was executed here and turned out to have errors. So there is one place that decides what is refused, how, and what
 * becomes of errors.
 */
export interface FastLane {
  /** Keeps an operation that the pipeline has found fit to be executed. */
  keep(operation: ExecutableOperation): void;
  /** Keeps the type of answer that the pipeline has chosen for an `accept` header. */
  keepType(accept: string | undefined, contentType: string | undefined): void;
  /**
   * @param body was sent as JSON, which no foreign page can do without asking first (A12).
   * @param enter tells who is asking; called at most once, and not before the operation is known.
   */
  attempt(accept: string | undefined, body: unknown, enter: () => Promise<GatewayContext>): Promise<Attempt>;
}

interface Parts {
  limits: Limits;
  trusted: TrustedDocuments;
  metrics: Metrics;
  /** Of operations that are kept. */
  megabytes: number;
}

/** Values of `accept` that are kept. */
const KEPT_TYPES = 100;
const MAX_ACCEPT_LENGTH = 200;
/** Hashes of automatic persisted queries that are kept. */
const KEPT_HASHES = 2_000;

export function createFastLane({ limits, trusted, metrics, megabytes }: Parts): FastLane {
  const documents = new BoundedMap<string, KnownDocument>(megabytes * BYTES_PER_MEGABYTE, ({ document }) =>
    weigh(document),
  );
  const hashes = new BoundedMap<string, string>(KEPT_HASHES);
  const types = new BoundedMap<string, string>(KEPT_TYPES);
  const answered = metrics.requests.labels({ outcome: 'ok' });

  function find(body: unknown): KnownOperation | undefined {
    if (typeof body !== 'object' || body === null) return undefined;
    const { operationName, variables } = body as Record<string, unknown>;
    if (!isOptional('object', variables)) return undefined;
    if (!isOptional('string', operationName) || operationName === '') return undefined;
    const text = textOf(body, trusted, hashes);
    const known = text === undefined ? undefined : documents.get(text);
    return known?.operations.get((operationName as string | null | undefined) ?? '');
  }

  return {
    keep({ source, document, operation, operationName, schema, queryHash, isPersisted, isLive, execute }) {
      // Attempts to sign in are counted one by one.
      if (isLive || limits.countSignIns(document, operation) > 0) return;
      const known: KnownDocument = documents.get(source) ?? { document, operations: new Map() };
      known.operations.set(operationName ?? '', {
        checkCost: variables => limits.checkCost(schema, document, operation, variables),
        execute,
      });
      documents.set(source, known);
      if (isPersisted) hashes.set(queryHash, source);
    },

    keepType(accept = '', contentType) {
      if (contentType && accept.length <= MAX_ACCEPT_LENGTH) types.set(accept, contentType);
    },

    async attempt(accept = '', body, enter) {
      const contentType = types.get(accept);
      if (!contentType) return NOT_ATTEMPTED;
      const startedAt = performance.now();
      let counted = false;
      let result: Promise<ExecutionResult> | undefined;
      try {
        const known = find(body);
        if (!known) return NOT_ATTEMPTED;
        const variables = ((body as Record<string, unknown>).variables ?? undefined) as Variables;
        known.checkCost(variables);
        const context = await enter();
        const counting = limits.rates.countOperation(context);
        if (counting) await counting;
        counted = true;
        result = known.execute(context, variables);
        const { data, errors, extensions } = await result;
        if (!errors && !extensions && data) {
          answered.observe((performance.now() - startedAt) / 1000);
          return { counted, answer: { contentType, text: `${JSON.stringify({ data })}\n` } };
        }
      } catch {
        // The pipeline meets the same fault, and reports it.
      }
      return { counted, result };
    },
  };
}

/** The text that a request calls an operation by, when that is one that may be kept. */
function textOf(
  body: NamedOperation,
  trusted: TrustedDocuments,
  hashes: BoundedMap<string, string>,
): string | undefined {
  const document = trusted.find(body);
  if (document !== undefined) return document;
  const { query, extensions } = body;
  if (extensions === undefined || extensions === null) return typeof query === 'string' ? query : undefined;
  const { persistedQuery } = extensions as { persistedQuery?: { version?: unknown; sha256Hash?: unknown } };
  if (query !== undefined || persistedQuery?.version !== 1) return undefined;
  return typeof persistedQuery.sha256Hash === 'string' ? hashes.get(persistedQuery.sha256Hash) : undefined;
}
