import { expect, test } from '@jest/globals';
import { type CodedError, unavailable } from '#shared/kernel/errors.ts';
import { ConcurrencyLimit, type ConcurrencyOptions, type Permit } from './concurrency-limit.ts';

/** A limit with a clock that stands still until it is moved. */
function open(options: Partial<ConcurrencyOptions> = {}) {
  const clock = { now: 0 };
  const limit = new ConcurrencyLimit({
    most: 1_000,
    least: 4,
    targetMs: 1_000,
    patienceMs: 600_000,
    now: () => clock.now,
    ...options,
  });
  return {
    clock,
    limit,
    /** Takes all permits. */
    fill(): Permit[] {
      const filled: Permit[] = [];
      while (filled.length < limit.limit) {
        const permit = {};
        expect(limit.acquire(permit, 'signed in')).toBeUndefined();
        filled.push(permit);
      }
      return filled;
    },
    release(permits: Permit[], outcome: Permit = {}) {
      for (const permit of permits) limit.release({ ...permit, ...outcome });
    },
  };
}

/** Takes all permits, and one more operation waits; then each operation ends after so many milliseconds. */
async function serve({ clock, limit, fill, release }: ReturnType<typeof open>, milliseconds: number) {
  const permits = fill();
  const last = {};
  const turn = limit.acquire(last, 'signed in');
  clock.now += milliseconds;
  release(permits);
  await turn;
  release([last]);
}

const refusalOf = (acquiring: () => unknown) =>
  Promise.resolve()
    .then(acquiring)
    .then(
      () => null,
      (error: CodedError) => error,
    );

test('the limit grows by a constant while it is reached and answers are fast, up to the most', async () => {
  const opened = open({ most: 60 });
  const limits = [opened.limit.limit];
  for (let i = 0; i < 5; i++) {
    await serve(opened, 300);
    limits.push(opened.limit.limit);
  }
  const step = limits[1]! - limits[0]!;
  expect(step).toBeGreaterThan(0);
  expect(limits[2]! - limits[1]!).toBe(step);
  expect(limits.at(-1)).toBe(60);
});

test('it does not grow on operations that never reach it', () => {
  const { clock, limit, release } = open();
  const before = limit.limit;
  for (let i = 0; i < 100; i++) {
    const permit = {};
    expect(limit.acquire(permit, 'signed in')).toBeUndefined();
    clock.now += 100;
    release([permit]);
  }
  expect(limit.limit).toBe(before);
});

test('it shrinks by a share while more than a tenth of the answers are slow, down to the least, and grows again', async () => {
  const opened = open();
  const before = opened.limit.limit;
  await serve(opened, 2_000);
  expect(opened.limit.limit).toBe(Math.floor(before * 0.7));
  for (let i = 0; i < 20; i++) await serve(opened, 2_000);
  expect(opened.limit.limit).toBe(4);
  for (let i = 0; i < 20; i++) await serve(opened, 300);
  expect(opened.limit.limit).toBeGreaterThan(4);
});

test('slow answers that began before it shrank do not shrink it again', () => {
  const { clock, limit, fill, release } = open();
  const permits = fill();
  clock.now = 2_000;
  release(permits.splice(0, 10));
  const shrunk = limit.limit;
  expect(shrunk).toBeLessThan(permits.length + 10);
  clock.now = 9_000;
  release(permits);
  expect([limit.limit, limit.executing]).toEqual([shrunk, 0]);
});

test('who finds no permit waits a moment and is refused then, with the time to come back', async () => {
  const { limit, fill, release } = open({ patienceMs: 20 });
  const permits = fill();
  const permit: Permit = {};
  const refusal = await refusalOf(() => limit.acquire(permit, 'signed in'));
  expect(refusal!.extensions).toMatchObject({ code: 'UNAVAILABLE', http: { status: 503 } });
  const { headers } = refusal!.extensions.http as unknown as { headers: Map<string, string> };
  expect(headers.get('retry-after')).toBe(String(refusal!.extensions.retryAfter));
  expect([limit.waiting, limit.refused]).toEqual([0, 1]);
  // An operation that never had a permit gives none back.
  release([permit, ...permits]);
  expect(limit.executing).toBe(0);
});

test('a line that is full refuses at once', async () => {
  const { limit, fill, release } = open();
  const permits = fill();
  const waiting: Permit[] = [];
  const turns: Promise<void>[] = [];
  const acquire = () => {
    const permit = {};
    turns.push(limit.acquire(permit, 'signed in')!);
    waiting.push(permit);
  };
  for (let i = 0; i < 4 * limit.limit; i++) acquire();
  expect(acquire).toThrow(
    expect.objectContaining({ extensions: expect.objectContaining({ code: 'UNAVAILABLE' }) }),
  );
  release(permits);
  while (waiting.length > 0) {
    await turns.shift();
    release([waiting.shift()!]);
  }
  expect([limit.executing, limit.waiting]).toEqual([0, 0]);
});

test('whoever brings a token goes first, and finds places that are kept from others', async () => {
  const { limit, release } = open();
  const turns: string[] = [];
  const others: Permit[] = [];
  let other: Promise<unknown> | undefined;
  while (!other) {
    const permit = {};
    others.push(permit);
    other = limit.acquire(permit, 'signed out')?.then(() => turns.push('other'));
  }
  expect(others.length - 1).toBeLessThan(limit.limit);
  const permits = others.slice(0, -1);
  while (permits.length < limit.limit) {
    const permit = {};
    expect(limit.acquire(permit, 'signed in')).toBeUndefined();
    permits.push(permit);
  }
  const signedIn = limit.acquire({}, 'signed in')!.then(() => turns.push('signed in'));
  release(permits);
  await Promise.all([other, signedIn]);
  expect(turns).toEqual(['signed in', 'other']);
});

test('operations that hang give their places to others after a while, and their latency shrinks nothing', async () => {
  const { clock, limit, fill, release } = open();
  const hanging = fill();
  const permits = limit.limit;
  clock.now = 1_500;
  const waiting: Permit = {};
  const turn = limit.acquire(waiting, 'signed in');
  expect(turn).toBeDefined();
  clock.now = 3_000;
  expect(limit.acquire({}, 'signed in')).toBeUndefined();
  await turn;
  expect(limit.executing).toBe(permits + 2);
  clock.now = 10_000;
  release(hanging, { unanswered: true });
  expect([limit.executing, limit.limit]).toEqual([2, permits]);
});

test('while subgraphs refuse work newcomers are admitted one by one, and all others as before', async () => {
  const { clock, limit } = open();
  const acquire = () => {
    const permit: Permit = {};
    const turn = limit.acquire(permit, 'newcomer');
    limit.release(permit);
    return turn;
  };
  expect([acquire(), acquire()]).toEqual([undefined, undefined]);
  limit.observeErrors([unavailable('More is asked for than can be served.', 2)]);
  expect(acquire()).toBeUndefined();
  expect(acquire).toThrow(
    expect.objectContaining({ extensions: expect.objectContaining({ code: 'UNAVAILABLE' }) }),
  );
  expect([limit.acquire({}, 'signed out'), limit.acquire({}, 'signed in')]).toEqual([undefined, undefined]);
  clock.now += 1_000;
  expect(acquire()).toBeUndefined();
  expect(acquire).toThrow();
  clock.now += 3_000;
  expect([acquire(), acquire()]).toEqual([undefined, undefined]);
});
