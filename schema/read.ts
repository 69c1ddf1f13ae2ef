import { readFileSync } from 'node:fs';

/** The subgraphs and the ports they listen on in development. */
export const SUBGRAPHS = [
  { name: 'users', port: 4001 },
  { name: 'orders', port: 4002 },
  { name: 'invoices', port: 4003 },
  { name: 'payments', port: 4004 },
  { name: 'tickets', port: 4005 },
  { name: 'notifications', port: 4006 },
] as const;
export type SubgraphName = (typeof SUBGRAPHS)[number]['name'];

/** A subgraph's whole schema: the common value types, then its own file. */
export function readSchema(name: SubgraphName): string {
  return ['common', name]
    .map(file => readFileSync(new URL(`${file}.graphql`, import.meta.url), 'utf8'))
    .join('\n');
}
