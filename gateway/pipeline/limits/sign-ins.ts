import { type DocumentNode, Kind, type OperationDefinitionNode, type SelectionSetNode } from 'graphql';

/** Mutations that try a password or make an account. */
const SIGN_INS = ['login', 'register'];

/** How often an operation tries to sign in or to register: under whatever alias, in whatever fragment. */
export function countSignIns(document: DocumentNode, operation: OperationDefinitionNode): number {
  if (operation.operation !== 'mutation') return 0;

  function count({ selections }: SelectionSetNode): number {
    let total = 0;
    for (const selection of selections) {
      if (selection.kind === Kind.FIELD) total += SIGN_INS.includes(selection.name.value) ? 1 : 0;
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
}
