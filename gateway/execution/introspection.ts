import {
  BREAK,
  type DocumentNode,
  type FragmentDefinitionNode,
  Kind,
  type OperationDefinitionNode,
  type SelectionNode,
  type SelectionSetNode,
  visit,
} from 'graphql';

/** Whether a root field of that name asks about the schema. */
export const isIntrospection = (field: string) => field === '__schema' || field === '__type';

/** Whether a document asks about the schema, in whichever of its operations. */
export function introspects(document: DocumentNode): boolean {
  let found = false;
  visit(document, {
    Field({ name }) {
      if (!isIntrospection(name.value)) return undefined;
      found = true;
      return BREAK;
    },
  });
  return found;
}

/**
 * The operation of a valid document without `__schema` and `__type`, for the planner: it knows the introspection of an
 * older GraphQL (no `isOneOf`), and plans it nowhere but right at the root. Of a selection set that asks about nothing
 * else, `__typename` is left.
 */
export function withoutIntrospection(
  document: DocumentNode,
  operationName: string | undefined,
): DocumentNode {
  if (!introspects(document)) return document;
  const fragments = new Map<string, FragmentDefinitionNode>();
  const operations: OperationDefinitionNode[] = [];
  for (const definition of document.definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition);
    else if (definition.kind === Kind.OPERATION_DEFINITION) operations.push(definition);
  }
  /** What is left of fragments that are spread outside of introspection; undefined of those that are nothing else. */
  const left = new Map<string, FragmentDefinitionNode | undefined>();

  function strip(selectionSet: SelectionSetNode): SelectionSetNode | undefined {
    const selections = selectionSet.selections.flatMap(selection => stripSelection(selection) ?? []);
    return selections.length > 0 ? { ...selectionSet, selections } : undefined;
  }

  function stripSelection(selection: SelectionNode): SelectionNode | undefined {
    switch (selection.kind) {
      case Kind.FIELD: {
        if (isIntrospection(selection.name.value)) return undefined;
        if (!selection.selectionSet) return selection;
        return { ...selection, selectionSet: strip(selection.selectionSet) ?? TYPENAME_ONLY };
      }
      case Kind.INLINE_FRAGMENT: {
        const selectionSet = strip(selection.selectionSet);
        return selectionSet && { ...selection, selectionSet };
      }
      case Kind.FRAGMENT_SPREAD:
        return stripFragment(selection.name.value) && selection;
    }
  }

  function stripFragment(name: string): FragmentDefinitionNode | undefined {
    if (!left.has(name)) {
      const fragment = fragments.get(name)!;
      const selectionSet = strip(fragment.selectionSet);
      left.set(name, selectionSet && { ...fragment, selectionSet });
    }
    return left.get(name);
  }

  const definitions = operations
    .filter(({ name }) => !operationName || name?.value === operationName)
    .map(one => ({ ...one, selectionSet: strip(one.selectionSet) ?? TYPENAME_ONLY }));
  const used = [...left.values()].filter(fragment => fragment !== undefined);
  return { kind: Kind.DOCUMENT, definitions: [...definitions, ...used] };
}

const TYPENAME_ONLY: SelectionSetNode = {
  kind: Kind.SELECTION_SET,
  selections: [{ kind: Kind.FIELD, name: { kind: Kind.NAME, value: '__typename' } }],
};
