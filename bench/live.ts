/**
 * `npm run bench:live`: how many live operations one gateway process carries, and what an event costs.
 *
 * Three processes run: the gateway, subgraphs in memory, and this one with its clients. Each of 5,000 signed-in viewers
 * has a socket with an idle subscription to one of their own orders. Required at the same time, in less than 600 MiB:
 * 500 messages/s fanned out, none lost and all in order.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { exportSPKI, generateKeyPair, SignJWT } from 'jose';
import { ACCESS_TOKEN, viewerClaims } from '#shared/kernel/passport.ts';
import { startProcess } from './live/processes.ts';
import { connectWatcher, Tally } from './live/watcher.ts';

const { values: options } = parseArgs({
  options: {
    sockets: { type: 'string', default: '5000' },
    /** Seconds of each steady load. */
    seconds: { type: 'string', default: '10' },
  },
});
const SOCKETS = Number(options.sockets);
const SECONDS = Number(options.seconds);
/** 50 topics with 10 watchers each and one event per second: 500 messages/s. */
const TOPICS = Array.from({ length: 50 }, (_, i) => `event-${i}`);
const WATCHERS = 10;
/** One topic with a fifth of all sockets. */
const HOT = 'event-hot';
const HOT_WATCHERS = SOCKETS / 5;
const BURST = 100;
/** One topic whose watchers share no upstream. */
const ALONE = 'event-alone';
const UNSHARED = SOCKETS / 50;

const ORDER = 'subscription ($id: ID!) { orderUpdated(orderId: $id) { id number } }';
const AVAILABLE = 'subscription ($id: ID!) { availabilityChanged(eventId: $id) { id name available } }';

const { publicKey, privateKey } = await generateKeyPair(ACCESS_TOKEN.algorithm, { extractable: true });
const subgraphs = await startProcess<{ supergraphSdl: string; urls: Record<string, string> }>(
  'subgraphs.ts',
  {
    PUBLIC_KEY: await exportSPKI(publicKey),
  },
);
const folder = mkdtempSync(join(tmpdir(), 'bench-live-'));
writeFileSync(join(folder, 'supergraph.graphql'), subgraphs.told.supergraphSdl);
const gateway = await startProcess<string>(
  'gateway.ts',
  {
    ...subgraphs.told.urls,
    SUPERGRAPH: join(folder, 'supergraph.graphql'),
    GATEWAY_PORT: '0',
    LOG_LEVEL: 'error',
  },
  ['--max-semi-space-size=64'],
);
const usage = () => gateway.ask({ kind: 'usage' });
const tally = new Tally();
const empty = await usage();
let mostMemory = empty.rss;

console.log(`${SOCKETS} viewers, each with a socket and an idle subscription`);
const startedAt = performance.now();
const watchers = await inBatches(SOCKETS, async index => {
  const watcher = await connectWatcher(gateway.told, await signToken(`viewer-${index}`), tally);
  await watcher.subscribe(ORDER, `order-${index}`);
  return watcher;
});
const connected = await report('open', startedAt, empty.cpu);
console.log(
  `  ${kilobytes((connected.rss - empty.rss) / SOCKETS)} of RSS per viewer: client's socket, subgraph's socket, subscription`,
);

await Promise.all(
  TOPICS.flatMap((topic, t) =>
    Array.from({ length: WATCHERS }, (_, w) => at(t * WATCHERS + w).subscribe(AVAILABLE, topic)),
  ),
);
await inBatches(HOT_WATCHERS, index => at(SOCKETS - 1 - index).subscribe(AVAILABLE, HOT));

