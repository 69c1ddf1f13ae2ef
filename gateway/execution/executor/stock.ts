import { type ApolloGateway, buildOperationContext, executeQueryPlan } from '@apollo/gateway';
import type { ExecutionResult } from 'graphql';
import type { Log } from '#shared/kernel/log.ts';
import type { SubgraphAnswer } from '../../subgraphs/answer.ts';
import type { SubgraphClient } from '../../subgraphs/client.ts';
import type { FetchContext } from '../../subgraphs/fetch-context.ts';
import { type SubscriptionNode, schemasOf } from '../planner.ts';
import type { Operation } from '../supergraph.ts';

type RequestContext = Parameters<typeof executeQueryPlan>[2];
type Services = Parameters<typeof executeQueryPlan>[1];

/**
 * Executes a subscription's plan for one event with @apollo/gateway's executor, which refuses subscriptions but runs
 * their parts as a sequence when the first fetch is answered from the event.
 */
export function executeStockEvent(
  gateway: ApolloGateway,
  subgraphs: ReadonlyMap<string, SubgraphClient>,
  { document, queryHash, operationName, variables }: Operation,
  { primary, rest }: SubscriptionNode,
  event: SubgraphAnswer,
  context: FetchContext,
  log: Log,
): Promise<ExecutionResult> {
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
    { kind: 'QueryPlan', node: { kind: 'Sequence', nodes: [primary, ...(rest ? [rest] : [])] } },
    answerPrimaryFrom(event, primary.serviceName, subgraphs),
    requestContext,
    buildOperationContext({ schema: gateway.schema!, operationDocument: document, operationName }),
    supergraphSchema,
    apiSchema,
  );
}

/** The subgraphs as they are, save that the primary's first fetch, which opens the sequence, is the event itself. */
function answerPrimaryFrom(
  event: SubgraphAnswer,
  primary: string,
  subgraphs: ReadonlyMap<string, SubgraphClient>,
): Services {
  const services: Services = Object.fromEntries(subgraphs);
  let answered = false;
  return {
    ...services,
    [primary]: {
      async process(options: Parameters<SubgraphClient['process']>[0]) {
        if (answered) return services[primary]!.process(options);
        answered = true;
        return event as never;
      },
    },
  };
}
