import {
  type DocumentNode,
  executeSync,
  type FieldNode,
  type GraphQLCompositeType,
  GraphQLError,
  type GraphQLObjectType,
  type GraphQLOutputType,
  type GraphQLSchema,
  getNamedType,
  isCompositeType,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
  Kind,
  type OperationDefinitionNode,
  OperationTypeNode,
  type SelectionSetNode,
} from 'graphql';
import { isIntrospection } from '../introspection.ts';
import { collectFields, type Definition, type SelectedField } from './collect.ts';
import { compileLeaf } from './leaves.ts';
import { type Data, isData, own, setOwn } from './merge.ts';
import type { ResultPath, Shared } from './paths.ts';
import { isOfType } from './rewrites.ts';

/**
 * Makes the answer that a client asked for out of all that was fetched. What stands in several places of that is made
 * once, and stands in several places of the answer.
 */
export type Shape = (
  fetched: Data,
  variables: Data,
  shared: Shared,
) => { data: Data | null; errors: GraphQLError[] };

/** What goes along while one answer is made. */
interface Making {
  errors: GraphQLError[];
  path: ResultPath;
  variables: Data;
  shared: Shared;
  /** What has been made of each shared value, and by which function. */
  made: Map<unknown, { by: Complete; completed: unknown }>;
}

/** Stands for a null whose error has been reported: it needs no other as it moves up. */
const INVALID = Symbol('invalid');

/** Gives the value for the answer, null or INVALID. The value given is not null. */
type Complete = (value: unknown, making: Making) => unknown;

interface Field {
  name: string;
  /** Whether every object inherits a property of that name. */
  inherited: boolean;
  nonNull: boolean;
  type: string;
  parent: string;
  /** For leaves, which are most of what there is. */
  isValid: ((value: unknown) => boolean) | undefined;
  complete: Complete;
  /** In place of what was fetched. */
  compute: ((object: Data, making: Making) => unknown) | undefined;
}

/**
 * Compiles the shape of an operation's answers for one outcome of its `@skip` and `@include`: fields in the order of
 * the operation, fragments resolved per type, nulls carried up to the next place where the schema allows them.
 */
