/** Limits how many requests a subgraph executes at a time; the rest wait a moment, or are refused. */
import type { Writable } from 'node:stream';
import { Counter, Gauge } from 'prom-client';
import { timeLeft } from '../kernel/deadline.ts';
import type { Metrics } from '../kernel/metrics.ts';

/** Milliseconds that a request without a deadline may wait. */
const LONGEST_WAIT_MS = 5_000;
/** Requests that may wait, for each one that may be executed at a time. */
const WAITING_PER_EXECUTING = 8;

/** Tells whether its client still waits: an HTTP answer that is not sent yet. */
export type Client = Pick<Writable, 'closed' | 'once' | 'off'>;

export interface RequestLimit {
  /**
   * Waits for a place among the requests that are executed at a time: in turn, until half of what its deadline
   * leaves has passed, since the other half is for the work itself. Whoever gets a place has to leave it.
   * Resolves to false when there was none in time, or when the client has left meanwhile.
   */
  enter(client: Client, deadline: number | undefined): Promise<boolean>;
  leave(): void;
}

interface Waiting {
  settle(admitted: boolean): void;
}

/** `limit`: requests that are executed at a time; 0 is any number, except for those past their deadline. */
export function createRequestLimit(limit: number, { registry }: Metrics): RequestLimit {
  const line = new Set<Waiting>();
  let executing = 0;
  const refused = new Counter({
    name: 'guichet_requests_refused_total',
    help: 'Number of GraphQL requests that were not executed, because it was too late or too many waited',
    registers: [registry],
  });
  new Gauge({
    name: 'guichet_requests_executing',
    help: 'Number of GraphQL requests that are being executed',
    registers: [registry],
    collect() {
      this.set(executing);
    },
  });
  new Gauge({
    name: 'guichet_requests_waiting',
    help: 'Number of GraphQL requests that wait for others to be executed',
    registers: [registry],
    collect() {
      this.set(line.size);
    },
  });

  function wait(client: Client, milliseconds: number): Promise<boolean> {
    return new Promise(resolve => {
      const waiting: Waiting = {
        settle(admitted) {
          clearTimeout(timer);
          client.off('close', giveUp);
          line.delete(waiting);
          resolve(admitted);
        },
      };
      const giveUp = () => waiting.settle(false);
      const timer = setTimeout(giveUp, milliseconds);
      client.once('close', giveUp);
      line.add(waiting);
    });
  }

  async function enter(client: Client, deadline: number | undefined): Promise<boolean> {
    const left = timeLeft(deadline, 2 * LONGEST_WAIT_MS);
    if (left <= 0 || client.closed) return false;
    if (limit > 0 && executing >= limit) {
      if (line.size >= limit * WAITING_PER_EXECUTING) return false;
      // Whoever leaves hands over the place: it stays counted.
      return wait(client, left / 2);
    }
    executing++;
    return true;
  }

  return {
    async enter(client, deadline) {
      const admitted = await enter(client, deadline);
      if (!admitted) refused.inc();
      return admitted;
    },
    leave() {
      const [next] = line;
      if (next) next.settle(true);
      else executing--;
    },
  };
}
