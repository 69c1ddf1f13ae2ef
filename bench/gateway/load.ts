import { Connection } from './connection.ts';

export interface Load {
  port: number;
  query: string;
  /** The expected answer; every answer must equal it byte for byte. */
  expected: Buffer;
  connections: number;
  seconds: number;
  /** Requests per second; when missing, each connection sends the next request as soon as it has its answer. */
  rate?: number;
  /** Whether all requests have the same `authorization` instead of a different one each. */
  alike?: boolean;
}

export interface Loaded {
  /** Answers per second. */
  perSecond: number;
  answers: number;
  /**
   * Milliseconds. A request that had to wait for a connection is timed from the moment when it was due, any other from
   * the moment when it was sent: a late timer of this process is not caused by the gateway.
   */
  p50: number;
  p99: number;
}

let requests = 0;

/** A POST request for a query, with an `authorization` that no other request has. */
export function writeRequest(query: string, bearer: string): string {
  const body = JSON.stringify({ query });
  return [
    'POST /graphql HTTP/1.1',
    'host: 127.0.0.1',
    'content-type: application/json',
    'accept: application/json',
    `authorization: Bearer ${bearer}`,
    `content-length: ${Buffer.byteLength(body)}`,
    '',
    body,
  ].join('\r\n');
}

/** @throws Error at the first answer that is not the expected one. */
export async function load({
  port,
  query,
  expected,
  connections,
  seconds,
  rate,
  alike,
}: Load): Promise<Loaded> {
  const mark = `bearer-of-${Date.now()}-${requests++}-`;
  const [before, after] = writeRequest(query, mark).split(mark) as [string, string];
  const latencies: number[] = [];
  const started = performance.now();
  const end = started + seconds * 1000;
  let next = started;

  /**
   * Waits until the next request is due. Returns the time from which it is measured, or undefined when the time is up.
   */
  async function due(): Promise<number | undefined> {
    const now = performance.now();
    if (!rate) return now < end ? now : undefined;
    const at = next;
    next += 1000 / rate;
    if (at >= end) return undefined;
    if (at <= now) return at;
    await new Promise(resolve => setTimeout(resolve, at - now));
    return performance.now();
  }

  async function work() {
    const connection = new Connection(port);
    for (let at = await due(); at !== undefined; at = await due()) {
      const { status, body } = await connection.send(`${before}${mark}${alike ? '' : requests++}${after}`);
      if (status !== 200 || !body.equals(expected)) {
        throw new Error(`Status ${status} with another answer than before: ${body.toString().slice(0, 500)}`);
      }
      latencies.push(performance.now() - at);
    }
    connection.close();
  }

  await Promise.all(Array.from({ length: connections }, work));
  const took = (performance.now() - started) / 1000;
  const sorted = latencies.sort((a, b) => a - b);
  return {
    perSecond: sorted.length / took,
    answers: sorted.length,
    p50: sorted[Math.floor(sorted.length / 2)]!,
    p99: sorted[Math.floor(sorted.length * 0.99)]!,
  };
}
