import type { GraphQLSchema } from 'graphql';
import type { FetchNode } from './fetch.ts';
import { type Data, isData, merge, own, setOwn } from './merge.ts';
import { isOfType, type Rewrite, renamedType, rewrite } from './rewrites.ts';

type Selection = NonNullable<FetchNode['requires']>[number];

/** Writes a value as JSON; undefined when something that was asked for is missing. */
type Write = (value: Data) => string | undefined;

/** How entities of one type are represented. */
export interface Representation {
  /** As JSON, or undefined when the entity lacks something that the subgraph must have. */
  write: Write;
  /** The fields that it is made of, when none of them is an object or a list by type. */
  fields: readonly string[] | undefined;
}

/** How an entity is represented, by its `__typename`. */
export type Represent = (entity: Data) => Representation | undefined;

/**
 * Compiles the fields by which a subgraph knows its entities. Representations are written straight as JSON: the text
 * is what goes to the subgraph, and equal representations are recognised by it.
 */
export function compileRepresentation(
  schema: GraphQLSchema,
  requires: readonly Selection[],
  rewrites: readonly Rewrite[] = [],
): Represent {
  const known = new Map<string, Representation>();
  const writeAny: Write = entity => {
    const representation = select(schema, entity, requires);
    if (!representation?.__typename) return undefined;
    rewrite(schema, rewrites, representation);
    return JSON.stringify(representation);
  };
  return entity => {
    const type = entity.__typename;
    if (typeof type !== 'string') return undefined;
    let representation = known.get(type);
    if (!representation) {
      representation = compileForType(schema, requires, rewrites, type) ?? {
        write: writeAny,
        fields: undefined,
      };
      // A name that is none of the schema's is a subgraph's fault, and there may be any number of them.
      if (schema.getType(type)) known.set(type, representation);
    }
    return representation;
  };
}

/** For entities of one type, in all but the rarest cases. */
function compileForType(
  schema: GraphQLSchema,
  requires: readonly Selection[],
  rewrites: readonly Rewrite[],
  type: string,
): Representation | undefined {
  // The planner repeats a key for each type condition that it was asked under.
  const matching = new Map<string, readonly Selection[]>();
  for (const fragment of requires) {
    if (fragment.kind !== 'InlineFragment') return undefined;
    if (!fragment.typeCondition || !isOfType(schema, type, fragment.typeCondition)) continue;
    matching.set(JSON.stringify(fragment.selections), fragment.selections);
  }
  if (matching.size === 0) return { write: () => undefined, fields: undefined };
  if (matching.size > 1) return undefined;
  const [selections] = matching.values();
  const renamed = renamedType(schema, rewrites, type);
  const write = renamed === undefined ? undefined : compileFields(selections!, renamed);
  if (!write) return undefined;
  const fields = selections!.flatMap(one => (one.kind === 'Field' ? [one] : []));
  const flat = fields.every(field => !field.selections);
  const names = fields.map(field => field.alias ?? field.name).filter(name => name !== '__typename');
  return { write, fields: flat && names.length > 0 ? names : undefined };
}

/** @param typename stands for what the object itself says. */
function compileFields(selections: readonly Selection[], typename?: string): Write | undefined {
  const fields: { name: string; label: string; write: ((value: unknown) => string) | undefined }[] = [];
  const start = typename === undefined ? '{' : `{"__typename":${JSON.stringify(typename)}`;
  let named = typename === undefined;
  for (const field of selections) {
    if (field.kind !== 'Field') return undefined;
    const name = field.alias ?? field.name;
    if (name === '__typename' && typename !== undefined) {
      named = true;
      continue;
    }
    const comma = start === '{' && fields.length === 0 ? '' : ',';
    const write = field.selections && compileNested(field.selections);
    if (field.selections && !write) return undefined;
    fields.push({ name, label: `${comma}${JSON.stringify(name)}:`, write });
  }
  if (!named) return undefined;
  return object => {
    let text = start;
    for (const { name, label, write } of fields) {
      const value = own(object, name);
      if (value === undefined) return undefined;
      text += label + (write ? write(value) : JSON.stringify(value));
    }
    return `${text}}`;
  };
}

function compileNested(selections: readonly Selection[]): ((value: unknown) => string) | undefined {
  const write = compileFields(selections);
  if (!write) return undefined;
  const writeOne = (value: unknown) => (isData(value) ? (write(value) ?? 'null') : 'null');
  return value => (Array.isArray(value) ? `[${value.map(writeOne).join()}]` : writeOne(value));
}

/** The general way: follows the selections with the object in hand. */
function select(schema: GraphQLSchema, object: Data, selections: readonly Selection[]): Data | null {
  const selected: Data = {};
  for (const selection of selections) {
    if (selection.kind === 'InlineFragment') {
      const type = own(object, '__typename');
      if (!selection.typeCondition || typeof type !== 'string') continue;
      if (!isOfType(schema, type, selection.typeCondition)) continue;
      const part = select(schema, object, selection.selections);
      if (part) merge(selected, part, true);
      continue;
    }
    const name = selection.alias ?? selection.name;
    const value = own(object, name);
    if (value === undefined) return null;
    const nested = selection.selections;
    const selectOne = (one: unknown) => (isData(one) ? select(schema, one, nested!) : null);
    setOwn(selected, name, !nested ? value : Array.isArray(value) ? value.map(selectOne) : selectOne(value));
  }
  return selected;
}
