import { readFileSync } from 'node:fs';
import { ApolloGateway, buildOperationContext, executeQueryPlan } from '@apollo/gateway';
import { type DocumentNode, type ExecutionResult, type GraphQLError, getVariableValues } from 'graphql';
import { badInput } from '#shared/errors.ts';
import type { Log } from '#shared/log.ts';
import { BoundedMap } from './bounded-map.ts';
import type { GatewayContext } from './context.ts';
import { type SubgraphAnswer, SubgraphDataSource } from './data-source.ts';
import type { GatewaySettings } from './env.ts';
import { planOperation, type QueryPlan, type SubscriptionNode, schemasOf } from './planner.ts';
import { subgraphOptions } from './subgraph-options.ts';

type RequestContext = Parameters<typeof executeQueryPlan>[2];

/** A parsed and validated operation, with what the client gave for its variables. */
export interface Operation {
  document: DocumentNode;
  /** Tells documents apart in the plan cache. */
  queryHash: string;
  operationName: string | undefined;
  variables: Record<string, unknown> | undefined;
}

/** The composed schema, its planner, and the subgraphs behind it. */
export interface Supergraph {
  /** For ApolloServer: lifecycle, planning and execution of queries and mutations. */
  gateway: ApolloGateway;
  sources: Map<string, SubgraphDataSource>;
  /** Faults in the values given for an operation's variables. */
  checkVariables(operation: Operation): readonly GraphQLError[];
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

const REMEMBERED_PLANS = 500;

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
  const plans = new BoundedMap<string, QueryPlan>(REMEMBERED_PLANS);

  return {
    gateway,
    sources,
    checkVariables({ document, operationName, variables }) {
      const { schema, operation } = contextOf(document, operationName);
      const { errors = [] } = getVariableValues(schema, operation.variableDefinitions ?? [], variables ?? {});
      return errors.map(error => badInput(error.message));
    },
    planSubscription({ document, queryHash, operationName }) {
      const key = `${queryHash} ${operationName ?? ''}`;
      let plan = plans.get(key);
      if (!plan) {
        plan = planOperation(gateway, document, operationName);
        plans.set(key, plan);
      }
      if (plan.node?.kind !== 'Subscription') throw new Error('Not the plan of a subscription');
      return plan.node;
    },
    executeEvent(operation, plan, event, context) {
      const { document, queryHash, operationName, variables } = operation;
      const { supergraphSchema, apiSchema } = schemasOf(gateway);
      const requestContext = {
        request: { operationName, variables },
        document,
        queryHash,
        context,
        logger: log,
        metrics: {},
      } as unknown as RequestContext;
      return executeQueryPlan(
        {
          kind: 'QueryPlan',
          node: { kind: 'Sequence', nodes: [plan.primary, ...(plan.rest ? [plan.rest] : [])] },
        },
        answerPrimaryFrom(event, plan.primary.serviceName, sources),
        requestContext,
        contextOf(document, operationName),
        supergraphSchema,
        apiSchema,
      );
    },
    async close() {
      await Promise.all([...sources.values()].map(source => source.close()));
    },
  };

  function contextOf(operationDocument: DocumentNode, operationName: string | undefined) {
    return buildOperationContext({ schema: gateway.schema!, operationDocument, operationName });
  }
}

/** The subgraphs as they are, save that the primary's first fetch, which opens the sequence, is the event itself. */
function answerPrimaryFrom(event: SubgraphAnswer, primary: string, sources: Map<string, SubgraphDataSource>) {
  const services: Parameters<typeof executeQueryPlan>[1] = Object.fromEntries(sources);
  let answered = false;
  return {
    ...services,
    [primary]: {
      async process(options: Parameters<SubgraphDataSource['process']>[0]) {
        if (answered) return services[primary]!.process(options);
        answered = true;
        return event;
      },
    },
  };
}
