/**
 * A map that drops entries that have not been used for long, so that all of them never weigh more than `limit`; each
 * weighs 1 by default.
 *
 * What is set or used is in the young half. When that is full it becomes the old half, and what was in the old half
 * is dropped. So the entries used last, half of the limit of them, are always known, and using one costs a look-up.
 */
export class BoundedMap<K, V> {
  #young = new Map<K, V>();
  #old = new Map<K, V>();
  #youngWeight = 0;
  #limit: number;
  #weigh: (value: V) => number;

  constructor(limit: number, weigh: (value: V) => number = () => 1) {
    this.#limit = limit;
    this.#weigh = weigh;
  }

  get(key: K): V | undefined {
    const value = this.#young.get(key);
    if (value !== undefined) return value;
    const older = this.#old.get(key);
    if (older !== undefined) this.set(key, older);
    return older;
  }

  /** Keeps an entry, unless it is heavier than the limit by itself. */
  set(key: K, value: V) {
    this.delete(key);
    const weight = this.#weigh(value);
    if (weight > this.#limit) return;
    const half = this.#limit / 2;
    if (this.#youngWeight + weight > half) {
      this.#old = weight > half ? new Map() : this.#young;
      this.#young = new Map();
      this.#youngWeight = 0;
    }
    this.#young.set(key, value);
    this.#youngWeight += weight;
  }

  delete(key: K) {
    this.#old.delete(key);
    const value = this.#young.get(key);
    if (value === undefined) return;
    this.#young.delete(key);
    this.#youngWeight -= this.#weigh(value);
  }
}
