import type { GraphQLRequest } from '@apollo/server';
import { Kind, parse } from 'graphql';
import type { Log } from '#shared/kernel/log.ts';
import { createUncheckedViewers, type Identity } from '../identity/viewer.ts';
import type { Apollo, Findings } from './apollo.ts';

/**
 * Parses, validates and plans documents without executing them, so that nobody waits for it later. What is wrong with
 * one is logged, and told to everybody who asks for it.
 *
 * @param keep is given what was found out about each operation.
 */
export async function warmUp(
  apollo: Apollo,
  documents: ReadonlyMap<string, string>,
  keep: (findings: Findings) => void,
  log: Log,
) {
  const identity = createUncheckedViewers().identify(undefined) as Identity;
  const context = { identity, correlationId: 'warm-up' };
  for (const [hash, query] of documents) {
    for (const operationName of callableBy(query)) {
      const errors = await apollo.plan({ query, operationName } as GraphQLRequest, context).then(
        ({ response: { body }, findings }) => {
          keep(findings);
          return body.kind === 'single' && body.singleResult.errors?.map(({ message }) => message);
        },
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
