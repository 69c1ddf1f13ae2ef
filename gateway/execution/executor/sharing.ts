import { Kind, type OperationDefinitionNode, parse, type SelectionSetNode } from 'graphql';
import type { QueryPlan } from '../planner.ts';
import type { FetchNode } from './fetch.ts';
import type { PlanPath } from './paths.ts';

type AnyNode = NonNullable<QueryPlan['node']>;

/** A path as text, without the lists on it. */
export const textOf = (path: PlanPath) => JSON.stringify(path.filter(step => step !== '@'));

/**
 * Finds the paths of a plan at which equal objects may become one and the same object, in all the places where they
 * stand: then it is asked for, merged into and shaped once.
 *
 * An object that stands in several places has to mean the same in all of them for as long as the plan runs. What is
 * fetched for it and for what is below it does: that is asked by what it contains. Only what is written to it from
 * above, as part of a larger answer, could tell one place from another; so at such a path only a single fetch may do
 * that, which is the one that the objects come from.
 */
export function findSharedPaths(plan: AnyNode | undefined): ReadonlySet<string> {
  const writers = new Map<string, number>();
  let renames = false;

  function visit(node: AnyNode, path: PlanPath) {
    switch (node.kind) {
      case 'Sequence':
      case 'Parallel':
        for (const one of node.nodes) visit(one, path);
        break;
      case 'Flatten':
        visit(node.node, [...path, ...node.path.map(String)]);
        break;
      case 'Condition':
        if (node.ifClause) visit(node.ifClause, path);
        if (node.elseClause) visit(node.elseClause, path);
        break;
      case 'Subscription':
        visit(node.primary, path);
        if (node.rest) visit(node.rest, path);
        break;
      case 'Fetch':
        renames ||= Boolean(node.outputRewrites?.length);
        for (const one of pathsWrittenBy(node, path)) writers.set(one, (writers.get(one) ?? 0) + 1);
    }
  }
  if (plan) visit(plan, []);
  // A renamed field is not written to where its fetch says.
  if (renames) return new Set();
  return new Set([...writers].filter(([, count]) => count === 1).map(([path]) => path));
}

/** Where in the result a fetch puts objects. */
function pathsWrittenBy({ operation, requires }: FetchNode, path: PlanPath): Set<string> {
  const { definitions } = parse(operation, { noLocation: true });
  const paths = new Set<string>();

  function collect({ selections }: SelectionSetNode, above: PlanPath) {
    for (const selection of selections) {
      if (selection.kind === Kind.FIELD) {
        if (!selection.selectionSet) continue;
        const here = [...above, (selection.alias ?? selection.name).value];
        paths.add(textOf(here));
        collect(selection.selectionSet, here);
      } else if (selection.kind === Kind.INLINE_FRAGMENT) {
        collect(selection.selectionSet, above);
      } else {
        for (const one of definitions) {
          if (one.kind === Kind.FRAGMENT_DEFINITION && one.name.value === selection.name.value) {
            collect(one.selectionSet, above);
          }
        }
      }
    }
  }

  const { selectionSet } = definitions.find(
    (one): one is OperationDefinitionNode => one.kind === Kind.OPERATION_DEFINITION,
  )!;
  if (!requires) collect(selectionSet, path);
  else {
    // What is selected of `_entities` belongs right to the objects at the fetch's path.
    for (const field of selectionSet.selections) {
      if (field.kind === Kind.FIELD && field.selectionSet) collect(field.selectionSet, path);
    }
  }
  return paths;
}
