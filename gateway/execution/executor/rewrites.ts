import { type GraphQLSchema, isAbstractType, isInterfaceType, isObjectType } from 'graphql';
import type { FetchNode } from './fetch.ts';
import { type Data, own, setOwn } from './merge.ts';

export type Rewrite = NonNullable<FetchNode['inputRewrites']>[number];

const FRAGMENT_PREFIX = '... on ';

/** Whether an object of the type `name` meets a fragment's type condition. */
export function isOfType(schema: GraphQLSchema, name: string, condition: string): boolean {
  if (name === condition) return true;
  const type = schema.getType(name);
  const wanted = schema.getType(condition);
  return (
    isAbstractType(wanted) && (isObjectType(type) || isInterfaceType(type)) && schema.isSubType(wanted, type)
  );
}

/**
 * Applies the planner's corrections to data: names that it had to change in a fetch because two types have
 * conflicting fields get their own back, and an entity goes by the name that its subgraph knows it by.
 */
export function rewrite(schema: GraphQLSchema, rewrites: readonly Rewrite[], value: unknown) {
  for (const one of rewrites) {
    const last = one.path.length - 1;
    if (last >= 0) rewriteAt(schema, one, one.path[last]!, 0, value);
  }
}

function rewriteAt(schema: GraphQLSchema, one: Rewrite, field: string, depth: number, value: unknown): void {
  if (Array.isArray(value)) {
    for (const element of value) rewriteAt(schema, one, field, depth, element);
    return;
  }
  if (typeof value !== 'object' || value === null) return;
  const data = value as Data;
  if (depth === one.path.length - 1) {
    if (one.kind === 'ValueSetter') setOwn(data, field, one.setValueTo);
    else if (own(data, field)) {
      setOwn(data, one.renameKeyTo, own(data, field));
      delete data[field];
    }
    return;
  }
  const step = one.path[depth]!;
  if (!step.startsWith(FRAGMENT_PREFIX)) rewriteAt(schema, one, field, depth + 1, own(data, step));
  else {
    const name = own(data, '__typename');
    const applies = !name || isOfType(schema, name as string, step.slice(FRAGMENT_PREFIX.length));
    if (applies) rewriteAt(schema, one, field, depth + 1, data);
  }
}

/**
 * The name an entity of the type `name` has after the rewrites, when they do nothing but rename entities.
 * Undefined when they do more.
 */
export function renamedType(
  schema: GraphQLSchema,
  rewrites: readonly Rewrite[],
  name: string,
): string | undefined {
  let renamed = name;
  for (const { kind, path, ...one } of rewrites) {
    const [condition, field] = path;
    if (kind !== 'ValueSetter' || path.length !== 2 || field !== '__typename') return undefined;
    if (!condition!.startsWith(FRAGMENT_PREFIX)) return undefined;
    if (isOfType(schema, renamed, condition!.slice(FRAGMENT_PREFIX.length))) {
      renamed = (one as { setValueTo: string }).setValueTo;
    }
  }
  return renamed;
}

/** The names that entities get by the rewrites. */
export function typesSetBy(rewrites: readonly Rewrite[]): ReadonlySet<unknown> {
  return new Set(
    rewrites.flatMap(one =>
      one.kind === 'ValueSetter' && one.path.at(-1) === '__typename' ? [one.setValueTo] : [],
    ),
  );
}
