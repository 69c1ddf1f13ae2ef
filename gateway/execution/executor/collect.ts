import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLCompositeType,
  GraphQLIncludeDirective,
  type GraphQLSchema,
  GraphQLSkipDirective,
  getDirectiveValues,
  Kind,
  type OperationDefinitionNode,
  type SelectionNode,
  type SelectionSetNode,
  visit,
} from 'graphql';
import { badInput } from '#shared/kernel/errors.ts';
import { type Data, own } from './merge.ts';
import { isOfType } from './rewrites.ts';

/** An operation with what its selections refer to. */
export interface Definition {
  operation: OperationDefinitionNode;
  fragments: ReadonlyMap<string, FragmentDefinitionNode>;
  /** Variables in `@skip` and `@include`, with their defaults. */
  conditions: ReadonlyMap<string, boolean | undefined>;
}

/** What is selected under one name in an answer. */
export interface SelectedField {
  name: string;
  nodes: FieldNode[];
}

/** The operation of a valid document that is meant by a name. */
export function readDefinition(document: DocumentNode, operationName: string | undefined): Definition {
  const fragments = new Map<string, FragmentDefinitionNode>();
  let operation: OperationDefinitionNode | undefined;
  for (const definition of document.definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition);
    else if (definition.kind === Kind.OPERATION_DEFINITION) {
      if (!operationName || definition.name?.value === operationName) operation ??= definition;
    }
  }
  if (!operation) throw badInput('The document does not have the operation that is named.');
  return { operation, fragments, conditions: readConditions(operation, fragments.values()) };
}

function readConditions(
  operation: OperationDefinitionNode,
  fragments: Iterable<FragmentDefinitionNode>,
): ReadonlyMap<string, boolean | undefined> {
  const conditions = new Map<string, boolean | undefined>();
  for (const node of [operation, ...fragments]) {
    visit(node, {
      Directive({ name, arguments: given }) {
        const value = given?.[0]?.value;
        if (name.value !== 'skip' && name.value !== 'include') return;
        if (value?.kind === Kind.VARIABLE) conditions.set(value.name.value, undefined);
      },
    });
  }
  for (const { variable, defaultValue } of operation.variableDefinitions ?? []) {
    const name = variable.name.value;
    if (conditions.has(name) && defaultValue?.kind === Kind.BOOLEAN) conditions.set(name, defaultValue.value);
  }
  return conditions;
}

/**
 * The values that decide which selections count.
 * @throws CodedError for null, which the type of a variable with a default allows and `@skip` does not.
 */
export function evaluateConditions({ conditions }: Definition, variables: Data): Map<string, boolean> {
  const values = new Map<string, boolean>();
  for (const [name, byDefault] of conditions) {
    const value = own(variables, name) ?? byDefault;
    if (typeof value === 'boolean' && variables[name] !== null) values.set(name, value);
    // A fragment that the operation does not use may name variables that it does not have.
    else if (variables[name] !== undefined) throw badInput(`$${name} decides on a selection: true or false.`);
  }
  return values;
}

/**
 * The fields that selection sets select of an object of a type, in the order of the answer. The type is an interface
 * when all that is known of an object is what an interface object tells.
 */
export function collectFields(
  schema: GraphQLSchema,
  { fragments }: Definition,
  conditions: ReadonlyMap<string, boolean>,
  type: GraphQLCompositeType,
  selectionSets: readonly SelectionSetNode[],
): SelectedField[] {
  const fields = new Map<string, SelectedField>();
  const values = Object.fromEntries(conditions);
  const spread = new Set<string>();

  function collect({ selections }: SelectionSetNode) {
    for (const selection of selections) {
      if (!isIncluded(selection, values)) continue;
      if (selection.kind === Kind.FIELD) {
        const name = (selection.alias ?? selection.name).value;
        const field = fields.get(name);
        if (field) field.nodes.push(selection);
        else fields.set(name, { name, nodes: [selection] });
        continue;
      }
      let fragment: { typeCondition?: { name: { value: string } }; selectionSet: SelectionSetNode } =
        selection as never;
      if (selection.kind === Kind.FRAGMENT_SPREAD) {
        const name = selection.name.value;
        if (spread.has(name)) continue;
        spread.add(name);
        fragment = fragments.get(name)!;
      }
      const condition = fragment.typeCondition?.name.value;
      if (condition === undefined || isOfType(schema, type.name, condition)) collect(fragment.selectionSet);
    }
  }
  for (const selectionSet of selectionSets) collect(selectionSet);
  return [...fields.values()];
}

function isIncluded(selection: SelectionNode, values: Record<string, boolean>): boolean {
  if (!selection.directives?.length) return true;
  if (getDirectiveValues(GraphQLSkipDirective, selection, values)?.if === true) return false;
  return getDirectiveValues(GraphQLIncludeDirective, selection, values)?.if !== false;
}
