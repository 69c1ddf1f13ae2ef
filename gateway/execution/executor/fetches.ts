import type { GraphQLFormattedError, GraphQLSchema } from 'graphql';
import { BoundedMap } from '../../bounded-map.ts';
import type { SubgraphAnswer } from '../../subgraphs/answer.ts';
import type { FetchContext } from '../../subgraphs/fetch-context.ts';
import { aliasAt, type Fetch, mergeQueries } from './fetch.ts';
import type { Data } from './merge.ts';
import { rewrite } from './rewrites.ts';

/** A subgraph that fetches can be sent to. */
export interface Subgraph {
  /** The subgraph's answer, never a rejection; its data belongs to the caller alone. */
  fetch(request: { query: string; variablesText: string }, context: FetchContext): Promise<SubgraphAnswer>;
}

/** One entity asked for, wherever in the result it is wanted. */
export interface Slot {
  batch: Batch;
  /** The step of the plan that asked for it first. */
  step: object;
  entity: Data | null;
  /** Errors about it, with paths below it. */
  errors: GraphQLFormattedError[];
}

/** Entities that one fetch asks for at one time. */
export interface Batch {
  fetch: Fetch;
  /** Representations as JSON, and what became of each. */
  texts: string[];
  slots: Slot[];
  /** Errors that are about no single entity. */
  errors: GraphQLFormattedError[];
  /** Whether the subgraph gave no usable answer. */
  unanswered: boolean;
  /** Resolved once slots and errors are final. */
  ready: Promise<void>;
  /** Whether it was sent again in parts, which its slots belong to then. */
  split: boolean;
}

/** Batches that wait to be sent to one subgraph together. */
interface Wave {
  batches: Map<Fetch, Batch>;
  ready: Promise<void>;
}

/** Texts of merged queries: one plan can need several when branches of it meet differently from run to run. */
export type MergedQueries = BoundedMap<string, string>;
const KEPT_MERGED_QUERIES = 50;
export const createMergedQueries = (): MergedQueries => new BoundedMap(KEPT_MERGED_QUERIES);

/**
 * What one execution of a plan fetches. Each entity is asked of a subgraph once for the same fields; fetches that
 * come up at the same time for the same subgraph travel in one request.
 */
export class Fetches {
  #subgraphs: ReadonlyMap<string, Subgraph>;
  #context: FetchContext;
  #variables: Data;
  #schema: GraphQLSchema;
  #mergedQueries: MergedQueries;
  #slots = new Map<Fetch, Map<string, Slot>>();
  #waves = new Map<string, Wave>();
  #variableTexts = new Map<string, string>();

  constructor(
    subgraphs: ReadonlyMap<string, Subgraph>,
    context: FetchContext,
    variables: Data,
    schema: GraphQLSchema,
    mergedQueries: MergedQueries,
  ) {
    this.#subgraphs = subgraphs;
    this.#context = context;
    this.#variables = variables;
    this.#schema = schema;
    this.#mergedQueries = mergedQueries;
  }

  /** Asks for root fields. */
  root(fetch: Fetch): Promise<SubgraphAnswer> {
    // What was read before a mutation may be different after it.
    if (fetch.isMutation) this.#slots.clear();
    const sent = this.#send(fetch.service, fetch.query, this.#writeVariables([], fetch.variables));
    if (fetch.rewrites.length === 0) return sent;
    return sent.then(answer => {
      if (answer.data) rewrite(this.#schema, fetch.rewrites, answer.data);
      return answer;
    });
  }

  /** Asks for an entity, unless that has been asked before. Its slot is filled once its batch is ready. */
  entity(fetch: Fetch, representation: string, step: object): Slot {
    let slots = this.#slots.get(fetch);
    if (!slots) {
      slots = new Map();
      this.#slots.set(fetch, slots);
    }
    let slot = slots.get(representation);
    if (!slot) {
      const batch = this.#batchFor(fetch);
      slot = { batch, step, entity: null, errors: [] };
      batch.texts.push(representation);
      batch.slots.push(slot);
      slots.set(representation, slot);
    }
    return slot;
  }

  #batchFor(fetch: Fetch): Batch {
    let wave = this.#waves.get(fetch.service);
    if (!wave) {
      const batches = new Map<Fetch, Batch>();
      const ready = new Promise<void>(resolve => {
        // Answers that are there already still start their next fetches before this one leaves.
        setImmediate(() => {
          this.#waves.delete(fetch.service);
          void this.#fetchWave(fetch.service, [...batches.values()]).then(resolve);
        });
      });
      wave = { batches, ready };
      this.#waves.set(fetch.service, wave);
    }
    let batch = wave.batches.get(fetch);
    if (!batch) {
      batch = createBatch(fetch, wave.ready);
      wave.batches.set(fetch, batch);
    }
    return batch;
  }

