import { type Data, isData, own, setOwn } from './merge.ts';

/** Where in the result a fetch belongs: names of fields, and `@` for each element of a list. */
export type PlanPath = readonly string[];
export type ResultPath = (string | number)[];

/** Objects that stand in several places of a result. */
export type Shared = Set<unknown>;

/** The objects at a path below some others, in order; nulls are left out, and so are repetitions of what is shared. */
export function objectsAt(from: readonly Data[], path: PlanPath, shared: Shared): Data[] {
  const found: Data[] = [];
  const seen = shared.size > 0 ? new Set<unknown>() : undefined;

  function collect(value: unknown, depth: number): void {
    if (value === null || value === undefined) return;
    if (seen && shared.has(value)) {
      if (seen.has(value)) return;
      seen.add(value);
    }
    if (depth === path.length) {
      if (isData(value)) found.push(value);
      return;
    }
    const step = path[depth]!;
    if (step !== '@') {
      if (isData(value)) collect(own(value, step), depth + 1);
    } else if (Array.isArray(value)) {
      for (let i = 0; i < value.length; i++) collect(value[i], depth + 1);
    }
  }
  for (const object of from) collect(object, 0);
  return found;
}

/**
 * The different ones among the objects at a path. Of those that are equal one takes the place of all, save where an
 * object has lists and objects in it already: others may have begun to work on them.
 */
export function uniteAt(from: readonly Data[], path: PlanPath, shared: Shared): Data[] {
  const found: Data[] = [];
  /** By the first value that tells one from another. */
  const known = new Map<unknown, Data[]>();

  function collect(value: unknown, depth: number, holder: Data | unknown[], key: string | number): void {
    if (value === null || value === undefined) return;
    if (depth === path.length) {
      if (isData(value)) unite(value, holder, key);
      return;
    }
    const step = path[depth]!;
    if (step !== '@') {
      if (isData(value)) collect(own(value, step), depth + 1, value, step);
    } else if (Array.isArray(value)) {
      for (let i = 0; i < value.length; i++) collect(value[i], depth + 1, value, i);
    }
  }

  function unite(object: Data, holder: Data | unknown[], key: string | number) {
    const hint = firstValue(object);
    let alike = known.get(hint);
    if (!alike) {
      alike = [];
      known.set(hint, alike);
    }
    for (const other of alike) {
      if (!isEqual(object, other)) continue;
      if (object === other) return;
      if (Array.isArray(holder)) holder[key as number] = other;
      else setOwn(holder, key as string, other);
      shared.add(other);
      return;
    }
    alike.push(object);
    found.push(object);
  }

  for (const object of from) collect(object, 0, [], 0);
  return found;
}

function firstValue(object: Data): unknown {
  for (const name in object) {
    if (name !== '__typename') return object[name];
  }
  return undefined;
}

/** Whether two objects have the same fields with the same values, and no lists or objects among them. */
function isEqual(one: Data, other: Data): boolean {
  if (one === other) return true;
  let count = 0;
  for (const name in one) {
    const value = one[name];
    if (value !== other[name] || (typeof value === 'object' && value !== null)) return false;
    count++;
  }
  for (const _ in other) count--;
  return count === 0;
}

/** A place in the result, with the object that stands there. */
export interface Place {
  path: ResultPath;
  object: Data;
}

/** Every place at a path, in order. Only errors need to know. */
export function placesAt(root: Data, path: PlanPath): Place[] {
  const found: Place[] = [];

  function collect(value: unknown, depth: number, taken: ResultPath): void {
    if (value === null || value === undefined) return;
    if (depth === path.length) {
      if (isData(value)) found.push({ path: taken, object: value });
      return;
    }
    const step = path[depth]!;
    if (step !== '@') {
      if (isData(value)) collect(own(value, step), depth + 1, [...taken, step]);
    } else if (Array.isArray(value)) {
      value.forEach((element, index) => {
        collect(element, depth + 1, [...taken, index]);
      });
    }
  }
  collect(root, 0, []);
  return found;
}
