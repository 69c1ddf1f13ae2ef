/** Runs the end-to-end tests through both executors of the gateway: its own, and that of @apollo/gateway. */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { TEST_REDIS } from '#shared/test/world.ts';
import { createApiClient } from '../../dev/buyer/client.ts';
import { findFreePort } from '../../dev/free-port.ts';
import { startProcess } from '../../dev/stack/processes.ts';
import { type Backend, startTestStack, type TestStack } from '../world.ts';
import { type Difference, type Exchange, type Notes, sideBySide } from './side-by-side.ts';
import { withoutChance } from './transcript.ts';

export type Executor = 'own' | 'stock';

export interface Report {
  /** Every mutation and its answer, without values that depend on chance or the clock. */
  transcript: unknown;
  mutations: Exchange[];
  /** The answers of the other executor that differed at the same state. */
  differences: Difference[];
}

export interface Executors {
  /** The stack seen through the gateway with this executor, and the comparison with the other one. */
  through(executor: Executor): { seen: TestStack; report(): Report };
  stop(): Promise<void>;
}

/** Starts a second gateway, with @apollo/gateway's executor, in front of the subgraphs of a running stack. */
async function startExecutors(stack: TestStack): Promise<Executors> {
  const port = await findFreePort();
  const origin = `http://localhost:${port}`;
  const gateway = startProcess({
    name: 'stock-gateway',
    file: join(import.meta.dirname, '../../gateway/main.ts'),
    env: { ...stack.env, GATEWAY_PORT: String(port), EXECUTOR: 'stock' },
    readyUrl: `${origin}/ready`,
    sink: line => {
      if (process.env.TEST_LOG_LEVEL) process.stderr.write(`${line}\n`);
    },
  });
  await gateway.ready;
  const urls: Record<Executor, string> = { own: stack.gatewayUrl, stock: `${origin}/graphql` };
  return {
    through(executor) {
      const other = executor === 'own' ? 'stock' : 'own';
      const notes: Notes = { mutations: [], differences: [] };
      const gatewayUrl = urls[executor];
      const api = sideBySide(createApiClient(gatewayUrl), createApiClient(urls[other]), notes);
      return {
        seen: { ...stack, gatewayUrl, gatewayWsUrl: gatewayUrl.replace('http', 'ws'), api },
        report: () => ({ ...notes, transcript: withoutChance(notes.mutations) }),
      };
    },
    stop: () => gateway.stop(),
  };
}

/** Registers a test. `race`: the order of requests, and so the answers of mutations, differ from run to run. */
export type Run = (name: string, scenario: () => Promise<void>, options?: { race?: boolean }) => void;

/**
 * Tests that run through each executor and must give the same results.
 * @param show is called before each test with the stack that the test has to use.
 */
function compareExecutors(executors: () => Executors, show: (seen: TestStack) => void) {
  const sent = new Set<string>();
  const compared = new Set<string>();

  async function through(executor: Executor, scenario: () => Promise<void>): Promise<Report> {
    const { seen, report } = executors().through(executor);
    show(seen);
    await scenario();
    expect(report().differences).toEqual([]);
    return report();
  }

  const run: Run = (name, scenario, { race = false } = {}) => {
    let own: Report | undefined;
    test(name, async () => {
      own = await through('own', scenario);
      for (const { query } of own.mutations) sent.add(query);
    });
    if (race) return;
    test(`${name}: so with EXECUTOR=stock`, async () => {
      const stock = await through('stock', scenario);
      expect(stock.transcript).toEqual(own?.transcript);
      for (const { query } of stock.mutations) compared.add(query);
    });
  };

  function checkItself() {
    test('no mutation is left out when the executors are compared', () => {
      expect(sent.size).toBeGreaterThan(5);
      expect([...sent].filter(query => !compared.has(query))).toEqual([]);
    });

    test('the comparison notices where the executors differ on purpose', async () => {
      const { seen, report } = executors().through('own');
      const query = 'query ($a: Boolean = true) { events { totalCount @skip(if: $a) } }';
      await seen.api.ask(query, { a: null });
      expect(report().differences).toEqual([expect.objectContaining({ query })]);
    });
  }

  return { run, checkItself };
}

/** The values that a scenario uses. */
export interface Scene {
  /** The stack as seen through the gateway under test. */
  stack: TestStack;
}

/**
 * A group of scenarios on a stack of its own, for each queue backend. With queues on PostgreSQL each scenario runs
 * through both executors.
 */
export function describePurchases(define: (run: Run, scene: Scene) => void): void {
  describe.each<{ backend: Backend; available: boolean; executors: boolean }>([
    { backend: 'PostgreSQL', available: true, executors: true },
    { backend: 'Redis', available: TEST_REDIS !== undefined, executors: false },
  ])('a purchase through the gateway, queues on $backend', ({ backend, available, executors }) => {
    let started: TestStack | undefined;
    let both: Executors | undefined;
    const scene = {} as Scene;
    const comparison = compareExecutors(
      () => both!,
      seen => {
        scene.stack = seen;
      },
    );
    const run: Run = executors
      ? comparison.run
      : (name, scenario) => (available ? test : test.skip)(name, scenario);

    beforeAll(async () => {
      if (!available) return;
      started = await startTestStack(backend);
      scene.stack = started;
      if (executors) both = await startExecutors(started);
    });
    afterAll(async () => {
      await both?.stop();
      await started?.end();
    });

    define(run, scene);
    if (executors) comparison.checkItself();
  });
}
