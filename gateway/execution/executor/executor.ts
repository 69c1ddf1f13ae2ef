import { type ExecutionResult, GraphQLError, type GraphQLSchema } from 'graphql';
import { BoundedMap } from '../../bounded-map.ts';
import type { SubgraphAnswer } from '../../subgraphs/answer.ts';
import type { FetchContext } from '../../subgraphs/fetch-context.ts';
import type { QueryPlan, SubscriptionNode } from '../planner.ts';
import { type Definition, evaluateConditions } from './collect.ts';
import { createMergedQueries, Fetches, type Subgraph } from './fetches.ts';
import type { Data } from './merge.ts';
import { createPlanCompiler, type Run } from './plan.ts';
import { compileShape, type Shape } from './shape.ts';
import { findSharedPaths } from './sharing.ts';

/** The schemas that plans are made of and executed against. */
export interface Schemas {
  /** What clients see. */
  api: GraphQLSchema;
  /** With everything that the planner uses in fetches. */
  supergraph: GraphQLSchema;
}

/** A plan that is ready to be executed any number of times. */
export interface CompiledPlan {
  /**
   * @param variables as the client gave them, and found good.
   * @param event answers the fetch that a subscription's plan opens with.
   * @returns faults in subgraphs' data as `extensions.valueCompletion` when nothing else explains them, as
   *   @apollo/gateway does.
   */
  execute(
    subgraphs: ReadonlyMap<string, Subgraph>,
    context: FetchContext,
    variables: Data | undefined,
    event?: SubgraphAnswer,
  ): Promise<ExecutionResult>;
}

/** Outcomes of an operation's `@skip` and `@include` that are kept. */
const KEPT_SHAPES = 16;

/**
 * Compiles a query plan, with the shape of its answers. Where @apollo/gateway interprets both anew for each request,
 * here that is done once: what is left is to fetch, merge and pick.
 */
export function compilePlan(
  { api, supergraph }: Schemas,
  definition: Definition,
  node: QueryPlan['node'],
): CompiledPlan {
  const { compile, compileAbsorb } = createPlanCompiler(supergraph, findSharedPaths(node));
  const [opening, rest] = node?.kind === 'Subscription' ? [node.primary, node.rest] : [undefined, node];
  const absorb = opening && compileAbsorb(opening);
  const step = rest && compile(rest as Exclude<typeof rest, SubscriptionNode>);
  const mergedQueries = createMergedQueries();
  const shapes = new BoundedMap<string, Shape>(KEPT_SHAPES);

  function shapeFor(conditions: Map<string, boolean>): Shape {
    const key = conditions.size === 0 ? '' : [...conditions.values()].map(Number).join('');
    let shape = shapes.get(key);
    if (!shape) {
      shape = compileShape(api, definition, conditions);
      shapes.set(key, shape);
    }
    return shape;
  }

  return {
    async execute(subgraphs, context, variables = {}, event) {
      let conditions: Map<string, boolean>;
      try {
        conditions = evaluateConditions(definition, variables);
      } catch (error) {
        return { errors: [error as GraphQLError] };
      }
      const fetches = new Fetches(subgraphs, context, variables, supergraph, mergedQueries);
      const run: Run = { root: {}, errors: [], fetches, conditions, shared: new Set(), united: new Map() };
      if (absorb) absorb(run, event!);
      await step?.(run);
      try {
        const { data, errors } = shapeFor(conditions)(run.root, variables, run.shared);
        if (run.errors.length > 0) return { errors: run.errors, data };
        return errors.length > 0 ? { data, extensions: { valueCompletion: errors } } : { data };
      } catch (error) {
        // What a subgraph sent does not even have the form that its schema promises.
        const { message } = error as Error;
        return { errors: [new GraphQLError(message, { originalError: error as Error })] };
      }
    },
  };
}
