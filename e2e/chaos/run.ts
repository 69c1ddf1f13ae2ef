/**
 * Chaos: eight buyers buy while processes, databases, queues, the payment provider and the mail server fail, several at
 * a time and in an order that a seed decides. Afterwards everything is restored and must come to rest, and the promises
 * (I1 to I10, I13) are checked.
 *
 *     npm run chaos -- --seed 7 --purchases 200 [--backend redis] [--break inbox|capacity|connections]
 */
import { parseArgs } from 'node:util';
import { BREAKS, type Break, breakDatabases, environmentOf, faultsFor } from './breaks.ts';
import { buy, type Market } from './buyers/buy.ts';
import { newJournal } from './buyers/told.ts';
import { type Struck, strike } from './faults.ts';
import { judge } from './invariants.ts';
import { makePlans, scarceCapacity } from './plans.ts';
import { comparePools, countConnections } from './pools.ts';
import { testDocuments, testDoors, watchStock } from './probes.ts';
import { type Report, render } from './report.ts';
import { comeToRest } from './rest.ts';
import { faultDeck, scheduleFaults } from './schedule.ts';
import { takeSnapshot } from './snapshot.ts';
import { openMarket, startWorld, type World } from './world.ts';

export interface ChaosOptions {
  seed: number;
  purchases: number;
  backend?: 'postgresql' | 'redis' | undefined;
  /** A protection to switch off: the run must then report it. */
  broken?: Break | undefined;
  /** Receives a line of progress from time to time. */
  say?: (line: string) => void;
}

/** Short, so that holds expire during payments; long enough for buyers who pay at once. */
const HOLD_SECONDS = 20;
/** Anything that is not at rest after this time is a finding (I13). */
const REST_WITHIN_MS = 120_000;
/** No run of buyers takes so long: buyers who still wait then have met a fault that does not end. */
const GIVE_UP_MS = 180_000;
const GIVE_UP_MS_PER_PURCHASE = 5_000;

export async function runChaos(options: ChaosOptions): Promise<Report> {
  const { backend = 'postgresql', broken } = options;
  const world = await startWorld(backend, { HOLD_SECONDS: String(HOLD_SECONDS), ...environmentOf(broken) });
  try {
    return await runIn(world, { ...options, backend });
  } finally {
    await world.end();
  }
}

async function runIn(
  world: World,
  { seed, purchases, backend = 'postgresql', broken, say = () => undefined }: ChaosOptions,
): Promise<Report> {
  const plans = makePlans(seed, purchases);
  const products = await openMarket(world, scarceCapacity(plans));
  const poolsBefore = await countConnections(world);
  await breakDatabases(world, broken);
  const givingUp = new AbortController();
  const market: Market = {
    seed,
    gatewayUrl: world.stack.gatewayUrl,
    products,
    journal: newJournal(),
    signal: givingUp.signal,
    told: [],
    following: [],
    tokens: new Map(),
  };
  const begun = Date.now();
  const stopWatching = watchStock(world);
  const giveUp = setTimeout(() => givingUp.abort(), GIVE_UP_MS + purchases * GIVE_UP_MS_PER_PURCHASE);

  say('The buyers begin.');
  let buying = true;
  const bought = Promise.all(plans.map((each, buyer) => buy(market, buyer, each))).finally(() => {
    buying = false;
  });
  const deck = faultDeck(backend);
  const extra = faultsFor(broken);
  // Each kind happens at least once, even when the buyers are quick; and the number is limited, however slow they are.
  const least = extra.length + deck.length;
  const most = extra.length + Math.max(deck.length, purchases);
  const faults = scheduleFaults(seed, deck, extra);
  const striking = strike(world, faults, count => count < least || (buying && count < most));
  await bought;
  const struck = await striking;
  clearTimeout(giveUp);

  say(`${struck.length} faults have struck. All is healed, and must come to rest.`);
  await world.heal();
  const rest = await comeToRest(world, REST_WITHIN_MS);
  // The last live updates reach the clients too.
  await Promise.all(market.following.map(each => each.close()));

  say(`At rest after ${rest.seconds} s.`);
  const isWell = rest.unrest.length === 0;
  const doors = isWell ? await testDoors(world) : [];
  const documents = isWell ? await testDocuments(world, market) : [];
  const pools = comparePools(poolsBefore, await countConnections(world, poolsBefore));
  const peaks = await stopWatching();
  const snapshot = await takeSnapshot(world);
  const { told, journal } = market;
  const mailCuts = struck.filter(cutsMail).map(({ from }) => from);
  const evidence = {
    snapshot,
    told,
    journal,
    peaks,
    rest,
    doors,
    documents,
    pools,
    crashes: world.crashes,
    mailCuts,
  };
  return {
    seed,
    purchases,
    backend,
    broken,
    struck,
    ...judge(evidence),
    evidence,
    seconds: Math.round((Date.now() - begun) / 1_000),
  };
}

/** Whether a mail may have been handed over without its sender knowing. */
const cutsMail = ({ fault }: Struck) =>
  fault.kind === 'mail away' ||
  fault.kind === 'mail ails' ||
  (['killed', 'frozen', 'connections terminated'].includes(fault.kind) && fault.target === 'notifications') ||
  fault.kind === 'PostgreSQL killed';

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      seed: { type: 'string', default: '1' },
      purchases: { type: 'string', default: '40' },
      backend: { type: 'string', default: 'postgresql' },
      break: { type: 'string' },
    },
  });
  const broken = BREAKS.find(name => name === values.break);
  if (values.break && !broken) throw new Error(`--break takes ${BREAKS.join(', ')}`);
  if (values.backend !== 'postgresql' && values.backend !== 'redis')
    throw new Error('--backend takes postgresql or redis');
  const report = await runChaos({
    seed: Number(values.seed),
    purchases: Number(values.purchases),
    backend: values.backend,
    broken,
    say: line => process.stdout.write(`${line}\n`),
  });
  process.stdout.write(`${render(report)}\n`);
  process.exit(report.findings.length > 0 ? 1 : 0);
}
