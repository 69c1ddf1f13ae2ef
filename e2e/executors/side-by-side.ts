/**
 * Two gateways in front of the same subgraphs, used as one API: all answers that both give at one state are compared.
 */
import { EventEmitter, once } from 'node:events';
import { isDeepStrictEqual } from 'node:util';
import { eventually } from '#shared/test/world.ts';
import { type Answer, type ApiClient, type LiveResults, withoutErrors } from '../../dev/buyer/client.ts';

/** An operation and its answer. */
export interface Exchange {
  query: string;
  variables: Record<string, unknown>;
  answer: unknown;
}

/** The answers of the two gateways to the same operation at the same state. */
export interface Difference {
  query: string;
  variables: Record<string, unknown>;
  first: unknown;
  second: unknown;
}

export interface Notes {
  /** Mutations, which cannot be sent twice, in the order in which they were sent. */
  mutations: Exchange[];
  /** Empty when there is no difference. */
  differences: Difference[];
}

/** Milliseconds within which two gateways that watch the same operation must have sent the same result. */
const PATIENCE = 10_000;

/**
 * An API that answers as `first` does, and notes where the answer of `second` differs.
 *
 * Queries are compared exactly. `second` is asked between two equal answers of `first`: so nothing has changed
 * meanwhile, not even the second in which a file's address was signed.
 *
 * Live operations run at both. The results in between depend on how quickly each gateway reads, but both report the
 * same steps in the same order, and end at the same state.
 */
export function sideBySide(
  first: ApiClient,
  second: ApiClient,
  notes: Notes,
  patience: number = PATIENCE,
): ApiClient {
  async function ask(query: string, variables: Record<string, unknown> = {}): Promise<Answer> {
    if (isMutation(query)) {
      const exchange: Exchange = { query, variables, answer: undefined };
      notes.mutations.push(exchange);
      const answer = await first.ask(query, variables);
      exchange.answer = inOrder(answer);
      return answer;
    }
    const deadline = Date.now() + patience;
    for (;;) {
      const before = inOrder(await first.ask(query, variables));
      const other = inOrder(await second.ask(query, variables));
      const answer = inOrder(await first.ask(query, variables));
      const unmoved = isDeepStrictEqual(before, answer);
      if (!unmoved && Date.now() < deadline) continue;
      if (!unmoved || !isDeepStrictEqual(answer, other))
        notes.differences.push({
          query,
          variables,
          first: unmoved ? answer : [before, answer],
          second: other,
        });
      return answer;
    }
  }

  function subscribe(query: string, variables: Record<string, unknown> = {}): LiveResults {
    const ours = watch(first.subscribe(query, variables));
    const theirs = watch(second.subscribe(query, variables));
    async function* read() {
      // From here on both gateways report the changes that the reader causes.
      await Promise.all([ours.until(1), theirs.until(1)]);
      for (let next = 0; await ours.until(next + 1); next++) yield ours.results[next]!;
      if (ours.failure) throw ours.failure;
    }
    return Object.assign(read(), {
      async close() {
        const equal = await settled(ours, theirs, patience);
        const [first, second] = [ours, theirs].map(each => ({ steps: stepsOf(each), last: told(each) }));
        if (!equal || !isEndOfOther(first!.steps, second!.steps))
          notes.differences.push({ query, variables, first, second });
        await Promise.all([ours.close(), theirs.close()]);
      },
    }) as LiveResults;
  }

  return {
    url: first.url,
    token: first.token,
    withToken: token => sideBySide(first.withToken(token), second.withToken(token), notes, patience),
    ask,
    get: withoutErrors(ask),
    subscribe,
  };
}

const isMutation = (query: string) => /^\s*mutation\b/.test(query);

interface Watch {
  results: Answer[];
  failure: unknown;
  /** Waits for this many results; false when the operation ended before. */
  until(count: number): Promise<boolean>;
  close(): Promise<void>;
}

/** Reads a live operation, independently of other readers. */
function watch(live: LiveResults): Watch {
  const changes = new EventEmitter();
  let ended = false;
  const self: Watch = {
    results: [],
    failure: undefined,
    async until(count) {
      while (self.results.length < count && !ended) await once(changes, 'change');
      return self.results.length >= count;
    },
    async close() {
      await live.close();
      await reading;
    },
  };
  const reading = (async () => {
    try {
      for await (const result of live) {
        self.results.push(inOrder(result));
        changes.emit('change');
      }
    } catch (error) {
      self.failure = error;
    }
    ended = true;
    changes.emit('change');
  })();
  return self;
}

/** Waits until the last results of both are equal; false when this does not happen in time. */
const settled = (ours: Watch, theirs: Watch, patience: number): Promise<boolean> =>
  eventually(() => isDeepStrictEqual(told(ours), told(theirs)), patience / 1_000).catch(() => false);

/** Sorts the errors alphabetically, because their order depends on which subgraph answers first. */
function inOrder(answer: Answer): Answer {
  const { errors } = answer;
  return errors ? { ...answer, errors: errors.toSorted((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1)) } : answer;
}

const nameOf = ({ message, path = [] }: NonNullable<Answer['errors']>[number]) =>
  `${message} ${path.join('.')}`;

/**
 * The last result or failure. Each execution signs the addresses of files anew, so the parts that change with time are
 * removed.
 */
const told = ({ results, failure }: Watch): unknown =>
  JSON.parse(
    JSON.stringify(failure ?? results.at(-1) ?? null).replace(/\?expires=\d+&signature=[\w-]+/g, ''),
  );

/**
 * The steps that the events themselves report: plain fields, without repetitions. Objects and lists are fetched
 * separately, and may be read sooner or later.
 */
function stepsOf({ results }: Watch): string[] {
  const steps = results
    .filter(({ data }) => data)
    .map(({ data }) => JSON.stringify(Object.values(data).flat().map(plainFields)));
  return steps.filter((step, i) => step !== steps[i - 1]);
}

const plainFields = (value: unknown) =>
  value && Object.entries(value).filter(([, field]) => field !== null && typeof field !== 'object');

/** A reader that subscribed later has missed some of the beginning. */
function isEndOfOther(one: string[], other: string[]): boolean {
  const length = Math.min(one.length, other.length);
  return isDeepStrictEqual(one.slice(one.length - length), other.slice(other.length - length));
}
