import { operationFromDocument } from '@apollo/federation-internals';
import type { ApolloGateway, executeQueryPlan } from '@apollo/gateway';
import type { DocumentNode, GraphQLSchema } from 'graphql';
import { withoutIntrospection } from './introspection.ts';

export type QueryPlan = Parameters<typeof executeQueryPlan>[0];
type AnyNode = NonNullable<QueryPlan['node']>;
export type SubscriptionNode = Extract<AnyNode, { kind: 'Subscription' }>;

/**
 * Plans an operation with the gateway's own planner, save for what it asks about the schema. Takes milliseconds: keep
 * the plan.
 */
export function planOperation(
  gateway: ApolloGateway,
  document: DocumentNode,
  operationName: string | undefined,
): QueryPlan {
  const planned = withoutIntrospection(document, operationName);
  const operation = operationFromDocument(schemasOf(gateway).apiSchema, planned, { operationName });
  return gateway.__testing().queryPlanner!.buildQueryPlan(operation);
}

/**
 * The schemas that the exported executor wants and the gateway keeps to itself: private in TypeScript's sense only,
 * and read at each use because a new supergraph replaces them.
 */
export function schemasOf(gateway: ApolloGateway) {
  return gateway as unknown as {
    apiSchema: Parameters<typeof executeQueryPlan>[5];
    supergraphSchema: GraphQLSchema;
  };
}
