import { request } from 'undici';

export interface Readiness {
  ready: boolean;
  subgraphs: Record<string, 'ready' | 'not ready' | 'unreachable'>;
}

/** Milliseconds an answer is good for, so that probes from many sides cost the subgraphs nothing. */
const REUSE = 500;
const PROBE_TIMEOUT = 2_000;

/** Asks every subgraph's `/ready`; calls within 500 ms share one answer. */
export function createReadiness(subgraphs: { name: string; url: string }[]): () => Promise<Readiness> {
  let current: Promise<Readiness> | undefined;
  let askedAt = Number.NEGATIVE_INFINITY;

  async function ask(): Promise<Readiness> {
    const states = await Promise.all(
      subgraphs.map(async ({ name, url }) => [name, await probe(`${url}/ready`)] as const),
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

async function probe(url: string) {
  try {
    // No keep-alive: a probe must find out whether a new caller would get through.
    const { statusCode, body } = await request(url, {
      reset: true,
      signal: AbortSignal.timeout(PROBE_TIMEOUT),
    });
    await body.dump();
    return statusCode === 200 ? 'ready' : 'not ready';
  } catch {
    return 'unreachable';
  }
}
