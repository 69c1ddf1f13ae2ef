/**
 * Tells when the client of a request has left, so that work for it can be given up.
 *
 * It does what an AbortSignal does at a fraction of the cost, which counts because every fetch listens to it.
 */
export class ClientSignal {
  #aborted = false;
  #listeners = new Set<() => void>();

  /** Whether the client has left. */
  get aborted() {
    return this.#aborted;
  }

  /** Calls `listener` when the client leaves, unless it is removed before. */
  addListener(listener: () => void) {
    this.#listeners.add(listener);
  }

  removeListener(listener: () => void) {
    this.#listeners.delete(listener);
  }

  /** The client has left. Only the first call has an effect. */
  abort() {
    if (this.#aborted) return;
    this.#aborted = true;
    for (const listener of this.#listeners) listener();
    this.#listeners.clear();
  }
}
