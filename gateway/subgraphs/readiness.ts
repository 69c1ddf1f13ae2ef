import { request } from 'undici';
import type { SubgraphClient } from './client.ts';

export interface Readiness {
  ready: boolean;
  subgraphs: Record<string, 'ready' | 'not ready' | 'unreachable'>;
}

/** How long an answer is used again, so that probes from many sides cost the subgraphs nothing. */
const REUSE_MS = 500;
const PROBE_TIMEOUT_MS = 2_000;

/** What readiness needs of a subgraph client. */
type Subgraph = Pick<SubgraphClient, 'name' | 'endpoint' | 'readyUrl' | 'breaker'>;

/** Asks every subgraph's `/ready`, or its API where there is none; calls within 500 ms share one answer. */
export function createReadiness(subgraphs: Subgraph[]): () => Promise<Readiness> {
  let current: Promise<Readiness> | undefined;
  let askedAt = Number.NEGATIVE_INFINITY;

  async function ask(): Promise<Readiness> {
    const states = await Promise.all(
      subgraphs.map(async subgraph => {
        const state = await probe(subgraph);
        if (state === 'ready') subgraph.breaker.retry();
        return [subgraph.name, state] as const;
      }),
    );
    return { ready: states.every(([, state]) => state === 'ready'), subgraphs: Object.fromEntries(states) };
  }

  return () => {
    if (!current || Date.now() - askedAt >= REUSE_MS) {
      askedAt = Date.now();
      current = ask();
    }
    return current;
  };
}

async function probe({ endpoint, readyUrl }: Subgraph) {
  try {
    // No keep-alive: a probe must find out whether a new caller would get through.
    const { statusCode, body } = await request(readyUrl ?? endpoint, {
      reset: true,
      signal: AbortSignal.timeout(PROBE_TIMEOUT_MS),
      ...(!readyUrl && TRIVIAL_QUERY),
    });
    await body.dump();
    // An API that asks for credentials is ready, too.
    const ready = readyUrl ? statusCode === 200 : statusCode < 500;
    return ready ? 'ready' : 'not ready';
  } catch {
    return 'unreachable';
  }
}

const TRIVIAL_QUERY = {
  method: 'POST',
  headers: { 'content-type': 'application/json', accept: 'application/json' },
  body: '{"query":"{__typename}"}',
} as const;
