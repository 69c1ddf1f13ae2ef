import type { ApolloServer, GraphQLRequest } from '@apollo/server';
import { Kind, parse } from 'graphql';
import type { Log } from '#shared/kernel/log.ts';
import type { GatewayContext } from '../context.ts';
import { createUncheckedViewers, type Identity } from '../identity/viewer.ts';

/**
 * Parses, validates and plans documents without executing them, so that nobody waits for it later. What is wrong with
 * one is logged, and told to whoever asks for it.
 */
export async function rehearse(
  apollo: ApolloServer<GatewayContext>,
  documents: ReadonlyMap<string, string>,
  log: Log,
) {
  const identity = createUncheckedViewers().identify(undefined) as Identity;
  for (const [hash, query] of documents) {
    for (const operationName of callableBy(query)) {
      const contextValue = { identity, correlationId: 'rehearsal', rehearsal: true, socket: {} };
      const errors = await apollo
        .executeOperation({ query, operationName } as GraphQLRequest, { contextValue })
        .then(
          ({ body }) => body.kind === 'single' && body.singleResult.errors?.map(({ message }) => message),
          error => [(error as Error).message],
        );
      if (errors) log.warn({ hash, errors }, 'a trusted document cannot be answered');
    }
  }
}

/** The operation names that a document may be called by; undefined when it needs none. */
function callableBy(query: string): (string | undefined)[] {
  const names = parse(query).definitions.flatMap(definition =>
    definition.kind === Kind.OPERATION_DEFINITION ? [definition.name?.value] : [],
  );
  return names.length === 1 && names[0] ? [undefined, ...names] : names;
}