  async #fetchWave(service: string, batches: Batch[]) {
    const mergeable = batches.filter(({ fetch }) => fetch.entities);
    const alone = batches.filter(({ fetch }) => !fetch.entities).map(batch => [batch]);
    const requests = mergeable.length > 0 ? [mergeable, ...alone] : alone;
    await Promise.all(requests.map(request => this.#fetchBatches(service, request)));
  }

  async #fetchBatches(service: string, batches: Batch[]): Promise<void> {
    const [first] = batches as [Batch];
    if (batches.length === 1) {
      const lists: [string, string[]][] = [['representations', first.texts]];
      const variables = this.#writeVariables(lists, first.fetch.variables);
      const answer = await this.#send(service, first.fetch.query, variables);
      if (!(await this.#fetchParts(service, batches, answer))) this.#fill(first, '_entities', answer);
      return;
    }
    const lists = batches.map(({ texts }, index) => [aliasAt(index), texts] as [string, string[]]);
    const variables = new Set(batches.flatMap(({ fetch }) => fetch.variables));
    const answer = await this.#send(service, this.#merged(batches), this.#writeVariables(lists, variables));
    if (await this.#fetchParts(service, batches, answer)) return;
    const aliases = new Set<unknown>(lists.map(([alias]) => alias));
    batches.forEach((batch, index) => {
      const alias = aliasAt(index);
      const errors = answer.errors?.filter(({ path }) => path?.[0] === alias || !aliases.has(path?.[0]));
      this.#fill(batch, alias, { ...answer, errors });
    });
  }

  /** Sends each step's part again alone, if all failed because one did: it must not take the others with it. */
  async #fetchParts(service: string, batches: Batch[], { data, errors }: SubgraphAnswer): Promise<boolean> {
    if (data || !errors?.some(({ path }) => path?.length)) return false;
    const parts = batches.flatMap(splitBySteps);
    if (parts.length === 1) return false;
    await Promise.all(parts.map(part => this.#fetchBatches(service, [part])));
    return true;
  }

  #merged(batches: Batch[]): string {
    const key = batches.map(({ fetch }) => fetch.query).join('\n');
    let query = this.#mergedQueries.get(key);
    if (!query) {
      query = mergeQueries(batches.map(({ fetch }) => fetch.entities!));
      this.#mergedQueries.set(key, query);
    }
    return query;
  }

  #fill(batch: Batch, alias: string, answer: SubgraphAnswer) {
    const { data, errors = [] } = answer;
    const { fetch, slots, texts } = batch;
    batch.unanswered = answer.unanswered ?? false;
    for (const error of errors) {
      const [field, index, ...below] = error.path ?? [];
      const slot = field === alias && typeof index === 'number' ? slots[index] : undefined;
      if (slot) slot.errors.push({ ...error, path: below });
      else batch.errors.push(error);
    }
    const entities = data?.[alias];
    if (Array.isArray(entities) && entities.length === slots.length) {
      for (let i = 0; i < slots.length; i++) slots[i]!.entity = entities[i];
      return;
    }
    if (data) batch.errors.push({ message: `Expected "data._entities" to contain ${slots.length} elements` });
    // A later fetch for the same may still succeed.
    const known = this.#slots.get(fetch);
    for (const text of texts) known?.delete(text);
  }

  #send(service: string, query: string, variablesText: string): Promise<SubgraphAnswer> {
    return this.#subgraphs.get(service)!.fetch({ query, variablesText }, this.#context);
  }

  #writeVariables(lists: readonly [string, string[]][], names: Iterable<string>): string {
    const written = lists.map(([name, texts]) => `"${name}":[${texts.join()}]`);
    for (const name of names) {
      if (!Object.hasOwn(this.#variables, name) || this.#variables[name] === undefined) continue;
      let text = this.#variableTexts.get(name);
      if (text === undefined) {
        text = `"${name}":${JSON.stringify(this.#variables[name])}`;
        this.#variableTexts.set(name, text);
      }
      written.push(text);
    }
    return `{${written.join()}}`;
  }
}

function createBatch(fetch: Fetch, ready: Promise<void>): Batch {
  return { fetch, texts: [], slots: [], errors: [], unanswered: false, ready, split: false };
}

/** A batch for each of the steps that have asked for the entities of one. */
function splitBySteps(batch: Batch): Batch[] {
  const parts = new Map<object, Batch>();
  for (const slot of batch.slots) {
    if (!parts.has(slot.step)) parts.set(slot.step, createBatch(batch.fetch, batch.ready));
  }
  if (parts.size === 1) return [batch];
  batch.split = true;
  batch.slots.forEach((slot, index) => {
    const part = parts.get(slot.step)!;
    part.texts.push(batch.texts[index]!);
    part.slots.push(slot);
    slot.batch = part;
  });
  return [...parts.values()];
}
