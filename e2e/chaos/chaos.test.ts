/**
 * A short chaos run of a fixed seed (e2e/chaos/run.ts); longer ones: `npm run chaos -- --seed N --purchases N`.
 *
 * Processes are killed and frozen (F1, F13), queues are killed and flushed (F4, F5), PostgreSQL is killed (F14), Stripe
 * and its webhooks fail (F3, F8), and so does the mail server (F9). The judges check I1, I2, I3, I4, I5, I6, I7, I8,
 * I9, I10 and I13 from outside.
 */
import { describe, expect, jest, test } from '@jest/globals';
import { TEST_REDIS } from '#shared/test/world.ts';
import { render } from './report.ts';
import { runChaos } from './run.ts';
import { faultDeck } from './schedule.ts';

/**
 * Usually a run takes a minute. The limit is never shorter than the run's own limit: the run ends by itself, with
 * findings.
 */
jest.setTimeout(600_000);

describe.each([
  { backend: 'postgresql', available: true, seed: 11 },
  { backend: 'redis', available: TEST_REDIS !== undefined, seed: 12 },
] as const)('chaos, queues on $backend', ({ backend, available, seed }) => {
  const run = available ? test : test.skip;

  run(`with seed ${seed}, buyers buy while everything fails, and every promise is kept`, async () => {
    const report = await runChaos({ seed, purchases: 14, backend });
    if (report.findings.length > 0) console.error(render(report));
    expect(report.findings).toEqual([]);
    // A run in which nothing was bought or nothing failed would prove nothing.
    expect(report.evidence.snapshot.orders.map(({ status }) => status)).toContain('COMPLETED');
    expect(new Set(report.struck.map(({ fault }) => fault.kind))).toEqual(new Set(faultDeck(backend)));
  });
});
