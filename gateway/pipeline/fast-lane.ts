import type { GraphQLRequestContextDidResolveOperation } from '@apollo/server';
import type { DocumentNode } from 'graphql';
import type { Metrics } from '#shared/kernel/metrics.ts';
import { BoundedMap } from '../bounded-map.ts';
import type { GatewayContext } from '../context.ts';
import type { Execute, Supergraph } from '../execution/supergraph.ts';
import { MEGABYTE, weigh } from './documents/document-cache.ts';
import type { NamedOperation, TrustedDocuments } from './documents/trusted-documents.ts';
import type { CheckCost } from './limits/cost.ts';
import type { RateLimits } from './limits/rate-limits.ts';
import { countSignIns } from './limits/sign-ins.ts';

type Variables = Record<string, unknown> | undefined;
type ValidOperation = GraphQLRequestContextDidResolveOperation<GatewayContext>;

/** An operation that the whole pipeline has found fit. */
interface KnownOperation {
  /** @throws GraphQLError when the variables make it too dear. */
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

/**
 * Answers what needs nothing but execution: an operation sent as plain JSON, whose text has been through the pipeline
 * before, in a form of request that has been, too, and whose answer has no errors.
 *
 * Everything else is left to the pipeline, which knows every other case; an operation that was executed here and
 * turned out to have errors takes its result along (`GatewayContext.executed`). So there is one place that decides
 * what is refused, how, and what becomes of errors.
 */
export interface FastLane {
  /** Keeps an operation that the pipeline has found fit to be executed. */
  keep(request: ValidOperation): void;
  /** Keeps what the pipeline has chosen for an `accept` header. */
  keepType(accept: string | undefined, contentType: string | undefined): void;
  /**
   * @param body was sent as JSON, which no foreign page can do unasked (A12).
   * @param enter tells who is asking; called at most once, and not before the operation is known.
   * @returns undefined when the request has to take the pipeline, with the same context if that has been made.
   */
  answer(
    accept: string | undefined,
    body: unknown,
    enter: () => Promise<GatewayContext>,
  ): Promise<FastAnswer | undefined>;
}

interface Parts {
  supergraph: Supergraph;
  rateLimits: RateLimits;
  trusted: TrustedDocuments;
  checkCost: CheckCost;
  metrics: Metrics;
  /** Of operations that are kept. */
  megabytes: number;
}

/** Values of `accept` that are kept. */
const REMEMBERED_TYPES = 100;
const LONGEST_ACCEPT = 200;
/** Hashes of automatic persisted queries that are kept. */
const REMEMBERED_HASHES = 2_000;

export function createFastLane({
  supergraph,
  rateLimits,
  trusted,
  checkCost,
  metrics,
  megabytes,
}: Parts): FastLane {
  const documents = new BoundedMap<string, KnownDocument>(megabytes * MEGABYTE, ({ document }) =>
    weigh(document),
  );
  const hashes = new BoundedMap<string, string>(REMEMBERED_HASHES);
  const types = new BoundedMap<string, string>(REMEMBERED_TYPES);

  const answered = metrics.requests.labels({ outcome: 'ok' });

  function find(body: unknown): KnownOperation | undefined {
    if (typeof body !== 'object' || body === null) return undefined;
    const { operationName, variables } = body as Record<string, unknown>;
    if (!isOr('object', variables) || Array.isArray(variables)) return undefined;
    if (!isOr('string', operationName) || operationName === '') return undefined;
    const text = textOf(body, trusted, hashes);
    const known = text === undefined ? undefined : documents.get(text);
    return known?.operations.get((operationName as string | null | undefined) ?? '');
  }

  return {
    keep({ source, document, operation, schema, request, queryHash }) {
      // Attempts to sign in are counted one by one.
      if (operation?.operation === 'subscription' || countSignIns(document, operation!) > 0) return;
      const { operationName } = request;
      const known: KnownDocument = documents.get(source) ?? { document, operations: new Map() };
      known.operations.set(operationName ?? '', {
        checkCost: variables => checkCost(schema, document, operation!, variables),
        execute: supergraph.executeOf({ document, queryHash: queryHash!, operationName }),
      });
      documents.set(source, known);
      if (request.extensions?.persistedQuery) hashes.set(queryHash!, source);
    },

    keepType(accept = '', contentType) {
      if (contentType && accept.length <= LONGEST_ACCEPT) types.set(accept, contentType);
    },

    async answer(accept = '', body, enter) {
      const contentType = types.get(accept);
      if (!contentType) return undefined;
      const begun = performance.now();
      try {
        const known = find(body);
        if (!known) return undefined;
        const variables = ((body as Record<string, unknown>).variables ?? undefined) as Variables;
        known.checkCost(variables);
        const context = await enter();
        const counting = rateLimits.countOperation(context);
        if (counting) await counting;
        context.counted = true;
        context.executed = known.execute(context, variables);
        const { data, errors, extensions } = await context.executed;
        if (errors || extensions || !data) return undefined;
        answered.observe((performance.now() - begun) / 1000);
        return { contentType, text: `${JSON.stringify({ data })}\n` };
      } catch {
        // Whatever it was, the pipeline meets it again and knows what to say.
        return undefined;
      }
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

const isOr = (type: 'object' | 'string', value: unknown) =>
  value === undefined || value === null || typeof value === type;