await measure(
  `${TOPICS.length} topics × ${WATCHERS} watchers × 1 event/s`,
  TOPICS.length * WATCHERS * SECONDS,
  {
    topics: TOPICS,
    times: SECONDS,
    interval: 1_000,
  },
);
await measure(`1 topic × ${HOT_WATCHERS} watchers × 5 events/s`, HOT_WATCHERS * SECONDS * 5, {
  topics: [HOT],
  times: SECONDS * 5,
  interval: 200,
});
await measure(`1 topic × ${HOT_WATCHERS} watchers × ${BURST} events at once`, HOT_WATCHERS * BURST, {
  topics: [HOT],
  times: BURST,
  interval: 0,
});
// Measures the benefit of sharing: operation names separate groups, so each of these watchers has a group of its own.
await inBatches(UNSHARED, index =>
  at(index).subscribe(AVAILABLE.replace('subscription', `subscription Own${index}`), ALONE),
);
await measure(`1 topic × ${UNSHARED} watchers × ${BURST} events at once, nothing shared`, UNSHARED * BURST, {
  topics: [ALONE],
  times: BURST,
  interval: 0,
});
await measure('every idle subscription, one event each, at once', SOCKETS, {
  topics: Array.from({ length: SOCKETS }, (_, i) => `order-${i}`),
  times: 1,
  interval: 0,
});

const lost = tally.faults;
console.log(`most memory: ${megabytes(mostMemory)}; faults: ${lost.length}`, lost.slice(0, 5));
gateway.stop();
subgraphs.stop();
rmSync(folder, { recursive: true });
process.exit(lost.length > 0 || mostMemory > 600 * 2 ** 20 ? 1 : 0);

async function measure(
  what: string,
  expected: number,
  event: { topics: string[]; times: number; interval: number },
) {
  console.log(what);
  tally.reset();
  const before = await usage();
  const start = performance.now();
  await subgraphs.ask({ kind: 'publish', ...event });
  await tally.reach(expected);
  const { cpu } = await report(`${tally.messages} messages`, start, before.cpu);
  if (tally.messages !== expected) tally.faults.push(`${what}: ${tally.messages} instead of ${expected}`);
  console.log(`  ${Math.round(tally.messages / (cpu - before.cpu))} messages per CPU-second of the gateway`);
  const latencies = tally.latencies.sort((a, b) => a - b);
  if (latencies.length === 0) return;
  const [p50, p95, p99] = [0.5, 0.95, 0.99].map(q => latencies[Math.floor(q * latencies.length)]!.toFixed(1));
  console.log(`  latency p50 ${p50}, p95 ${p95}, p99 ${p99}, most ${latencies.at(-1)!.toFixed(1)} ms`);
}

async function report(what: string, start: number, cpuBefore: number) {
  const seconds = (performance.now() - start) / 1000;
  const now = await usage();
  mostMemory = Math.max(mostMemory, now.rss);
  const load = Math.round((100 * (now.cpu - cpuBefore)) / seconds);
  console.log(
    `  ${what} in ${seconds.toFixed(1)} s; gateway: RSS ${megabytes(now.rss)}, heap ${megabytes(now.heap)}, CPU ${load} %`,
  );
  return now;
}

function signToken(id: string) {
  const viewer = {
    id,
    role: 'CUSTOMER' as const,
    permissions: [],
    email: `${id}@guichet.test`,
    displayName: id,
    locale: 'en',
  };
  return new SignJWT(viewerClaims(viewer))
    .setProtectedHeader({ alg: ACCESS_TOKEN.algorithm, kid: 'bench' })
    .setSubject(id)
    .setIssuer(ACCESS_TOKEN.issuer)
    .setAudience(ACCESS_TOKEN.audience)
    .setExpirationTime('1h')
    .sign(privateKey);
}

async function inBatches<T>(count: number, work: (index: number) => Promise<T>): Promise<T[]> {
  const done: T[] = [];
  let next = 0;
  await Promise.all(
    Array.from({ length: 64 }, async () => {
      for (let index = next++; index < count; index = next++) done[index] = await work(index);
    }),
  );
  return done;
}

function at(index: number) {
  return watchers[((index % SOCKETS) + SOCKETS) % SOCKETS]!;
}

function megabytes(bytes: number) {
  return `${Math.round(bytes / 2 ** 20)} MiB`;
}

function kilobytes(bytes: number) {
  return `${(bytes / 1024).toFixed(1)} kB`;
}
