/**
 * `npm run bench`: measures the figures of the requirements on a running stack, from a client's side.
 *
 * It measures the answers of the purchase's HTTP calls (required: p95 < 300 ms) and the time from a confirmed payment
 * to the order being COMPLETED, which includes the acceptance of the confirmation email by SMTP (required: < 2 s).
 */
import { parseArgs } from 'node:util';
import { type ApiClient, createApiClient } from '../dev/buyer/client.ts';
import {
  confirmPayment,
  listEvents,
  payable,
  placeOrder,
  registerBuyer,
  watchPurchase,
} from '../dev/buyer/purchase.ts';

const { values: options } = parseArgs({
  options: {
    gateway: { type: 'string', default: process.env.GATEWAY_URL ?? 'http://localhost:4000' },
    purchases: { type: 'string', default: '60' },
    concurrency: { type: 'string', default: '1' },
    warmup: { type: 'string', default: '10' },
  },
});

const samples = new Map<string, number[]>();
let recording = false;

/** Measures the duration of a step, in milliseconds. */
async function timed<T>(step: string, work: () => Promise<T>): Promise<T> {
  const started = performance.now();
  const result = await work();
  record(step, performance.now() - started);
  return result;
}

function record(step: string, milliseconds: number) {
  if (recording) samples.set(step, [...(samples.get(step) ?? []), milliseconds]);
}

async function purchase(api: ApiClient) {
  const buyer = await timed('register', () => registerBuyer(api));
  const events = await timed('events', () => listEvents(api));
  const product = events
    .flatMap(event => event.products)
    .filter(({ kind }) => kind === 'ADMISSION')
    .sort((a, b) => b.available - a.available)[0];
  if (!product || product.available < 1) throw new Error('Sold out: start anew with `npm start -- --fresh`.');
  const placedAt = performance.now();
  const order = await timed('placeOrder', () =>
    placeOrder(buyer.api, [{ productId: product.id, quantity: 1 }]),
  );
  if (order.__typename !== 'Order') throw new Error(order.message);
  const watch = watchPurchase(buyer.api, order.id);
  const reserved = await watch.until(payable);
  record('placed → payable', performance.now() - placedAt);
  const confirmed = await timed('confirmPayment', () =>
    confirmPayment(buyer.api, reserved.payments[0]!.id, 'pm_card_visa'),
  );
  const paidAt = performance.now();
  if (confirmed.status !== 'SUCCEEDED')
    throw new Error(`The payment is ${confirmed.status}: ${confirmed.message}`);
  await watch.until(({ status }) => status === 'COMPLETED');
  record('confirmed → email accepted, COMPLETED', performance.now() - paidAt);
  await watch.until(({ invoice }) => invoice?.status === 'PAID');
  record('confirmed → invoice PAID, all of it', performance.now() - paidAt);
  await timed('order', () =>
    buyer.api.get('query ($id: ID!) { order(id: $id) { status timeline { to at } } }', { id: order.id }),
  );
  await watch.close();
}

async function run(count: number) {
  const api = createApiClient(`${options.gateway}/graphql`);
  let left = count;
  const buy = async () => {
    while (left-- > 0) await purchase(api);
  };
  await Promise.all(Array.from({ length: Number(options.concurrency) }, buy));
}

const percentile = (sorted: number[], share: number) =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!;

await run(Number(options.warmup));
recording = true;
const started = performance.now();
await run(Number(options.purchases));
const seconds = (performance.now() - started) / 1_000;

console.log(
  `${options.purchases} purchases, ${options.concurrency} at a time, ${(Number(options.purchases) / seconds).toFixed(1)} per second\n`,
);
console.log(
  `${'milliseconds'.padEnd(40)}${['p50', 'p95', 'p99', 'max'].map(head => head.padStart(9)).join('')}`,
);
for (const [step, values] of samples) {
  const sorted = values.toSorted((a, b) => a - b);
  const figures = [
    percentile(sorted, 0.5),
    percentile(sorted, 0.95),
    percentile(sorted, 0.99),
    sorted.at(-1)!,
  ];
  console.log(`${step.padEnd(40)}${figures.map(figure => figure.toFixed(1).padStart(9)).join('')}`);
}
