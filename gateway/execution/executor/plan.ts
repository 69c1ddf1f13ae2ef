import type { GraphQLError, GraphQLSchema } from 'graphql';
import type { SubgraphAnswer } from '../../subgraphs/answer.ts';
import { pathOfFetch, renameInPath, subgraphError } from './errors.ts';
import { createFetchReader, type Fetch, type FetchNode, type PlanNode } from './fetch.ts';
import type { Batch, Fetches, Slot } from './fetches.ts';
import { type Data, merge } from './merge.ts';
import { objectsAt, type PlanPath, placesAt, type ResultPath, type Shared, uniteAt } from './paths.ts';
import { compileRepresentation, type Representation } from './representations.ts';
import { rewrite, typesSetBy } from './rewrites.ts';
import { textOf } from './sharing.ts';

/** One execution of a plan. */
export interface Run {
  /** What the subgraphs have answered so far. */
  root: Data;
  errors: GraphQLError[];
  fetches: Fetches;
  /** Values of the variables in `@skip` and `@include`. */
  conditions: ReadonlyMap<string, boolean>;
  /** What stands in several places of the result at once. */
  shared: Shared;
  /** The different objects at the paths where equal ones have been made one, by path. */
  united: Map<PlanPath, Data[]>;
}

/** Executes a part of a plan. Failures of subgraphs become errors of the run. */
export type Step = (run: Run) => Promise<void> | undefined;

/** Takes the answer of a plan's first fetch that came in another way, as a live event. */
export type Absorb = (run: Run, answer: SubgraphAnswer) => void;

/** What entities are fetched for. */
interface Target {
  fetch: Fetch;
  path: PlanPath;
  /**
   * What the subgraph calls entities that it knows as interface objects. That must not take the place of what they
   * really are, which the client and the fetches to come want to know.
   */
  interfaceNames: ReadonlySet<unknown> | undefined;
}

/** @param sharedPaths where equal objects may become one (sharing.ts). */
export function createPlanCompiler(schema: GraphQLSchema, sharedPaths: ReadonlySet<string>) {
  const read = createFetchReader();
  /** Paths of entities, each the same array wherever in the plan it comes up. */
  const paths = new Map<string, PlanPath>();

  /** Compiles the way to the objects at a path, which begins where a fetch has been before, if there is such a place. */
  function compileObjects(given: PlanPath): (run: Run) => Data[] {
    const text = given.join('.');
    const path = paths.get(text) ?? given;
    paths.set(text, path);
    const shares = sharedPaths.has(textOf(path));
    return run => {
      const known = run.united.get(path);
      if (known) return known;
      let from: readonly Data[] = [run.root];
      let below = path;
      for (const [start, objects] of run.united) {
        if (path.length - start.length >= below.length || !start.every((step, i) => step === path[i]))
          continue;
        from = objects;
        below = path.slice(start.length);
      }
      if (!shares) return objectsAt(from, below, run.shared);
      const objects = uniteAt(from, below, run.shared);
      run.united.set(path, objects);
      return objects;
    };
  }

  function compile(node: PlanNode, path: PlanPath): Step {
    switch (node.kind) {
      case 'Sequence': {
        const steps = node.nodes.map(one => compile(one, path));
        return async run => {
          for (const step of steps) await step(run);
        };
      }
      case 'Parallel': {
        const steps = node.nodes.map(one => compile(one, path));
        return async run => {
          await Promise.all(steps.map(step => step(run)));
        };
      }
      case 'Flatten':
        return compile(node.node, [...path, ...node.path.map(String)]);
      case 'Condition': {
        const then = node.ifClause && compile(node.ifClause, path);
        const otherwise = node.elseClause && compile(node.elseClause, path);
        return run => (run.conditions.get(node.condition) ? then : otherwise)?.(run);
      }
      case 'Fetch':
        return node.requires ? compileEntities(node, path) : compileRoot(node, path);
      case 'Defer':
        throw new Error('@defer is not offered.');
    }
  }

  function compileRoot(node: FetchNode, path: PlanPath): Step {
    const fetch = read(node);
    return run => {
      if (path.length > 0 && objectsAt([run.root], path, run.shared).length === 0) return undefined;
      return run.fetches.root(fetch).then(answer => absorb(run, fetch, path, answer));
    };
  }

  function compileEntities(node: FetchNode, path: PlanPath): Step {
    const fetch = read(node);
    const represent = compileRepresentation(schema, node.requires!, node.inputRewrites);
    const objectsOf = compileObjects(path);
    const interfaceNames = node.inputRewrites && typesSetBy(node.inputRewrites);
    const target: Target = { fetch, path, interfaceNames };
    return run => {
      const objects = objectsOf(run);
      const slotFor = createSlotFinder(run, target);
      const slots: (Slot | undefined)[] = [];
      const batches = new Set<Batch>();
      for (const object of objects) {
        const representation = represent(object);
        const slot = representation && slotFor(object, representation);
        slots.push(slot);
        if (slot) batches.add(slot.batch);
      }
      if (batches.size === 0) return undefined;
      const ready = Promise.all(Array.from(batches, batch => batch.ready));
      return ready.then(() => fill(run, target, objects, slots, batches));
    };
  }

  /** Merges the entities that were asked for into the objects that they were asked for. */
  function fill(
    run: Run,
    { fetch, path, interfaceNames }: Target,
    objects: Data[],
    slots: (Slot | undefined)[],
    batches: Set<Batch>,
  ) {
    for (const { errors, unanswered } of finalBatches(slots, batches)) {
      for (const error of errors) {
        const place = pathOfFetch(path, unanswered || error.path ? [] : undefined);
        run.errors.push(subgraphError(error, fetch.service, place));
      }
    }
    if (slots.some(slot => slot?.errors.length)) {
      reportErrors(run, fetch, path, new Map(objects.map((object, i) => [object, slots[i]])));
    }
    const adopted = new Set<Slot>();
    for (let i = 0; i < objects.length; i++) {
      const slot = slots[i];
      if (!slot?.entity) continue;
      // Fetches elsewhere in the plan may want the same entity later, as it came.
      const copy = fetch.repeated || adopted.has(slot);
      adopted.add(slot);
      const object = objects[i]!;
      const type = object.__typename;
      merge(object, slot.entity, copy);
      if (type && interfaceNames?.has(object.__typename)) object.__typename = type;
    }
  }

  return {
    compile: (node: PlanNode): Step => compile(node, []),
    /** For the fetch that a plan opens with. */
    compileAbsorb(node: FetchNode): Absorb {
      const fetch = read(node);
      return (run, answer) => {
        if (answer.data) rewrite(schema, fetch.rewrites, answer.data);
        absorb(run, fetch, [], answer);
      };
    },
  };
}

