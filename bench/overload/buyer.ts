import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { type Answer, type ApiClient, withoutErrors } from '../../dev/buyer/client.ts';
import {
  confirmPayment,
  listEvents,
  type OrderNews,
  PURCHASE,
  payable,
  placeOrder,
  registerBuyer,
} from '../../dev/buyer/purchase.ts';
import type { Tally } from './tally.ts';

/** Error codes by which the system asks the client to come back later. */
const TRY_AGAIN = ['UNAVAILABLE', 'RATE_LIMITED'];
/** Seconds to wait when an answer does not give a time. */
const USUAL_WAIT_SECONDS = 1;

/**
 * Buys one ticket as a front end does: a step that is refused for the moment is tried again after `retryAfter`, with
 * jitter, and no step is repeated because a later one fails. Resolves when the order is COMPLETED.
 * @throws the signal's reason when the run ends first.
 */
export async function buy(given: ApiClient, tally: Tally, signal: AbortSignal): Promise<void> {
  const startedAt = performance.now();
  const api = patient(given, tally, signal);
  const buyer = await registerBuyer(api);
  const [product] = (await listEvents(buyer.api))
    .flatMap(({ products }) => products)
    .filter(({ kind }) => kind === 'ADMISSION')
    .sort((a, b) => b.available - a.available);
  const idempotencyKey = randomUUID();
  const order = await placeOrder(buyer.api, [{ productId: product!.id, quantity: 1 }], idempotencyKey);
  if (order.__typename !== 'Order') throw new Error(order.message);
  const live = follow(given.withToken(buyer.api.token), order.id, tally, signal);
  try {
    const { payments } = await live.until(payable);
    const payment = await confirmPayment(buyer.api, payments[0]!.id, 'pm_card_visa');
    if (payment.__typename !== 'Payment') throw new Error(payment.message);
    await live.until(({ status }) => status === 'COMPLETED');
    tally.complete(performance.now() - startedAt);
  } finally {
    live.stop();
  }
}

/** The same API; each request is repeated until it is not refused for the moment. */
function patient(api: ApiClient, tally: Tally, signal: AbortSignal): ApiClient {
  async function ask(query: string, variables?: Record<string, unknown>): Promise<Answer> {
    for (;;) {
      signal.throwIfAborted();
      const begun = performance.now();
      const answer = await Promise.race([api.ask(query, variables).catch(noAnswer), rejectWhen(signal)]);
      const refusal = note(answer, tally, nameOf(query), performance.now() - begun);
      if (!refusal) return answer;
      await pause(refusal, signal);
    }
  }
  return {
    ...api,
    ask,
    get: withoutErrors(ask),
    withToken: token => patient(api.withToken(token), tally, signal),
  };
}

const noAnswer = (error: unknown): Answer => ({
  data: null,
  errors: [{ message: String(error), extensions: { code: 'NO_ANSWER' } }],
});

/** Counts an answer. Returns the seconds to wait before the next try, or undefined when it was admitted. */
function note({ errors }: Answer, tally: Tally, step: string, milliseconds: number): number | undefined {
  const refusal = errors?.find(({ extensions }) => [...TRY_AGAIN, 'NO_ANSWER'].includes(extensions?.code));
  const code = errors ? (refusal ?? errors[0]!).extensions?.code : 'ok';
  tally.answer(step, code, milliseconds, refusal !== undefined);
  if (!refusal) return undefined;
  const { retryAfter } = refusal.extensions as { retryAfter?: number };
  return retryAfter ?? USUAL_WAIT_SECONDS;
}

const nameOf = (query: string) => /\w+ (\w+)/.exec(query)![1]!;

const pause = (seconds: number, signal: AbortSignal) =>
  wait(1_000 * seconds * (1 + Math.random() / 2), undefined, { signal });

/** The live updates of an order; the subscription is renewed whenever it fails. */
function follow(api: ApiClient, orderId: string, tally: Tally, signal: AbortSignal) {
  let latest: OrderNews | undefined;
  let tell = () => {};
  const stopping = new AbortController();
  const ended = AbortSignal.any([signal, stopping.signal]);

  async function listen() {
    while (!ended.aborted) {
      const results = api.subscribe(PURCHASE, { orderId });
      const close = () => void results.close().catch(() => {});
      ended.addEventListener('abort', close, { once: true });
      let seconds = USUAL_WAIT_SECONDS;
      try {
        for await (const { data, errors } of results) {
          if (errors && !data?.orderUpdated) {
            seconds = note({ data, errors }, tally, nameOf(PURCHASE), 0) ?? seconds;
            break;
          }
          // A field whose subgraph fails is null until a later event brings its value.
          latest = { ...data.orderUpdated, payments: data.orderUpdated.payments ?? [] };
          tell();
        }
      } catch (error) {
        const errors = Array.isArray(error) ? error : noAnswer(error).errors!;
        if (!ended.aborted) seconds = note({ data: null, errors }, tally, nameOf(PURCHASE), 0) ?? seconds;
      }
      ended.removeEventListener('abort', close);
      close();
      if (!ended.aborted) await pause(seconds, ended).catch(() => {});
    }
  }
  void listen();

  return {
    until(is: (order: OrderNews) => boolean): Promise<OrderNews> {
      const heard = new Promise<OrderNews>(resolve => {
        tell = () => latest && is(latest) && resolve(latest);
        tell();
      });
      return Promise.race([heard, rejectWhen(signal)]);
    },
    stop: () => stopping.abort(),
  };
}

function rejectWhen(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}
