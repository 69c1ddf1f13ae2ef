/** Composes the supergraph from the subgraphs' schemas. `--check` fails when the committed one is stale. */
import { readFileSync, writeFileSync } from 'node:fs';
import { composeServices } from '@apollo/composition';
import { parse } from 'graphql';
import { readSchema } from './read.ts';
import { localUrlOf, SUBGRAPH_NAMES } from './subgraphs.ts';

const target = new URL('./supergraph.graphql', import.meta.url);

const { supergraphSdl, errors } = composeServices(
  SUBGRAPH_NAMES.map(name => ({
    name,
    url: `${localUrlOf(name)}/graphql`,
    typeDefs: parse(readSchema(name)),
  })),
);
if (!supergraphSdl) {
  console.error(`The subgraphs do not compose:\n${errors?.map(error => `  - ${error.message}`).join('\n')}`);
  process.exit(1);
}
if (!process.argv.includes('--check')) writeFileSync(target, supergraphSdl);
else if (readFileSync(target, 'utf8') !== supergraphSdl) {
  console.error('schema/supergraph.graphql is stale: run `npm run compose` and commit it.');
  process.exit(1);
}