/** The batches that the slots belong to after all. */
function finalBatches(slots: (Slot | undefined)[], batches: ReadonlySet<Batch>): ReadonlySet<Batch> {
  for (const { split } of batches) {
    if (split) return new Set(slots.flatMap(slot => slot?.batch ?? []));
  }
  return batches;
}

/** Reports the errors of entities, for every place in the result where one stands. */
function reportErrors(run: Run, fetch: Fetch, path: PlanPath, slots: ReadonlyMap<Data, Slot | undefined>) {
  for (const place of placesAt(run.root, path)) {
    for (const error of slots.get(place.object)?.errors ?? []) {
      const below = renameInPath(error.path as ResultPath, fetch.rewrites);
      run.errors.push(subgraphError(error, fetch.service, [...place.path, ...below]));
    }
  }
}

/**
 * Finds entities' slots. One entity often stands in many places: by its fields it is known again without being
 * written again.
 */
function createSlotFinder({ fetches }: Run, target: Target) {
  const known = new Map<Representation, Map<unknown, { like: Data; slot: Slot }>>();
  return (object: Data, representation: Representation): Slot | undefined => {
    const { fields } = representation;
    const key = fields && object[fields[0]!];
    let entities: Map<unknown, { like: Data; slot: Slot }> | undefined;
    if (typeof key === 'string' || typeof key === 'number') {
      entities = known.get(representation);
      if (!entities) {
        entities = new Map();
        known.set(representation, entities);
      }
      const entity = entities.get(key);
      if (entity && fields!.every(name => object[name] === entity.like[name])) return entity.slot;
    }
    const text = representation.write(object);
    if (text === undefined) return undefined;
    const slot = fetches.entity(target.fetch, text, target);
    entities?.set(key, { like: object, slot });
    return slot;
  };
}

/** Merges root fields into every object at the path of their fetch. */
function absorb(run: Run, fetch: Fetch, path: PlanPath, { data, errors, unanswered }: SubgraphAnswer) {
  for (const error of errors ?? []) {
    const below = unanswered ? [] : error.path && renameInPath([...error.path], fetch.rewrites);
    run.errors.push(subgraphError(error, fetch.service, pathOfFetch(path, below)));
  }
  if (!data) return;
  const objects = path.length > 0 ? objectsAt([run.root], path, run.shared) : [run.root];
  for (const object of objects) merge(object, data, objects.length > 1);
}