export function compileShape(
  schema: GraphQLSchema,
  definition: Definition,
  conditions: ReadonlyMap<string, boolean>,
): Shape {
  const { operation } = definition;
  const rootType = schema.getRootType(operation.operation)!;

  function compileFields(type: GraphQLCompositeType, selectionSets: readonly SelectionSetNode[]): Field[] {
    return collectFields(schema, definition, conditions, type, selectionSets).map(field =>
      compileField(type, field),
    );
  }

  function compileField(type: GraphQLCompositeType, { name, nodes }: SelectedField): Field {
    const fieldName = nodes[0]!.name.value;
    const field = {
      name,
      inherited: name in Object.prototype,
      nonNull: false,
      type: '',
      parent: type.name,
      isValid: undefined,
      complete: (value: unknown) => value,
      compute: undefined,
    };
    if (fieldName === '__typename') return { ...field, compute: compileTypename(type, name) };
    if (isIntrospection(fieldName)) {
      return { ...field, compute: compileIntrospection(name, nodes) };
    }
    // By the object's own type, which may promise more than an interface that the field is selected on.
    const declared = (type as GraphQLObjectType).getFields()[fieldName]!.type;
    const nonNull = isNonNullType(declared);
    const nullable = nonNull ? declared.ofType : declared;
    return {
      ...field,
      nonNull,
      type: String(nullable),
      isValid: isLeafType(nullable) ? compileLeaf(nullable) : undefined,
      complete: compileType(nullable, nodes, type.name),
    };
  }

  function compileTypename(type: GraphQLCompositeType, name: string) {
    if (isObjectType(type)) return () => type.name;
    // An interface object's own subgraph does not know its object type.
    return (object: Data) => {
      const given = own(object, name);
      return typeof given === 'string' && isObjectType(schema.getType(given)) ? given : INVALID;
    };
  }

  function compileIntrospection(name: string, nodes: FieldNode[]) {
    const query: OperationDefinitionNode = {
      ...operation,
      // A mutation's payload may have the query type in it.
      operation: OperationTypeNode.QUERY,
      selectionSet: { kind: Kind.SELECTION_SET, selections: nodes },
    };
    const definitions = [query, ...definition.fragments.values()];
    const document: DocumentNode = { kind: Kind.DOCUMENT, definitions };
    return (_object: Data, { variables }: Making) =>
      executeSync({ schema, document, rootValue: {}, variableValues: variables }).data![name];
  }

  function compileType(type: GraphQLOutputType, nodes: FieldNode[], parent: string): Complete {
    if (isListType(type)) return compileList(type.ofType, nodes, parent);
    const named = getNamedType(type);
    if (isCompositeType(named)) return compileObject(named, nodes, parent);
    const isValid = compileLeaf(named as never);
    return (value, making) => {
      if (isValid(value)) return value;
      report(making, `Invalid value found for ${place(making, String(type), parent)}.`);
      return INVALID;
    };
  }

  function compileList(of: GraphQLOutputType, nodes: FieldNode[], parent: string): Complete {
    const nonNull = isNonNullType(of);
    const type = nonNull ? of.ofType : of;
    const complete = compileType(type, nodes, parent);
    const typeName = String(type);
    return once((value, making) => {
      if (!Array.isArray(value)) throw new Error(`A subgraph's value for the list type [${of}] is no list.`);
      const { path } = making;
      const list = new Array<unknown>(value.length);
      let broken = false;
      for (let i = 0; i < value.length; i++) {
        const element = value[i];
        path.push(i);
        let completed = element === null ? null : complete(element, making);
        if (completed === null || completed === INVALID) {
          if (nonNull) {
            if (completed === null) reportNull(making, typeName, parent);
            broken = true;
          }
          completed = null;
        }
        list[i] = completed;
        path.pop();
      }
      return broken ? INVALID : list;
    });
  }

  function compileObject(type: GraphQLCompositeType, nodes: FieldNode[], parent: string): Complete {
    const selectionSets = nodes.map(({ selectionSet }) => selectionSet!);
    const known = new Map<string, Field[]>();
    let undeclared: Field[] | undefined;

    function fieldsFor(name: string): Field[] | undefined {
      if (!isOfType(schema, name, type.name)) return undefined;
      const fields = compileFields(schema.getType(name) as GraphQLCompositeType, selectionSets);
      known.set(name, fields);
      return fields;
    }

    return once((value, making) => {
      if (!isData(value)) throw new Error(`A subgraph's value for the type ${type.name} is no object.`);
      const name = value.__typename;
      let fields: Field[] | undefined;
      if (name) fields = known.get(name as string) ?? fieldsFor(name as string);
      else {
        undeclared ??= compileFields(type, selectionSets);
        fields = undeclared;
      }
      if (fields) return completeObject(fields, value, making);
      report(making, `Invalid __typename found for object at ${place(making, type.name, parent)}.`);
      return INVALID;
    });
  }

  const root = compileFields(rootType, [operation.selectionSet]);
  return (fetched, variables, shared) => {
    const making: Making = { errors: [], path: [], variables, shared, made: new Map() };
    const data = completeObject(root, fetched, making);
    return { data: data === INVALID ? null : (data as Data), errors: making.errors };
  };
}

/** Completes a shared value once. One that has faults is completed in each place, since each has its own path. */
function once(complete: Complete): Complete {
  return (value, making) => {
    const { shared, made, errors } = making;
    if (shared.size === 0 || !shared.has(value)) return complete(value, making);
    const known = made.get(value);
    if (known?.by === complete) return known.completed;
    const faults = errors.length;
    const completed = complete(value, making);
    if (errors.length === faults) made.set(value, { by: complete, completed });
    return completed;
  };
}

function completeObject(fields: readonly Field[], object: Data, making: Making): unknown {
  const completed: Data = {};
  for (let i = 0; i < fields.length; i++) {
    const field = fields[i]!;
    const { name, inherited } = field;
    let value: unknown;
    if (field.compute) {
      value = field.compute(object, making);
      if (value === INVALID) return INVALID;
    } else {
      value = inherited ? own(object, name) : object[name];
      if (value === undefined || value === null) {
        if (field.nonNull) {
          making.path.push(name);
          reportNull(making, field.type, field.parent);
          making.path.pop();
          return INVALID;
        }
        value = null;
      } else if (!field.isValid?.(value)) {
        making.path.push(name);
        value = field.complete(value, making);
        if (value === INVALID) value = null;
        making.path.pop();
        if (value === null && field.nonNull) return INVALID;
      }
    }
    if (inherited) setOwn(completed, name, value);
    else completed[name] = value;
  }
  return completed;
}

function reportNull(making: Making, type: string, parent: string) {
  report(making, `Cannot return null for non-nullable ${place(making, type, parent)}.`);
}

function place({ path }: Making, type: string, parent: string): string {
  const last = path.at(-1);
  return typeof last === 'number'
    ? `array element of type ${type} at index ${last}`
    : `field ${parent}.${last}`;
}

function report({ errors, path }: Making, message: string) {
  errors.push(new GraphQLError(message, { path: [...path], extensions: { code: 'INVALID_GRAPHQL' } }));
}
