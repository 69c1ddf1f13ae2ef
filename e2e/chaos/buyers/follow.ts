/** Follows an order live, as an open page does: a broken subscription is started again. */
import { setTimeout as pause } from 'node:timers/promises';
import type { ApiClient, LiveResults } from '../../../dev/buyer/client.ts';
import { type Journal, NEWS, type News, noteErrors, remember, type Told } from './told.ts';

export interface Following {
  /** The newest update that was received. */
  latest(): News | undefined;
  /** The first update, from the last one received on, for which `is` holds; null when there is none within `ms`. */
  until(is: (news: News) => boolean, ms: number): Promise<News | null>;
  close(): Promise<void>;
}

const QUERY = `subscription ($orderId: ID!) { orderUpdated(orderId: $orderId) { ${NEWS} } }`;
const AGAIN_AFTER_MS = 300;

export function follow(api: ApiClient, told: Told, journal: Journal): Following {
  const orderId = told.orderIds[0]!;
  const listeners = new Set<() => void>();
  let latest: News | undefined;
  let live: LiveResults | undefined;
  let closed = false;

  const listening = (async () => {
    while (!closed) {
      live = api.subscribe(QUERY, { orderId });
      try {
        for await (const { data, errors } of live) {
          noteErrors(journal, 'orderUpdated', errors);
          if (!data?.orderUpdated) continue;
          latest = data.orderUpdated as News;
          remember(told, latest, { live: true });
          for (const tell of listeners) tell();
        }
      } catch (error) {
        if (Array.isArray(error)) noteErrors(journal, 'orderUpdated', error);
        else if (!closed) journal.lost += 1;
      }
      await live.close().catch(() => undefined);
      if (!closed) await pause(AGAIN_AFTER_MS);
    }
  })();

  return {
    latest: () => latest,
    until(is, ms) {
      return new Promise(resolve => {
        const done = (news: News | null) => {
          listeners.delete(look);
          clearTimeout(timer);
          resolve(news);
        };
        const look = () => {
          if (latest && is(latest)) done(latest);
        };
        const timer = setTimeout(done, ms, null);
        listeners.add(look);
        look();
      });
    },
    async close() {
      closed = true;
      await live?.close().catch(() => undefined);
      await listening;
    },
  };
}
