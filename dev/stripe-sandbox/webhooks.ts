import { createHmac } from 'node:crypto';
import type Stripe from 'stripe';
import type { Log } from '#shared/kernel/log.ts';
import { newId } from './context.ts';
import type { Store } from './state.ts';

/** One event on its way to the webhook address. */
export interface Delivery {
  id: string;
  event: string;
  type: string;
  state: 'pending' | 'delivered' | 'abandoned';
  /** Milliseconds since 1970, as all times here. */
  created: number;
  attempts: { at: number; status?: number; error?: string }[];
}

export interface Webhooks {
  /** Sends an event, now and again until the address answers 2xx. */
  send(event: Stripe.Event): Delivery;
  /** Sends to another address (or with another secret) from here on; what is pending goes there at once. */
  point(to: { url?: string; secret?: string }): void;
  pause(): void;
  resume(): void;
  /** Forgets all timers; used when the state is cleared. */
  clear(): void;
  stop(): Promise<void>;
}

const RETRY_MS = [200, 500, 1000, 2000, 5000, 10_000, 30_000, 60_000];
const GIVE_UP_AFTER_MS = 60 * 60 * 1000;
const ANSWER_WITHIN_MS = 10_000;
/** Attempts at a time: more would open too many connections at the receiver. */
const AT_ONCE = 32;
/** Deliveries start at random within this time, so that nobody comes to rely on the order of events. */
const SHUFFLE_MS = 15;

/** `t=…,v1=…` over the exact bytes of the body. See https://docs.stripe.com/webhooks#verify-manually */
export function signWebhook(body: string, secret: string, timestamp = Math.floor(Date.now() / 1000)): string {
  const signature = createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex');
  return `t=${timestamp},v1=${signature}`;
}

/** Starts sending, beginning with what an earlier process left pending. */
export function startWebhooks(store: Store, to: { url: string; secret: string }, log: Log): Webhooks {
  const target = { ...to };
  const timers = new Map<string, NodeJS.Timeout>();
  /** Due, and waiting for one of the attempts under way to end. */
  const due = new Set<Delivery>();
  const underway = new Map<string, { attempt: Promise<void>; abort: AbortController }>();
  let stopped = false;
  let paused = false;

  function schedule(delivery: Delivery, wait: number) {
    if (paused || stopped || due.has(delivery) || underway.has(delivery.id)) return;
    clearTimeout(timers.get(delivery.id));
    timers.set(
      delivery.id,
      setTimeout(() => {
        timers.delete(delivery.id);
        due.add(delivery);
        startDue();
      }, wait),
    );
  }

  function startDue() {
    for (const delivery of due) {
      if (underway.size >= AT_ONCE) return;
      due.delete(delivery);
      const abort = new AbortController();
      const attempt = deliver(delivery, abort).finally(() => {
        underway.delete(delivery.id);
        // Still there (not cleared meanwhile) and still unanswered: again, later.
        if (delivery.state === 'pending' && store.deliveries.has(delivery.id)) {
          schedule(delivery, RETRY_MS[Math.min(delivery.attempts.length, RETRY_MS.length) - 1] ?? 0);
        }
        startDue();
      });
      underway.set(delivery.id, { attempt, abort });
    }
  }

  async function deliver(delivery: Delivery, abort: AbortController) {
    const event = store.events.get(delivery.event);
    if (event === undefined) {
      delivery.state = 'abandoned';
      return;
    }
    const body = JSON.stringify({ ...event, pending_webhooks: 1 });
    const attempt: Delivery['attempts'][number] = { at: Date.now() };
    const deadline = setTimeout(() => abort.abort(new Error('No answer in time')), ANSWER_WITHIN_MS);
    try {
      const answer = await fetch(target.url, {
        method: 'POST',
        body,
        redirect: 'manual',
        headers: {
          'content-type': 'application/json; charset=utf-8',
          'user-agent': 'Stripe/1.0 (+https://stripe.com/docs/webhooks)',
          'stripe-signature': signWebhook(body, target.secret),
        },
        signal: abort.signal,
      });
      // Read to its end, so that the connection can be used again.
      await answer.arrayBuffer();
      attempt.status = answer.status;
      if (answer.ok) delivery.state = 'delivered';
    } catch (error) {
      // An attempt that stopping cut short may or may not have arrived: it stays pending and is made again.
      if (stopped) return;
      const { message, cause } = error as Error;
      attempt.error = cause instanceof Error && cause.message !== '' ? cause.message : message;
    } finally {
      clearTimeout(deadline);
    }
    delivery.attempts.push(attempt);
    if (delivery.state === 'pending') {
      log.debug({ event: event.id, type: event.type, ...attempt }, 'webhook not accepted');
      if (Date.now() - delivery.created > GIVE_UP_AFTER_MS) delivery.state = 'abandoned';
    }
    if (delivery.state !== 'pending') event.pending_webhooks -= 1;
    store.changed();
  }

  function* pending() {
    for (const delivery of store.deliveries.values()) if (delivery.state === 'pending') yield delivery;
  }
  function sendPending() {
    for (const delivery of pending()) schedule(delivery, Math.random() * SHUFFLE_MS);
  }
  function stopTimers() {
    for (const timer of timers.values()) clearTimeout(timer);
    timers.clear();
    due.clear();
  }

  sendPending();
  return {
    send(event) {
      const delivery: Delivery = {
        id: newId('whd_'),
        event: event.id,
        type: event.type,
        state: 'pending',
        created: Date.now(),
        attempts: [],
      };
      event.pending_webhooks += 1;
      store.deliveries.set(delivery.id, delivery);
      schedule(delivery, Math.random() * SHUFFLE_MS);
      return delivery;
    },
    point(change) {
      Object.assign(target, change);
      sendPending();
    },
    pause() {
      paused = true;
      stopTimers();
    },
    resume() {
      paused = false;
      sendPending();
    },
    clear: stopTimers,
    async stop() {
      stopped = true;
      stopTimers();
      for (const { abort } of underway.values()) abort.abort();
      await Promise.all([...underway.values()].map(({ attempt }) => attempt));
    },
  };
}
