import { type Data, isData, own } from './merge.ts';

/** Where in the result a fetch belongs: names of fields, and `@` for each element of a list. */
export type PlanPath = readonly string[];
export type ResultPath = (string | number)[];

/** The objects at a path, in order; nulls are left out. */
export function objectsAt(root: Data, path: PlanPath): Data[] {
  const found: Data[] = [];
  collect(root, path, 0, found);
  return found;
}

function collect(value: unknown, path: PlanPath, depth: number, found: Data[]): void {
  if (value === null || value === undefined) return;
  if (depth === path.length) {
    if (isData(value)) found.push(value);
    return;
  }
  const step = path[depth]!;
  if (step !== '@') {
    if (isData(value)) collect(own(value, step), path, depth + 1, found);
  } else if (Array.isArray(value)) {
    for (const element of value) collect(element, path, depth + 1, found);
  }
}

/** Where each of the objects is that `objectsAt` finds, in the same order. Only errors need to know. */
export function pathsTo(root: Data, path: PlanPath): ResultPath[] {
  const found: ResultPath[] = [];
  collectPaths(root, path, 0, [], found);
  return found;
}

function collectPaths(
  value: unknown,
  path: PlanPath,
  depth: number,
  taken: ResultPath,
  found: ResultPath[],
): void {
  if (value === null || value === undefined) return;
  if (depth === path.length) {
    if (isData(value)) found.push(taken);
    return;
  }
  const step = path[depth]!;
  if (step !== '@') {
    if (isData(value)) collectPaths(own(value, step), path, depth + 1, [...taken, step], found);
  } else if (Array.isArray(value)) {
    value.forEach((element, index) => {
      collectPaths(element, path, depth + 1, [...taken, index], found);
    });
  }
}
