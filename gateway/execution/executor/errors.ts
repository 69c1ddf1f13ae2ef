import { GraphQLError, type GraphQLFormattedError } from 'graphql';
import type { PlanPath, ResultPath } from './paths.ts';
import type { Rewrite } from './rewrites.ts';

/** A subgraph's error as the gateway's, at its place in the result. */
export function subgraphError(
  error: GraphQLFormattedError,
  service: string,
  path: ResultPath | undefined,
): GraphQLError {
  const { message, extensions } = error;
  return new GraphQLError(message || `Error while fetching subquery from service "${service}"`, {
    path,
    originalError: error as Error,
    extensions: {
      ...extensions,
      code: extensions?.code ?? 'DOWNSTREAM_SERVICE_ERROR',
      serviceName: service,
    },
  });
}

/** Where an error is that is about a fetch as a whole. Through a list there is no single place to name. */
export function pathOfFetch(path: PlanPath, below: GraphQLFormattedError['path']): ResultPath | undefined {
  if (!below || path.includes('@')) return undefined;
  const full = [...path, ...below];
  return full.length > 0 ? full : undefined;
}

/** Gives the fields in an error's path the names that the client knows them by. */
export function renameInPath(path: ResultPath, rewrites: readonly Rewrite[]): ResultPath {
  if (rewrites.length === 0) return path;
  return path.map(step => {
    const renamer = rewrites.find(one => one.kind === 'KeyRenamer' && one.path.at(-1) === step);
    return renamer?.kind === 'KeyRenamer' ? renamer.renameKeyTo : step;
  });
}
