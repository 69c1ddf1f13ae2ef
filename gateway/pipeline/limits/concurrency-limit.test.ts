import { expect, test } from '@jest/globals';
import type { CodedError } from '#shared/kernel/errors.ts';
import { ConcurrencyLimit, type ConcurrencyOptions, type Place } from './concurrency-limit.ts';

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
    /** Fills all places: what fills them. */
    fill(): Place[] {
      const filled: Place[] = [];
      while (filled.length < limit.limit) {
        const place = {};
        expect(limit.enter(place, 'signed in')).toBeUndefined();
        filled.push(place);
      }
      return filled;
    },
    leave(places: Place[], outcome: Place = {}) {
      for (const place of places) limit.leave({ ...place, ...outcome });
    },
  };
}

/** Fills all places, and one more waits; then each operation ends after so many milliseconds. */
async function serve({ clock, limit, fill, leave }: ReturnType<typeof open>, milliseconds: number) {
  const places = fill();
  const last = {};
  const turn = limit.enter(last, 'signed in');
  clock.now += milliseconds;
  leave(places);
  await turn;
  leave([last]);
}

const refusalOf = (entering: () => unknown) =>
  Promise.resolve()
    .then(entering)
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
  const { clock, limit, leave } = open();
  const before = limit.limit;
  for (let i = 0; i < 100; i++) {
    const place = {};
    expect(limit.enter(place, 'signed in')).toBeUndefined();
    clock.now += 100;
    leave([place]);
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
  const { clock, limit, fill, leave } = open();
  const places = fill();
  clock.now = 2_000;
  leave(places.splice(0, 10));
  const shrunk = limit.limit;
  expect(shrunk).toBeLessThan(places.length + 10);
  clock.now = 9_000;
  leave(places);
  expect([limit.limit, limit.executing]).toEqual([shrunk, 0]);
});

test('who finds no place waits a moment and is refused then, with the time to come back', async () => {
  const { limit, fill, leave } = open({ patienceMs: 20 });
  const places = fill();
  const place: Place = {};
  const refusal = await refusalOf(() => limit.enter(place, 'signed in'));
  expect(refusal!.extensions).toMatchObject({ code: 'UNAVAILABLE', http: { status: 503 } });
  const { headers } = refusal!.extensions.http as unknown as { headers: Map<string, string> };
  expect(headers.get('retry-after')).toBe(String(refusal!.extensions.retryAfter));
  expect([limit.waiting, limit.refused]).toEqual([0, 1]);
  // Whoever never had a place leaves none.
  leave([place, ...places]);
  expect(limit.executing).toBe(0);
});

test('a line that is full refuses at once', async () => {
  const { limit, fill, leave } = open();
  const places = fill();
  const waiting: Place[] = [];
  const turns: Promise<void>[] = [];
  const enter = () => {
    const place = {};
    turns.push(limit.enter(place, 'signed in')!);
    waiting.push(place);
  };
  for (let i = 0; i < 4 * limit.limit; i++) enter();
  expect(enter).toThrow(
    expect.objectContaining({ extensions: expect.objectContaining({ code: 'UNAVAILABLE' }) }),
  );
  leave(places);
  while (waiting.length > 0) {
    await turns.shift();
    leave([waiting.shift()!]);
  }
  expect([limit.executing, limit.waiting]).toEqual([0, 0]);
});

test('whoever brings a token goes first, and finds places that are kept from others', async () => {
  const { limit, leave } = open();
  const turns: string[] = [];
  const others: Place[] = [];
  let other: Promise<unknown> | undefined;
  while (!other) {
    const place = {};
    others.push(place);
    other = limit.enter(place, 'signed out')?.then(() => turns.push('other'));
  }
  expect(others.length - 1).toBeLessThan(limit.limit / 2);
  const places = others.slice(0, -1);
  while (places.length < limit.limit) {
    const place = {};
    expect(limit.enter(place, 'signed in')).toBeUndefined();
    places.push(place);
  }
  const signedIn = limit.enter({}, 'signed in')!.then(() => turns.push('signed in'));
  leave(places);
  await Promise.all([other, signedIn]);
  expect(turns).toEqual(['signed in', 'other']);
});

test('operations that hang give their places to others after a while, and their latency shrinks nothing', async () => {
  const { clock, limit, fill, leave } = open();
  const hanging = fill();
  const places = limit.limit;
  clock.now = 1_500;
  const inLine: Place = {};
  const turn = limit.enter(inLine, 'signed in');
  expect(turn).toBeDefined();
  clock.now = 3_000;
  expect(limit.enter({}, 'signed in')).toBeUndefined();
  await turn;
  expect(limit.executing).toBe(places + 2);
  clock.now = 10_000;
  leave(hanging, { unanswered: true });
  expect([limit.executing, limit.limit]).toEqual([2, places]);
});

test('while subgraphs refuse work newcomers are admitted one by one, and all others as before', async () => {
  const { clock, limit } = open();
  const enter = () => limit.enter({}, 'newcomer');
  expect([enter(), enter()]).toEqual([undefined, undefined]);
  limit.press(2);
  expect(enter()).toBeUndefined();
  expect(enter).toThrow(
    expect.objectContaining({ extensions: expect.objectContaining({ code: 'UNAVAILABLE' }) }),
  );
  expect([limit.enter({}, 'signed out'), limit.enter({}, 'signed in')]).toEqual([undefined, undefined]);
  clock.now += 1_000;
  expect(enter()).toBeUndefined();
  expect(enter).toThrow();
  clock.now += 3_000;
  expect([enter(), enter()]).toEqual([undefined, undefined]);
});
