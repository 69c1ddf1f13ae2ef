import { request } from 'undici';
import type { SubgraphDataSource } from './client.ts';

export interface Readiness {
  ready: boolean;
  subgraphs: Record<string, 'ready' | 'not ready' | 'unreachable'>;
}

/** Milliseconds an answer is good for, so that probes from many sides cost the subgraphs nothing. */
const REUSE = 500;
const PROBE_TIMEOUT = 2_000;

/** What readiness wants of a data source. */
type Subgraph = Pick<SubgraphDataSource, 'name' | 'endpoint' | 'readyUrl' | 'breaker'>;

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
    if (!current || Date.now() - askedAt >= REUSE) {
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
      signal: AbortSignal.timeout(PROBE_TIMEOUT),
      ...(!readyUrl && TRIVIAL_QUERY),
    });
    await body.dump();
    // An API that wants credentials is there, too.
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
