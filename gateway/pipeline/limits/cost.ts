import {
  type ASTNode,
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  GraphQLError,
  type GraphQLField,
  type GraphQLNamedType,
  type GraphQLSchema,
  getNamedType,
  getNullableType,
  isCompositeType,
  isInterfaceType,
  isListType,
  isObjectType,
  Kind,
  type OperationDefinitionNode,
  type SelectionSetNode,
  type ValueNode,
  visit,
} from 'graphql';

/** Entries that a list is counted with when the operation does not say how many it wants. */
const LIST_SIZE = 10;
/** Arguments by which an operation says how many entries of a list it wants. */
const SIZE_ARGUMENTS = ['first', 'last', 'limit'];

type Variables = Record<string, unknown> | undefined;

/**
 * What an operation may cost at most: one for each field, times the entries of the lists around it. Fragments count
 * wherever they are spread; introspection counts its fields once, since it is answered from memory.
 *
 * Takes documents that are valid and of limited size (`size.ts`).
 */
export function costOf(
  schema: GraphQLSchema,
  document: DocumentNode,
  operation: OperationDefinitionNode,
  variables: Variables,
): number {
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const definition of document.definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition);
  }

  /**
   * `type` is undefined within introspection. `size` is what the connection around the selection is asked for, and
   * means the lists that it holds.
   */
  function sum(selectionSet: SelectionSetNode, type: GraphQLNamedType | undefined, size?: number): number {
    let total = 0;
    for (const selection of selectionSet.selections) {
      if (selection.kind === Kind.FIELD) {
        total += costOfField(selection, type, size);
      } else if (selection.kind === Kind.INLINE_FRAGMENT) {
        const condition = selection.typeCondition?.name.value;
        total += sum(selection.selectionSet, condition && type ? schema.getType(condition) : type, size);
      } else {
        const fragment = fragments.get(selection.name.value)!;
        const condition = fragment.typeCondition.name.value;
        total += sum(fragment.selectionSet, type && schema.getType(condition), size);
      }
    }
    return total;
  }

  function costOfField(node: FieldNode, parent: GraphQLNamedType | undefined, around?: number): number {
    if (!node.selectionSet) return 1;
    const field =
      isObjectType(parent) || isInterfaceType(parent) ? parent.getFields()[node.name.value] : undefined;
    // __schema, __type and what is below them.
    if (!field) return 1 + sum(node.selectionSet, undefined);
    const type = getNamedType(field.type);
    const asked = askedSize(node, field);
    if (!isListType(getNullableType(field.type))) return 1 + sum(node.selectionSet, type, asked);
    return (
      1 + (asked ?? around ?? LIST_SIZE) * sum(node.selectionSet, isCompositeType(type) ? type : undefined)
    );
  }

  function askedSize(node: FieldNode, { args }: GraphQLField<unknown, unknown>): number | undefined {
    for (const name of SIZE_ARGUMENTS) {
      const argument = args.find(arg => arg.name === name);
      if (!argument) continue;
      const given = node.arguments?.find(given => given.name.value === name);
      const size = (given && sizeIn(given.value)) ?? argument.defaultValue;
      if (typeof size === 'number') return Math.max(0, size);
    }
    return undefined;
  }

  function sizeIn(node: ValueNode): unknown {
    if (node.kind === Kind.INT) return Number(node.value);
    if (node.kind !== Kind.VARIABLE) return undefined;
    const name = node.name.value;
    if (variables?.[name] !== undefined) return variables[name];
    const definition = operation.variableDefinitions?.find(({ variable }) => variable.name.value === name);
    return definition?.defaultValue && sizeIn(definition.defaultValue);
  }

  return sum(operation.selectionSet, schema.getRootType(operation.operation) ?? undefined);
}

/** @throws GraphQLError, which names cost and limit, for an HTTP answer of 400. */
export type CheckCost = (
  schema: GraphQLSchema,
  document: DocumentNode,
  operation: OperationDefinitionNode,
  variables: Variables,
) => void;

/** Refuses operations over the limit; keeps the cost of those that no variable can change. */
export function createCostLimit(limit: number): CheckCost {
  const known = new WeakMap<OperationDefinitionNode, number>();

  return (schema, document, operation, variables) => {
    if (limit === 0) return;
    let cost = known.get(operation);
    if (cost === undefined) {
      cost = costOf(schema, document, operation, variables);
      if (!variesInSize(document)) known.set(operation, cost);
    }
    if (cost <= limit) return;
    throw new GraphQLError(
      `The operation may cost ${cost}, and ${limit} is the limit: ask for fewer fields, or for fewer entries of its lists.`,
      { extensions: { code: 'GRAPHQL_VALIDATION_FAILED', cost, limit, http: { status: 400 } } },
    );
  };
}

function variesInSize(document: DocumentNode): boolean {
  let varies = false;
  visit(document as ASTNode, {
    Argument({ name, value }) {
      varies ||= value.kind === Kind.VARIABLE && SIZE_ARGUMENTS.includes(name.value);
    },
  });
  return varies;
}
