import { readFileSync } from 'node:fs';
import { ApolloGateway } from '@apollo/gateway';
import { type DocumentNode, type ExecutionResult, type GraphQLError, getVariableValues } from 'graphql';
import { badInput } from '#shared/kernel/errors.ts';
import type { Log } from '#shared/kernel/log.ts';
import { BoundedMap } from '../bounded-map.ts';
import type { GatewayContext } from '../context.ts';
import { findDeepVariable, MAX_VARIABLE_DEPTH } from '../pipeline/limits/size.ts';
import type { GatewaySettings } from '../settings.ts';
import { type SubgraphAnswer, SubgraphDataSource } from '../subgraphs/client.ts';
import { subgraphOptions } from '../subgraphs/options.ts';
import { type Definition, readDefinition } from './executor/collect.ts';
import { type CompiledPlan, compilePlan } from './executor/executor.ts';
import { executeStockEvent } from './executor/stock.ts';
import { introspects } from './introspection.ts';
import { planOperation, type QueryPlan, type SubscriptionNode, schemasOf } from './planner.ts';
import { makePrintable } from './printable-schema.ts';

type GatewayResult = ReturnType<ApolloGateway['executor']>;

/** A parsed and validated operation, with what the client gave for its variables. */
export interface Operation {
  document: DocumentNode;
  /** Tells documents apart in the plan cache. */
  queryHash: string;
  operationName: string | undefined;
  variables: Record<string, unknown> | undefined;
}

/** Executes a query or mutation; faults in the variables' values are its only errors then. */
export type Execute = (
  context: GatewayContext,
  variables: Record<string, unknown> | undefined,
) => Promise<ExecutionResult>;

/** The composed schema, its planner, and the subgraphs behind it. */
export interface Supergraph {
  /** For ApolloServer: lifecycle, planning and execution of queries and mutations. */
  gateway: ApolloGateway;
  sources: Map<string, SubgraphDataSource>;
  /** Faults in the values given for an operation's variables. */
  checkVariables(operation: Operation): readonly GraphQLError[];
  /** Plans an operation, for any number of executions; a live one is executed by `executeEvent`. */
  executeOf(operation: Omit<Operation, 'variables'>): Execute;
  /** The plan of a subscription: what to subscribe to at whom (`primary`), and what each event is joined with. */
  planSubscription(operation: Operation): SubscriptionNode;
  /** Executes a subscription's plan for one event of its primary. */
  executeEvent(
    operation: Operation,
    plan: SubscriptionNode,
    event: SubgraphAnswer,
    context: GatewayContext,
  ): Promise<ExecutionResult>;
  /** Closes the connections to the subgraphs; the gateway itself is stopped by ApolloServer. */
  close(): Promise<void>;
}

/** An operation that has been planned, ready for any number of executions. */
interface Planned {
  definition: Definition;
  node: QueryPlan['node'];
  compiled: CompiledPlan;
}

/** Reads the composed schema and prepares a data source for every subgraph in it. Nothing is contacted yet. */
export function loadSupergraph(settings: GatewaySettings, log: Log): Supergraph {
  // Otherwise @apollo/gateway reports to its maker from the moment it is constructed.
  process.env.APOLLO_TELEMETRY_DISABLED = 'true';

  const sources = new Map<string, SubgraphDataSource>();
  const gateway = new ApolloGateway({
    supergraphSdl: readFileSync(settings.supergraph, 'utf8'),
    logger: log,
    validateSupergraph: false,
    __exposeQueryPlanExperimental: false,
    buildService({ name, url }) {
      const source = new SubgraphDataSource(subgraphOptions(settings, name, url), log);
      sources.set(name, source);
      return source;
    },
  });
  gateway.onSchemaLoadOrUpdate(({ apiSchema }) => makePrintable(apiSchema));
  const plans = new BoundedMap<string, Planned>(settings.planCache);

  function planned({ document, queryHash, operationName }: Omit<Operation, 'variables'>): Planned {
    const key = `${queryHash} ${operationName ?? ''}`;
    let plan = plans.get(key);
    if (!plan) {
      const definition = readDefinition(document, operationName);
      const { node } = planOperation(gateway, document, operationName);
      const schemas = { api: gateway.schema!, supergraph: schemasOf(gateway).supergraphSchema };
      plan = { definition, node, compiled: compilePlan(schemas, definition, node) };
      plans.set(key, plan);
    }
    return plan;
  }

  function checkVariables(
    { operation }: Definition,
    variables: Operation['variables'] = {},
  ): readonly GraphQLError[] {
    const { variableDefinitions: definitions = [] } = operation;
    if (definitions.length === 0) return [];
    const deep = findDeepVariable(variables);
    if (deep) return [badInput(`The value of $${deep} is nested deeper than ${MAX_VARIABLE_DEPTH} levels.`)];
    return getVariableValues(gateway.schema!, definitions, variables).errors ?? [];
  }

  function executeOf(operation: Omit<Operation, 'variables'>): Execute {
    const { definition, compiled } = planned(operation);
    return (context, variables) => {
      const errors = checkVariables(definition, variables);
      if (errors.length > 0) return Promise.resolve({ errors });
      return compiled.execute(sources, context, variables);
    };
  }

  const executeStock = gateway.executor;
  const introspective = new WeakMap<DocumentNode, boolean>();

  /** @apollo/gateway plans introspection too, and throws at what was added to it later than its own knowledge. */
  function needsOwn(document: DocumentNode): boolean {
    if (settings.executor === 'own') return true;
    let needs = introspective.get(document);
    if (needs === undefined) {
      needs = introspects(document);
      introspective.set(document, needs);
    }
    return needs;
  }

  gateway.executor = async requestContext => {
    const { request, document, queryHash, context: given } = requestContext;
    if (!needsOwn(document)) return executeStock(requestContext);
    const context = given as unknown as GatewayContext;
    const { operationName, variables } = request;
    const executed =
      context.executed ?? executeOf({ document, queryHash, operationName })(context, variables);
    return executed as GatewayResult;
  };

  return {
    gateway,
    sources,
    checkVariables({ document, operationName, variables }) {
      const errors = checkVariables(readDefinition(document, operationName), variables);
      return errors.map(error => badInput(error.message));
    },
    executeOf,
    planSubscription(operation) {
      const { node } = planned(operation);
      if (node?.kind !== 'Subscription') throw new Error('Not the plan of a subscription');
      return node;
    },
    executeEvent(operation, plan, event, context) {
      if (settings.executor === 'stock') {
        return executeStockEvent(gateway, sources, operation, plan, event, context, log);
      }
      return planned(operation).compiled.execute(sources, context, operation.variables, event);
    },
    async close() {
      await Promise.all([...sources.values()].map(source => source.close()));
    },
  };
}
