/** The messages between the bench's processes; `id` joins an answer to its question. */
export type Order =
  | { id: number; kind: 'usage' }
  /** Triggers an event `times` times, `interval` milliseconds apart (0: all at once), on each of the topics. */
  | { id: number; kind: 'publish'; topics: string[]; times: number; interval: number };

export interface Usage {
  /** Bytes. */
  rss: number;
  heap: number;
  /** Seconds of processor time so far. */
  cpu: number;
}

export function usage(): Usage {
  const { rss, heapUsed } = process.memoryUsage();
  const { user, system } = process.cpuUsage();
  return { rss, heap: heapUsed, cpu: (user + system) / 1e6 };
}

/** Milliseconds since 1970 with fractions, comparable between processes of one machine. */
export const now = () => performance.timeOrigin + performance.now();
