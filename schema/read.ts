import { readFileSync } from 'node:fs';
import type { SubgraphName } from './subgraphs.ts';

/** A subgraph's whole schema: the common value types, then its own file. */
export function readSchema(name: SubgraphName): string {
  return ['common', name]
    .map(file => readFileSync(new URL(`${file}.graphql`, import.meta.url), 'utf8'))
    .join('\n');
}
