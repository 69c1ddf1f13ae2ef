import { readFileSync } from 'node:fs';
import { ApolloGateway } from '@apollo/gateway';
import { type DocumentNode, type ExecutionResult, type GraphQLError, getVariableValues } from 'graphql';
import { badInput } from '#shared/kernel/errors.ts';
import type { Log } from '#shared/kernel/log.ts';
import { BoundedMap } from '../bounded-map.ts';
import type { GatewayContext } from '../context.ts';
import { findDeepVariable, MAX_VARIABLE_DEPTH } from '../pipeline/limits/size.ts';
import type { GatewaySettings } from '../settings.ts';
import { type SubgraphAnswer, SubgraphClient } from '../subgraphs/client.ts';
import { createFetchContext } from '../subgraphs/fetch-context.ts';
import { subgraphOptions } from '../subgraphs/options.ts';
import { type Definition, readDefinition } from './executor/collect.ts';
import { type CompiledPlan, compilePlan } from './executor/executor.ts';
import { executeStockEvent } from './executor/stock.ts';
import { introspects } from './introspection.ts';
import { planOperation, type QueryPlan, type SubscriptionNode, schemasOf } from './planner.ts';
import { makePrintable } from './printable-schema.ts';
import { readTags, type TaggedFields } from './tags.ts';

type StockRequest = Parameters<ApolloGateway['executor']>[0];

/** An operation as ApolloServer hands it to its gateway's executor, with what it carries along. */
export interface GatewayRequest<Context = unknown> {
  request: { operationName?: string; variables?: Record<string, unknown> };
  document: DocumentNode;
  queryHash: string;
  context: Context;
}

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
  /** Loads and plans; its lifecycle is ApolloServer's. */
  gateway: ApolloGateway;
  subgraphs: Map<string, SubgraphClient>;
  tagged: TaggedFields;
  /** Faults in the values given for an operation's variables. */
  checkVariables(operation: Operation): readonly GraphQLError[];
  /** Plans an operation, for any number of executions; a live one is executed by `executeEvent`. */
  prepare(operation: Omit<Operation, 'variables'>): Execute;
  /** Whether our own executor executes a document, and not @apollo/gateway's. */
  usesOwnExecutor(document: DocumentNode): boolean;
  /** Executes a query or mutation with @apollo/gateway's executor. */
  executeStock(request: GatewayRequest, context: GatewayContext): Promise<ExecutionResult>;
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

/** Reads the composed schema and prepares a client for every subgraph in it. Nothing is contacted yet. */
export function loadSupergraph(settings: GatewaySettings, log: Log): Supergraph {
  // Otherwise @apollo/gateway reports to its maker from the moment it is constructed.
  process.env.APOLLO_TELEMETRY_DISABLED = 'true';

  const subgraphs = new Map<string, SubgraphClient>();
  const supergraphSdl = readFileSync(settings.supergraph, 'utf8');
  const gateway = new ApolloGateway({
    supergraphSdl,
    logger: log,
    validateSupergraph: false,
    __exposeQueryPlanExperimental: false,
    buildService({ name, url }) {
      const subgraph = new SubgraphClient(subgraphOptions(settings, name, url), log);
      subgraphs.set(name, subgraph);
      return subgraph;
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

  function prepare(operation: Omit<Operation, 'variables'>): Execute {
    const { definition, compiled } = planned(operation);
    return (context, variables) => {
      const errors = checkVariables(definition, variables);
      if (errors.length > 0) return Promise.resolve({ errors });
      return compiled.execute(subgraphs, createFetchContext(context), variables);
    };
  }

  const introspective = new WeakMap<DocumentNode, boolean>();

  /** @apollo/gateway plans introspection too, and throws at what was added to it later than its own knowledge. */
  function usesOwnExecutor(document: DocumentNode): boolean {
    if (settings.executor === 'own') return true;
    let introspecting = introspective.get(document);
    if (introspecting === undefined) {
      introspecting = introspects(document);
      introspective.set(document, introspecting);
    }
    return introspecting;
  }

  return {
    gateway,
    subgraphs,
    tagged: readTags(supergraphSdl),
    checkVariables({ document, operationName, variables }) {
      const errors = checkVariables(readDefinition(document, operationName), variables);
      return errors.map(error => badInput(error.message));
    },
    prepare,
    usesOwnExecutor,
    executeStock: (request, context) =>
      gateway.executor({ ...request, context: createFetchContext(context) } as unknown as StockRequest),
    planSubscription(operation) {
      const { node } = planned(operation);
      if (node?.kind !== 'Subscription') throw new Error('Not the plan of a subscription');
      return node;
    },
    executeEvent(operation, plan, event, context) {
      const fetchContext = createFetchContext(context);
      if (settings.executor === 'stock') {
        return executeStockEvent(gateway, subgraphs, operation, plan, event, fetchContext, log);
      }
      return planned(operation).compiled.execute(subgraphs, fetchContext, operation.variables, event);
    },
    async close() {
      await Promise.all([...subgraphs.values()].map(subgraph => subgraph.close()));
    },
  };
}
