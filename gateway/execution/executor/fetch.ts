import { Kind, type OperationDefinitionNode, parse, print, stripIgnoredCharacters } from 'graphql';
import type { QueryPlan } from '../planner.ts';
import type { Rewrite } from './rewrites.ts';

type AnyNode = NonNullable<QueryPlan['node']>;
export type SubscriptionNode = Extract<AnyNode, { kind: 'Subscription' }>;
export type PlanNode = Exclude<AnyNode, SubscriptionNode>;
export type FetchNode = Extract<AnyNode, { kind: 'Fetch' }>;

/** What a plan asks of one subgraph. Fetches that ask the same, wherever in the plan, are one and the same object. */
export interface Fetch {
  service: string;
  /** Without the operation's name, which tells equal fetches apart and nothing else. */
  query: string;
  /** The client's variables in it. */
  variables: readonly string[];
  isMutation: boolean;
  rewrites: readonly Rewrite[];
  /** Stands in the plan more than once. */
  repeated: boolean;
  /** How to ask it together with others in one request; undefined when it must go alone. */
  entities: EntitySelection | undefined;
}

export interface EntitySelection {
  /** Definitions of the client's variables by name. */
  definitions: readonly [name: string, definition: string][];
  /** What is selected of each entity, with its braces. */
  selection: string;
}

const REPRESENTATIONS = 'representations';

/** Reads the fetches of one plan. */
export function createFetchReader(): (node: FetchNode) => Fetch {
  const known = new Map<string, Fetch>();
  return node => {
    const { serviceName, operation, operationKind, variableUsages = [], outputRewrites = [] } = node;
    const document = parse(operation, { noLocation: true });
    const [definition, ...rest] = document.definitions as [OperationDefinitionNode];
    const definitions = [{ ...definition, name: undefined }, ...rest];
    const query = stripIgnoredCharacters(print({ kind: Kind.DOCUMENT, definitions }));
    const key = JSON.stringify([serviceName, query, outputRewrites]);
    let fetch = known.get(key);
    if (fetch) fetch.repeated = true;
    else {
      fetch = {
        service: serviceName,
        query,
        variables: variableUsages,
        isMutation: operationKind === 'mutation',
        rewrites: outputRewrites,
        repeated: false,
        entities: node.requires && rest.length === 0 ? readEntities(definition) : undefined,
      };
      known.set(key, fetch);
    }
    return fetch;
  };
}

function readEntities(definition: OperationDefinitionNode): EntitySelection | undefined {
  const [field, ...others] = definition.selectionSet.selections;
  if (field?.kind !== Kind.FIELD || others.length > 0 || definition.directives?.length) return undefined;
  const definitions = (definition.variableDefinitions ?? [])
    .map(one => [one.variable.name.value, stripIgnoredCharacters(print(one))] as [string, string])
    .filter(([name]) => name !== REPRESENTATIONS);
  return { definitions, selection: stripIgnoredCharacters(print(field.selectionSet!)) };
}

/** The name of a list of representations among a request's variables, and of its answer. */
export const aliasAt = (index: number) => `_e${index}`;

/** One query for the entities of several fetches; variables keep their names, which the client gave them. */
export function mergeQueries(fetches: readonly EntitySelection[]): string {
  const lists = fetches.map((_, index) => `$${aliasAt(index)}:[_Any!]!`);
  const definitions = new Map(fetches.flatMap(fetch => fetch.definitions));
  const fields = fetches.map(
    ({ selection }, index) =>
      `${aliasAt(index)}:_entities(${REPRESENTATIONS}:$${aliasAt(index)})${selection}`,
  );
  return `query(${[...lists, ...definitions.values()].join()}){${fields.join(' ')}}`;
}
