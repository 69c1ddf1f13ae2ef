/** The rules on who may import whom. */
import { posix } from 'node:path';
import { importsOf, isCode, isTest, type Rule } from './sources.ts';

const SUBGRAPH = /^subgraphs\/([^/]+)\//;
const KERNEL = 'subgraphs/shared/kernel/';
/** What the gateway may import besides itself. */
const GROUND_OF_GATEWAY = ['gateway/', KERNEL, 'schema/'];
/** What only a laptop, a test or a measurement needs. */
const WORKSHOP = ['dev/', 'e2e/', 'bench/'];

const startsWithAny = (path: string, prefixes: readonly string[]) =>
  prefixes.some(prefix => path.startsWith(prefix));

/** A subgraph stands on `subgraphs/shared` and `schema` alone, the gateway on the kernel, production code on no tool. */
export const noCrossImports: Rule = sources =>
  sources
    .filter(({ path }) => isCode(path))
    .flatMap(source =>
      importsOf(source)
        .map(({ path }) => whyForbidden(source.path, path))
        .filter(fault => fault !== null),
    );

function whyForbidden(from: string, to: string): string | null {
  const told = `${from} imports ${to}`;
  if (from.startsWith('schema/') && !to.startsWith('schema/')) return `${told}: the contract imports no code`;
  const production = from.startsWith('gateway/') || from.startsWith('subgraphs/');
  if (from.startsWith('dev/') && startsWithAny(to, ['e2e/', 'bench/'])) {
    return `${told}: tools serve tests and measurements, not the other way round`;
  }
  if (!production) return null;
  if (startsWithAny(to, WORKSHOP)) {
    return isTest(from) ? null : `${told}: production code needs nothing of ${posix.dirname(to)}/`;
  }
  if (isTest(to) && !isTest(from)) return `${told}: production code needs no test`;
  if (from.startsWith(KERNEL) && !isTest(from) && !startsWithAny(to, [KERNEL, 'schema/'])) {
    return `${told}: the gateway stands on the kernel, which therefore stands on nothing but itself and the contract`;
  }
  const [, owner] = SUBGRAPH.exec(from) ?? [];
  const [, other] = SUBGRAPH.exec(to) ?? [];
  if (owner) {
    if (to.startsWith('gateway/')) return `${told}: a subgraph never imports the gateway`;
    const foreign = other && other !== owner && other !== 'shared';
    return foreign ? `${told}: subgraphs meet in schema/ and over the network` : null;
  }
  const allowed = startsWithAny(to, GROUND_OF_GATEWAY) || (isTest(from) && other === 'shared');
  return allowed ? null : `${told}: the gateway imports nothing of the subgraphs but shared/kernel`;
}

/** Resolvers and handlers bind the rooms to the outside. A room that imported them back would be bound to itself. */
export const noImportsOfBindings: Rule = sources =>
  sources
    .filter(({ path }) => isCode(path) && !isTest(path) && !/^subgraphs\/[^/]+\/server\.ts$/.test(path))
    .flatMap(source =>
      importsOf(source)
        .filter(({ path }) => /^subgraphs\/[^/]+\/(?:handlers|resolvers)\.ts$/.test(path))
        .map(({ path }) => `${source.path} imports ${path}, which server.ts alone does`),
    );
