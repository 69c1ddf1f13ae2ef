import { WebSocket } from 'ws';
import { now } from './messages.ts';

/** A client with a socket of its own, which checks that it receives everything, in order, and nothing else. */
export interface Watcher {
  subscribe(query: string, topic: string): Promise<void>;
  close(): void;
}

/** The totals over all watchers since the last `reset`. */
export class Tally {
  messages = 0;
  /** Messages out of sequence: a message before them was lost, repeated or overtaken. */
  faults: string[] = [];
  latencies: number[] = [];
  #reached = () => {};
  #goal = Number.POSITIVE_INFINITY;

  reset() {
    this.messages = 0;
    this.latencies = [];
  }

  told(sentAt: number | undefined) {
    if (sentAt !== undefined) this.latencies.push(now() - sentAt);
    if (++this.messages >= this.#goal) this.#reached();
  }

  /** Resolves when that many messages have come, or after `patience` milliseconds without them. */
  async reach(goal: number, patience = 15_000) {
    if (this.messages >= goal) return;
    await new Promise<void>(resolve => {
      const timer = setTimeout(resolve, patience);
      this.#goal = goal;
      this.#reached = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#goal = Number.POSITIVE_INFINITY;
  }
}

interface Payload {
  data?: {
    orderUpdated?: { id: string; number: number };
    availabilityChanged?: { id: string; available: number; name: string }[];
  };
}

/** Connects with an access token; resolves when the gateway has accepted the connection. */
export function connectWatcher(url: string, token: string, tally: Tally): Promise<Watcher> {
  const socket = new WebSocket(url, 'graphql-transport-ws', { perMessageDeflate: false });
  /** By operation: its topic, the number that must come next, and the callback for the first message. */
  const operations = new Map<string, { topic: string; next?: number; started?: () => void }>();

  function hear(id: string, { data }: Payload) {
    const operation = operations.get(id)!;
    const [product] = data?.availabilityChanged ?? [];
    const topic = product?.id ?? data?.orderUpdated?.id;
    const number = product?.available ?? data?.orderUpdated?.number;
    if (number === undefined || topic !== operation.topic) {
      tally.faults.push(`${operation.topic} was told ${JSON.stringify(data)}`);
      return;
    }
    if (operation.next === undefined) operation.started?.();
    else {
      if (number !== operation.next) tally.faults.push(`${topic}: ${number} instead of ${operation.next}`);
      tally.told(product && Number(product.name));
    }
    operation.next = number + 1;
  }

  return new Promise((resolve, reject) => {
    const watcher: Watcher = {
      subscribe: (query, topic) =>
        new Promise(started => {
          const id = String(operations.size + 1);
          operations.set(id, { topic, started });
          socket.send(
            JSON.stringify({ id, type: 'subscribe', payload: { query, variables: { id: topic } } }),
          );
        }),
      close: () => socket.terminate(),
    };
    socket.on('open', () =>
      socket.send(JSON.stringify({ type: 'connection_init', payload: { authorization: `Bearer ${token}` } })),
    );
    socket.on('message', text => {
      const { id, type, payload } = JSON.parse(String(text));
      if (type === 'connection_ack') resolve(watcher);
      else if (type === 'next') hear(id, payload);
      else tally.faults.push(String(text));
    });
    socket.on('error', reject);
    socket.on('close', code => tally.faults.push(`closed ${code}`));
  });
}
