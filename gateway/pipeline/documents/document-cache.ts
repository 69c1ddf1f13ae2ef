import type { DocumentNode } from 'graphql';
import { BoundedMap } from '../../bounded-map.ts';

/** Rough bytes that a token of an operation takes, with the nodes above it. */
const BYTES_PER_TOKEN = 400;
export const BYTES_PER_MEGABYTE = 1_000_000;

/** Keeps parsed and validated operations for ApolloServer, as many as fit into so many megabytes. */
export function createDocumentCache(megabytes: number) {
  const documents = new BoundedMap<string, DocumentNode>(megabytes * BYTES_PER_MEGABYTE, weigh);
  return {
    get: async (key: string) => documents.get(key),
    set: async (key: string, document: DocumentNode) => documents.set(key, document),
    delete: async (key: string) => documents.delete(key),
  };
}

/** Rough bytes that a parsed operation takes. */
export function weigh({ loc }: DocumentNode): number {
  if (!loc) return BYTES_PER_TOKEN;
  let tokens = 0;
  for (let token = loc.startToken.next; token; token = token.next) tokens++;
  return 2 * loc.source.body.length + BYTES_PER_TOKEN * tokens;
}
