/**
 * `node bench/gateway/run.ts`: how much load each gateway handles on one core.
 *
 * Every gateway runs on a core of its own; this process and the subgraphs run on another. The gateways are measured in
 * turns, in several rounds, so that other activity on the machine affects all of them. Answers are compared before
 * anything is measured.
 */
import { fork } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual, parseArgs } from 'node:util';
import { Connection } from './connection.ts';
import { cpuOf, KINDS, leaveGatewayCore, type Running, startGateway } from './gateways.ts';
import { load, writeRequest } from './load.ts';
import { drawPicture } from './picture.ts';
import { type Figures, medianOf, writeTables } from './report.ts';
import { OPERATIONS, type OperationName } from './world.ts';

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    /** Seconds of each measurement. */
    seconds: { type: 'string', default: '4' },
    connections: { type: 'string', default: '32' },
    /** Measures only gateways whose name contains one of these, separated by commas; the first gateway always runs. */
    only: { type: 'string', default: '' },
    operations: { type: 'string', default: Object.keys(OPERATIONS).join() },
    /** Writes `results.md` and `results.svg`. */
    keep: { type: 'boolean', default: false },
  },
});
const ROUNDS = Number(options.rounds);
const SECONDS = Number(options.seconds);
const connections = Number(options.connections);
const operations = options.operations.split(',') as OperationName[];
/**
 * Share of the throughput of the slowest gateway: all gateways can handle this rate, so that latencies are comparable.
 */
const EQUAL_LOAD = 0.6;

leaveGatewayCore();
const subgraphs = fork(new URL('./subgraphs.ts', import.meta.url));
const ask = <T>() => new Promise<T>(resolve => subgraphs.once('message', resolve as (told: unknown) => void));
const { urls, supergraphSdl } = await ask<{ urls: Record<string, string>; supergraphSdl: string }>();
const folder = mkdtempSync(join(tmpdir(), 'bench-gateway-'));
const supergraph = join(folder, 'supergraph.graphql');
writeFileSync(supergraph, supergraphSdl);
async function countFetches(): Promise<number> {
  const told = ask<{ fetches: number }>();
  subgraphs.send('fetches');
  return (await told).fetches;
}

const gateways: Running[] = [];
const wanted = KINDS.filter(
  ({ name }, index) => index === 0 || options.only.split(',').some(part => name.includes(part)),
);
for (const kind of wanted) {
  gateways.push(await startGateway(kind, { supergraph, urls }, OPERATIONS.small));
  console.log(`${kind.name} answers`);
}

const expected = new Map<string, Buffer>();
const figures: Figures[] = [];
for (const operation of operations) {
  const query = OPERATIONS[operation];
  let reference: unknown;
  for (const gateway of gateways) {
    const connection = new Connection(gateway.port);
    // Some gateways compile operations during the first requests.
    for (const nth of ['first', 'second', 'third']) await connection.send(writeRequest(query, nth));
    const before = await countFetches();
    const { body } = await connection.send(writeRequest(query, 'fourth'));
    const fetches = (await countFetches()) - before;
    connection.close();
    const { data, errors } = JSON.parse(body.toString());
    reference ??= data;
    if (errors || !isDeepStrictEqual(data, reference)) {
      throw new Error(`${gateway.name} answers ${operation} differently: ${body.toString().slice(0, 500)}`);
    }
    expected.set(`${gateway.name} ${operation}`, body);
    figures.push({
      gateway: gateway.name,
      operation,
      bytes: body.length,
      fetches,
      rounds: [],
      equalLoad: [],
    });
  }
}
console.log('All answers are equal');

const figuresOf = (gateway: Running, operation: OperationName) =>
  figures.find(one => one.gateway === gateway.name && one.operation === operation)!;
const loadOf = (gateway: Running, operation: OperationName) => ({
  port: gateway.port,
  query: OPERATIONS[operation],
  expected: expected.get(`${gateway.name} ${operation}`)!,
  connections,
  seconds: SECONDS,
});

/** Each measurement follows a warm-up of one second; before the first one the warm-up is longer. */
async function measure(gateway: Running, operation: OperationName, warmUp: number) {
  const asked = loadOf(gateway, operation);
  await load({ ...asked, seconds: warmUp });
  const before = { gateway: gateway.cpu(), others: process.cpuUsage(), subgraphs: cpuOf(subgraphs.pid!) };
  const started = performance.now();
  const { perSecond, answers, p50, p99 } = await load(asked);
  const others = process.cpuUsage(before.others);
  const busy = (others.user + others.system) / 1e6 + cpuOf(subgraphs.pid!) - before.subgraphs;
  return {
    perSecond,
    cpu: ((gateway.cpu() - before.gateway) / answers) * 1000,
    p50,
    p99,
    othersBusy: busy / ((performance.now() - started) / 1000),
  };
}

for (let round = 0; round < ROUNDS; round++) {
  for (const operation of operations) {
    for (const gateway of gateways) {
      const measured = await measure(gateway, operation, round === 0 ? SECONDS : 1);
      figuresOf(gateway, operation).rounds.push(measured);
      const { perSecond, cpu, p99, othersBusy } = measured;
      console.log(
        `round ${round + 1} ${operation} ${gateway.name}: ${perSecond.toFixed(0)}/s, ${cpu.toFixed(3)} ms CPU, p99 ${p99.toFixed(1)} ms, other core ${(100 * othersBusy).toFixed(0)} %`,
      );
    }
  }
}

for (const operation of operations) {
  const slowest = Math.min(
    ...gateways.map(gateway => medianOf(figuresOf(gateway, operation).rounds, 'perSecond')),
  );
  for (let round = 0; round < ROUNDS; round++) {
    for (const gateway of gateways) {
      const rate = slowest * EQUAL_LOAD;
      // The gateway has been idle, and has closed connections to subgraphs.
      await load({ ...loadOf(gateway, operation), rate, seconds: 1 });
      const { p50, p99 } = await load({ ...loadOf(gateway, operation), rate });
      figuresOf(gateway, operation).equalLoad.push({ rate, p50, p99 });
    }
  }
  for (const gateway of gateways) {
    const { perSecond } = await load({ ...loadOf(gateway, operation), alike: true });
    figuresOf(gateway, operation).sharing = perSecond;
  }
}
for (const one of figures) {
  one.memory = gateways.find(({ name }) => name === one.gateway)!.memory();
}

const tables = writeTables(figures, { rounds: ROUNDS, seconds: SECONDS, connections });
console.log(tables);
if (options.keep) {
  writeFileSync(new URL('./results.md', import.meta.url), tables);
  writeFileSync(new URL('results.svg', import.meta.url), drawPicture(figures));
}
for (const gateway of gateways) gateway.stop();
subgraphs.disconnect();
rmSync(folder, { recursive: true });
