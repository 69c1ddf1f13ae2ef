/**
 * Events between a fast producer and a slow consumer, in order.
 *
 * Nothing is lost up to `limit`; beyond it the oldest waiting event is dropped, since each event holds the whole
 * current state and the newest is what a late consumer needs.
 */
export class EventQueue<T> implements AsyncIterable<T> {
  #waiting: T[] = [];
  #limit: number;
  #ended = false;
  #wake = () => {};

  constructor(limit: number) {
    this.#limit = limit;
  }

  get ended() {
    return this.#ended;
  }

  push(event: T) {
    if (this.#ended) return;
    this.#waiting.push(event);
    if (this.#waiting.length > this.#limit) this.#waiting.shift();
    this.#wake();
  }

  /** Events that wait are still delivered, unless they are discarded. */
  end({ discard = false } = {}) {
    this.#ended = true;
    if (discard) this.#waiting = [];
    this.#wake();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, void> {
    for (;;) {
      while (this.#waiting.length > 0) yield this.#waiting.shift()!;
      if (this.#ended) return;
      await new Promise<void>(resolve => {
        this.#wake = resolve;
      });
    }
  }
}
