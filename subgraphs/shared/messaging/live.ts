/**
 * Live updates: what has been committed is published on a topic, and reaches every process that listens to the topic.
 *
 * A publication carries no state: listeners reload from the database, so that a lost or repeated one does no harm
 * beyond a delay.
 */
import { unavailable } from '../kernel/errors.ts';
import type { Log } from '../kernel/log.ts';
import type { LiveRelay } from './queues.ts';

type Listener = (data: unknown) => unknown;

export interface Live {
  publish(topic: string, data?: unknown): Promise<void>;
  /**
   * Calls `listener` for each publication, and without data after an outage, in which publications may have been
   * missed. Resolves, once listening, to the function that ends it.
   * @throws CodedError UNAVAILABLE when the queue backend does not answer.
   */
  listen<T = unknown>(
    topic: string,
    listener: (data: T | undefined) => unknown,
  ): Promise<() => Promise<void>>;
  /**
   * The values that `load` gives now and after each publication on one of the topics.
   *
   * Publications that arrive while `load` runs lead to one more run. A failing `load` ends the iteration with its
   * error; `return()` ends it at once.
   */
  watch<T>(topics: string[], load: () => Promise<T[]>): AsyncIterableIterator<T>;
}

export function createLive(relay: LiveRelay, log: Log): Live {
  // One subscription of the relay serves all listeners of this process on a topic.
  const topics = new Map<
    string,
    { listeners: Set<Listener>; subscribed: Promise<{ unsubscribe(): Promise<void> }> }
  >();

  // Publications may have been missed during an outage: all listeners reload.
  relay.on('recovered', () => {
    for (const { listeners } of topics.values()) {
      for (const listener of listeners) listener(undefined);
    }
  });

  async function listen<T>(topic: string, listener: (data: T | undefined) => unknown) {
    let entry = topics.get(topic);
    if (!entry) {
      const listeners = new Set<Listener>();
      const subscribed = relay.subscribe(topic, ({ data }) => {
        for (const each of [...listeners]) each(data);
      });
      entry = { listeners, subscribed };
      topics.set(topic, entry);
      subscribed.catch(() => topics.get(topic)?.subscribed === subscribed && topics.delete(topic));
    }
    const { listeners, subscribed } = entry;
    listeners.add(listener as Listener);
    const subscription = await subscribed.catch(error => {
      log.warn({ err: error, topic }, 'subscribe');
      throw unavailable('Live updates are not available at the moment. Try again shortly.');
    });
    return async () => {
      listeners.delete(listener as Listener);
      if (listeners.size > 0 || topics.get(topic)?.listeners !== listeners) return;
      topics.delete(topic);
      await subscription.unsubscribe().catch(error => log.debug({ err: error, topic }, 'unsubscribe'));
    };
  }

  return {
    async publish(topic, data = null) {
      await relay.publish(topic, data);
    },
    listen,
    watch: (names, load) => watch(names, load, listen),
  };
}

function watch<T>(
  names: string[],
  load: () => Promise<T[]>,
  listen: Live['listen'],
): AsyncIterableIterator<T> {
  const values: T[] = [];
  let waiting: { resolve(result: IteratorResult<T>): void; reject(error: unknown): void } | undefined;
  let failure: { error: unknown } | undefined;
  let done = false;
  let loading = false;
  let again = false;
  let stops: (() => Promise<void>)[] = [];

  const finish = async () => {
    done = true;
    const ending = stops;
    stops = [];
    await Promise.all(ending.map(stop => stop()));
  };
  const settle = () => {
    if (!waiting) return;
    const { resolve, reject } = waiting;
    if (values.length > 0) resolve({ value: values.shift()!, done: false });
    else if (failure) reject(failure.error);
    else if (done) resolve({ value: undefined, done: true });
    else return;
    waiting = undefined;
  };
  const refresh = async () => {
    if (loading) {
      again = true;
      return;
    }
    loading = true;
    try {
      do {
        again = false;
        values.push(...(await load()));
        settle();
      } while (again && !done);
    } catch (error) {
      failure = { error };
      await finish();
      settle();
    } finally {
      loading = false;
    }
  };

  let started = false;
  // Listening begins before the first load, so that no change between the two is missed.
  const start = async () => {
    const listening = await Promise.all(names.map(name => listen(name, refresh)));
    if (done) await Promise.all(listening.map(stop => stop()));
    else stops = listening;
    await refresh();
  };

  return {
    next() {
      if (!started) {
        started = true;
        start().catch(error => {
          failure = { error };
          settle();
        });
      }
      return new Promise((resolve, reject) => {
        waiting = { resolve, reject };
        settle();
      });
    },
    async return() {
      await finish();
      settle();
      return { value: undefined, done: true };
    },
    async throw(error) {
      await finish();
      throw error;
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
