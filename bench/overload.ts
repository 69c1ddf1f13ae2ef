/**
 * `npm run bench:overload`: what happens to purchases when far more buyers come than can be served.
 *
 * Each run has a stack of its own in a temporary folder, on free ports. Buyers behave as front ends do: they repeat a
 * request that is refused for the moment after `retryAfter`, with jitter. Required: with 200 buyers at once, at least
 * as many purchases are completed as with 16, and the next purchase is as quick as usual.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { type ApiClient, createApiClient } from '../dev/buyer/client.ts';
import { signIn } from '../dev/buyer/purchase.ts';
import { startTestRedis } from '../dev/redis.ts';
import { type Stack, startStack } from '../dev/stack/stack.ts';
import { buy } from './overload/buyer.ts';
import { processorTime } from './overload/processor-time.ts';
import { percentile, Tally } from './overload/tally.ts';

const { values: options } = parseArgs({
  options: {
    /** Buyers at once; each number is a run of its own, in turn. */
    buyers: { type: 'string', default: '16,200' },
    seconds: { type: 'string', default: '20' },
    rounds: { type: 'string', default: '3' },
    /** Keeps the queues on Redis instead of PostgreSQL. */
    redis: { type: 'boolean', default: false },
  },
});
const SECONDS = Number(options.seconds);
const CAPACITY = 100_000;
/** Purchases before each run, several at a time, so that all code has run before the measurement. */
const WARMUP = 12;
const WARMUP_BUYERS = 3;
/** Seconds after which the next purchase is given up. */
const LONGEST_NEXT_SECONDS = 120;

const goodputs = new Map<number, number[]>();
for (let round = 1; round <= Number(options.rounds); round++) {
  for (const buyers of options.buyers.split(',').map(Number)) {
    const goodput = await run(buyers);
    goodputs.set(buyers, [...(goodputs.get(buyers) ?? []), goodput]);
  }
}
console.log('\npurchases per second, median of all rounds');
for (const [buyers, values] of goodputs) {
  console.log(`${String(buyers).padStart(6)} buyers: ${percentile(values, 0.5).toFixed(2)}`);
}

async function run(buyers: number): Promise<number> {
  const directory = await mkdtemp(join(tmpdir(), 'guichet-overload-'));
  const redis = options.redis ? await startTestRedis() : null;
  const stack = await startStack({
    directory,
    ports: 'free',
    quiet: true,
    log: () => {},
    env: { LOG_LEVEL: 'error', ...process.env },
    ...(redis && { redisUrl: redis.url }),
  });
  try {
    return await measure(stack, buyers);
  } finally {
    await stack.stop();
    await redis?.stop();
    await rm(directory, { recursive: true, force: true });
  }
}

async function measure(stack: Stack, buyers: number): Promise<number> {
  const api = createApiClient(stack.gatewayUrl);
  await putOnSale(api);
  let left = WARMUP;
  await Promise.all(
    Array.from({ length: WARMUP_BUYERS }, async () => {
      while (left-- > 0) await buy(api, new Tally(), AbortSignal.timeout(60_000));
    }),
  );

  const usedSoFar = () => processorTime([...stack.processes.values()].map(({ pid }) => pid));
  const tally = new Tally();
  const usedBefore = usedSoFar();
  const end = new AbortController();
  const shopping = Array.from({ length: buyers }, async () => {
    while (!end.signal.aborted) {
      await buy(api, tally, end.signal).catch(error => {
        if (!end.signal.aborted) console.log(`  a purchase failed: ${error}`);
      });
    }
  });
  await wait(SECONDS * 1_000);
  tally.end();
  const used = usedSoFar() - usedBefore;
  end.abort(new Error('The run is over.'));
  await Promise.all(shopping);

  const begun = performance.now();
  const next = await buy(api, new Tally(), AbortSignal.timeout(LONGEST_NEXT_SECONDS * 1_000)).then(
    () => `${((performance.now() - begun) / 1_000).toFixed(1)} s`,
    () => `not within ${LONGEST_NEXT_SECONDS} s`,
  );
  report(buyers, tally, next, used);
  return tally.purchases.length / SECONDS;
}

function report(buyers: number, { steps, purchases }: Tally, next: string, used: number) {
  const figures = (samples: number[]) =>
    [0.5, 0.95].map(share => `${percentile(samples, share).toFixed(0)}`.padStart(7)).join('');
  const all = [...steps.values()];
  const line = (name: string, admitted: number[], refused: number[], codes = '') =>
    `  ${name.padEnd(16)}${figures(admitted)}${figures(refused)}   ${codes}`;
  console.log(
    [
      `${buyers} buyers for ${SECONDS} s: ${purchases.length} purchases, ${(purchases.length / SECONDS).toFixed(2)} per second; the next one: ${next}`,
      '  milliseconds     admitted p50, p95    refused p50, p95   answers',
      ...[...steps].map(([name, { codes, admitted, refused }]) =>
        line(name, admitted, refused, [...codes].map(([code, count]) => `${count} ${code}`).join(', ')),
      ),
      line(
        'all answers',
        all.flatMap(({ admitted }) => admitted),
        all.flatMap(({ refused }) => refused),
      ),
      line('whole purchase', purchases, []),
      `  ${used.toFixed(1)} s of processor time, ${(purchases.length / used).toFixed(2)} purchases per second of it`,
    ].join('\n'),
  );
}

/** An event with more tickets than all buyers together can buy. */
async function putOnSale(api: ApiClient) {
  const organizer = await signIn(api, 'organizer@guichet.test', 'organizer-guichet');
  const at = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString();
  const { createEvent } = await organizer.get(
    'mutation ($input: CreateEventInput!) { createEvent(input: $input) { ... on Event { id } ... on Error { message } } }',
    { input: { title: 'A large hall', startsAt: at(10), endsAt: at(10.2), timezone: 'Europe/Paris' } },
  );
  await organizer.get(
    'mutation ($input: CreateProductInput!) { createProduct(input: $input) { ... on Product { id } ... on Error { message } } }',
    {
      input: {
        eventId: createEvent.id,
        kind: 'ADMISSION',
        name: 'Seat',
        capacity: CAPACITY,
        taxRate: 0.055,
        price: { amount: 2_500, currency: 'EUR' },
      },
    },
  );
  await organizer.get('mutation ($id: ID!) { publishEvent(eventId: $id) { ... on Event { status } } }', {
    id: createEvent.id,
  });
}
