import { expect, test } from '@jest/globals';
import { type Answer, type ApiClient, type LiveResults, withoutErrors } from '../../dev/buyer/client.ts';
import { type Notes, sideBySide } from './side-by-side.ts';
import { withoutChance } from './transcript.ts';

/** A gateway that gives the prepared answers in turn, and then repeats the last one. */
function gateway(answers: Answer[], live: Answer[] = []): ApiClient {
  let asked = 0;
  const ask = async () => answers[Math.min(asked++, answers.length - 1)]!;
  return {
    url: '',
    token: undefined,
    ask,
    get: withoutErrors(ask),
    withToken: () => gateway(answers, live),
    subscribe() {
      let close = () => {};
      const closed = new Promise<void>(resolve => {
        close = resolve;
      });
      async function* results() {
        yield* live;
        await closed;
      }
      return Object.assign(results(), { close: async () => close() }) as LiveResults;
    },
  };
}

const answer = (value: unknown): Answer => ({ status: 200, data: { value } });
const refusal = (code: string, message = 'No.', path = ['value']): Answer => ({
  status: 200,
  data: { value: null },
  errors: [{ message, path, extensions: { code } }],
});

/** The number of differences that are noted when two gateways get the same operation. */
async function differences(first: Answer[], second: Answer[]) {
  const notes: Notes = { mutations: [], differences: [] };
  await sideBySide(gateway(first), gateway(second), notes, 200).ask('{ value }');
  return notes.differences.length;
}

test('equal answers to a query are equal, and a changed value is not', async () => {
  expect(await differences([answer({ a: 1, b: [2] })], [answer({ b: [2], a: 1 })])).toBe(0);
  expect(await differences([answer({ a: 1, b: [2] })], [answer({ a: 1, b: [3] })])).toBe(1);
  expect(await differences([answer({ a: 1 })], [answer({ a: 1, more: null })])).toBe(1);
  expect(await differences([answer(1)], [{ ...answer(1), status: 400 }])).toBe(1);
});

test('errors have to be equal in code, message and path, but not in their order', async () => {
  expect(await differences([refusal('FORBIDDEN')], [refusal('FORBIDDEN')])).toBe(0);
  expect(await differences([refusal('FORBIDDEN')], [refusal('NOT_FOUND')])).toBe(1);
  expect(await differences([refusal('FORBIDDEN')], [refusal('FORBIDDEN', 'Never.')])).toBe(1);
  expect(await differences([refusal('FORBIDDEN')], [refusal('FORBIDDEN', 'No.', [])])).toBe(1);
  expect(await differences([refusal('FORBIDDEN')], [answer(null)])).toBe(1);
  const [one, two] = [refusal('A', 'First.').errors![0]!, refusal('B', 'Second.').errors![0]!];
  const both = (...errors: (typeof one)[]) => [{ ...answer(null), errors }];
  expect(await differences(both(one, two), both(two, one))).toBe(0);
});

test('what changes between two questions is asked again, and what never stands still is noted', async () => {
  expect(await differences([answer(1), answer(2)], [answer(1), answer(2)])).toBe(0);
  const restless = Array.from({ length: 100_000 }, (_, i) => answer(i));
  expect(await differences(restless, [answer(0)])).toBe(1);
});

test('live operations have to tell of the same steps and to end at the same state', async () => {
  const live = async (first: Answer[], second: Answer[]) => {
    const notes: Notes = { mutations: [], differences: [] };
    const api = sideBySide(gateway([], first), gateway([], second), notes, 200);
    const results = api.subscribe('subscription { order { status } }');
    expect((await results.next()).value).toEqual(first[0]);
    await results.close();
    return notes.differences.length;
  };
  const order = (status: string, payments: string[] = []): Answer => ({
    data: { order: { status, payments } },
  });
  const [created, paid] = [order('CREATED'), order('PAID', ['p1'])];
  expect(await live([created, paid], [created, paid])).toBe(0);
  expect(await live([created, paid], [paid])).toBe(0);
  expect(await live([created, order('PAID'), paid], [created, paid])).toBe(0);
  expect(await live([created, paid], [created, order('PAID', ['p2'])])).toBe(1);
  expect(await live([created, paid], [order('FAILED'), paid])).toBe(1);
  expect(await live([refusal('NOT_FOUND')], [refusal('FORBIDDEN')])).toBe(1);
});

test('transcripts are equal but for chance, and what refers to something refers to the right one', () => {
  const [a, b, c] = ['a', 'b', 'c'].map(x => x.repeat(8).concat('-0000-7000-8000-00000000000', x));
  const orders = (...ids: unknown[]) => ids.map(id => ({ order: id, at: '2026-01-02T03:04:05.678Z' }));
  const seen = withoutChance(orders(a, b, a));
  expect(seen).toEqual([1, 2, 1].map(n => ({ order: `id ${n}`, at: 'time 1' })));
  expect(withoutChance(orders(c, a, c))).toEqual(seen);
  expect(withoutChance(orders(a, b, b))).not.toEqual(seen);
  expect(withoutChance(orders(a, b, null))).not.toEqual(seen);
  expect(withoutChance([{ amount: 5_000 }])).not.toEqual(withoutChance([{ amount: 5_001 }]));
});
