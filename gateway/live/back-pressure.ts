/** Where results are written to: a WebSocket or an event stream. */
export interface Sink {
  write(frame: string): void;
  /** Bytes that the network has not taken yet. */
  buffered(): number;
  /** Calls `listener` once when the network has taken all of them. */
  onceDrained(listener: () => void): void;
  /** Closes the connection of a client that reads too slowly. */
  abandon(): void;
}

export interface BackPressureLimits {
  /** Bytes that may wait for a client before results are held back. */
  maxBufferedBytes: number;
  /** After this long a client that still has more than that to read is given up. */
  patienceMs: number;
}

const LIMITS: BackPressureLimits = { maxBufferedBytes: 1_000_000, patienceMs: 30_000 };

/**
 * Writes results to one client. All of them are sent for as long as the client keeps up. Of what a client is too slow
 * to read only the newest result of each operation is kept, so memory stays bounded however fast the events come; it is
 * sent once the client has caught up, and a client that does not is given up.
 */
export class BackPressureWriter {
  /** The newest result by operation, while the client is behind. */
  #held = new Map<string, string>();
  #patience: NodeJS.Timeout | undefined;
  #sink: Sink;
  #limits: BackPressureLimits;
  #skipped: () => void;

  /** @param skipped called for each result that is dropped for a newer one. */
  constructor(sink: Sink, skipped: () => void = () => {}, limits: BackPressureLimits = LIMITS) {
    this.#sink = sink;
    this.#skipped = skipped;
    this.#limits = limits;
  }

  /** Sends a result of an operation, or keeps it in place of what is kept already. */
  send(operation: string, frame: string) {
    if (this.#held.size === 0 && !this.#behind) return this.#sink.write(frame);
    if (this.#held.has(operation)) this.#skipped();
    this.#hold(operation, frame);
  }

  /** Sends what is kept of an operation that has ended, before its end is sent. */
  finish(operation: string) {
    const frame = this.#held.get(operation);
    if (frame === undefined) return;
    this.#held.delete(operation);
    this.#sink.write(frame);
  }

  /** Drops what is kept of an operation that nobody wants any more. */
  forget(operation: string) {
    this.#held.delete(operation);
  }

  /** The client is gone. */
  close() {
    clearTimeout(this.#patience);
    this.#held.clear();
  }

  get #behind() {
    return this.#sink.buffered() > this.#limits.maxBufferedBytes;
  }

  #hold(operation: string, frame: string) {
    if (!this.#patience) {
      this.#patience = setTimeout(() => {
        if (this.#behind) this.#sink.abandon();
        else this.#catchUp();
      }, this.#limits.patienceMs);
      this.#sink.onceDrained(() => this.#catchUp());
    }
    // The newest goes last, so that what is sent first is what has waited longest.
    this.#held.delete(operation);
    this.#held.set(operation, frame);
  }

  #catchUp() {
    clearTimeout(this.#patience);
    this.#patience = undefined;
    const frames = [...this.#held];
    this.#held.clear();
    for (const [operation, frame] of frames) this.send(operation, frame);
  }
}
