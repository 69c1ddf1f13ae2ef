import { type DocumentNode, Kind, type OperationDefinitionNode, type SelectionSetNode } from 'graphql';

/** How often an operation tries to sign in or to register: under whatever alias, in whatever fragment. */
export type CountSignIns = (document: DocumentNode, operation: OperationDefinitionNode) => number;

/** @param signInFields as `Type.field`: the mutations that try a password or make an account. */
export function createSignInCounter(signInFields: ReadonlySet<string>): CountSignIns {
  return (document, operation) => {
    if (operation.operation !== 'mutation') return 0;

    function count({ selections }: SelectionSetNode): number {
      let total = 0;
      for (const selection of selections) {
        if (selection.kind === Kind.FIELD)
          total += Number(signInFields.has(`Mutation.${selection.name.value}`));
        else if (selection.kind === Kind.INLINE_FRAGMENT) total += count(selection.selectionSet);
        else total += countFragment(selection.name.value);
      }
      return total;
    }

    function countFragment(name: string): number {
      for (const definition of document.definitions) {
        if (definition.kind === Kind.FRAGMENT_DEFINITION && definition.name.value === name) {
          return count(definition.selectionSet);
        }
      }
      return 0;
    }

    return count(operation.selectionSet);
  };
}
