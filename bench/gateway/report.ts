import { cpus } from 'node:os';

interface Round {
  /** Answers. */
  perSecond: number;
  /** Milliseconds of processor time per answer. */
  cpu: number;
  /** Milliseconds. */
  p50: number;
  p99: number;
  /** Share of their core that the load and the subgraphs used. */
  othersBusy: number;
}

/** The measurements of one gateway with one operation. */
export interface Figures {
  gateway: string;
  operation: string;
  /** Size of an answer. */
  bytes: number;
  /** Requests to subgraphs per answer. */
  fetches: number;
  rounds: Round[];
  /** Latencies at a rate that all gateways can bear, in milliseconds. */
  equalLoad: { rate: number; p50: number; p99: number }[];
  /** Answers per second when all requests are equal. */
  sharing?: number;
  /** Bytes. */
  memory?: number;
}

export function medianOf<K extends string>(rounds: readonly Record<K, number>[], what: K): number {
  const sorted = rounds.map(round => round[what]).sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** The figures of each operation, with those of the first gateway first: the others are measured relative to it. */
export function byOperation(figures: readonly Figures[]): Map<string, Figures[]> {
  return Map.groupBy(figures, ({ operation }) => operation);
}

/** The ratio to the requests per second of the first gateway. */
export function ratioOf(one: Figures, [first]: readonly Figures[]): number {
  return medianOf(one.rounds, 'perSecond') / medianOf(first!.rounds, 'perSecond');
}

/** All figures as Markdown tables. */
export function writeTables(
  figures: readonly Figures[],
  { rounds, seconds, connections }: { rounds: number; seconds: number; connections: number },
): string {
  const lines = [
    `Node ${process.version}, ${cpus()[0]!.model.trim()}, one core per gateway; medians of ${rounds} rounds of ${seconds} s at ${connections} connections.`,
  ];
  for (const [operation, group] of byOperation(figures)) {
    const [{ bytes, equalLoad }] = group as [Figures];
    lines.push(
      '',
      `### ${operation} (${(bytes / 1000).toFixed(1)} kB)`,
      '',
      `| gateway | requests/s | ratio | CPU per request, ms | p50, ms | p99, ms | p50 / p99 at ${equalLoad[0]?.rate.toFixed(0)}/s, ms | fetches | all requests alike: requests/s | memory, MiB |`,
      '|---|---|---|---|---|---|---|---|---|---|',
    );
    for (const one of group) {
      const median = (what: keyof Round, digits: number) => medianOf(one.rounds, what).toFixed(digits);
      lines.push(
        `| ${[
          one.gateway,
          median('perSecond', 0),
          `×${ratioOf(one, group).toFixed(2)}`,
          median('cpu', 3),
          median('p50', 1),
          median('p99', 1),
          `${medianOf(one.equalLoad, 'p50').toFixed(2)} / ${medianOf(one.equalLoad, 'p99').toFixed(2)}`,
          one.fetches,
          one.sharing?.toFixed(0),
          ((one.memory ?? 0) / 2 ** 20).toFixed(0),
        ].join(' | ')} |`,
      );
    }
  }
  return `${lines.join('\n')}\n`;
}
