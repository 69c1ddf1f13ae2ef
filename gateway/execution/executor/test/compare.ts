import { composeServices } from '@apollo/composition';
import { ApolloGateway } from '@apollo/gateway';
import { buildSubgraphSchema } from '@apollo/subgraph';
import {
  type ASTNode,
  type DocumentNode,
  type ExecutionResult,
  execute,
  type GraphQLError,
  type GraphQLFieldResolver,
  type GraphQLSchema,
  isInterfaceType,
  isObjectType,
  Kind,
  parse,
  print,
  type SelectionNode,
  TypeInfo,
  visit,
  visitWithTypeInfo,
} from 'graphql';
import type { SubgraphAnswer } from '../../../subgraphs/answer.ts';
import type { FetchContext } from '../../../subgraphs/fetch-context.ts';
import { planOperation, schemasOf } from '../../planner.ts';
import { readDefinition } from '../collect.ts';
import { compilePlan } from '../executor.ts';
import { isFaulty } from './generate.ts';
import { world } from './world.ts';

export interface Outcome {
  data: unknown;
  /** `message @ path`, in alphabetical order. */
  errors: string[];
}

type Data = Record<string, unknown>;
interface Sent {
  service: string;
  query: string;
  variables: Data;
}

interface Definition {
  typeDefs: DocumentNode;
  resolvers: object;
}

/**
 * Both executors over the same subgraphs in memory.
 * @param fieldResolver for fields that have no resolver.
 */
export async function createWorld(
  definitions: Record<string, Definition> = world,
  fieldResolver?: GraphQLFieldResolver<Data | undefined, unknown>,
) {
  process.env.APOLLO_TELEMETRY_DISABLED = 'true';
  const down = new Set<string>();
  const sent: Sent[] = [];
  const schemas = new Map<string, GraphQLSchema>();
  const documents = new Map<string, DocumentNode>();
  for (const [name, definition] of Object.entries(definitions)) {
    schemas.set(name, buildSubgraphSchema(definition as never));
  }
  const { supergraphSdl, errors } = composeServices(
    Object.entries(definitions).map(([name, { typeDefs }]) => ({ name, typeDefs, url: `http://${name}` })),
  );
  if (!supergraphSdl) throw new Error(errors?.join('\n'));

  async function ask(service: string, query: string, variables: Data): Promise<SubgraphAnswer> {
    sent.push({ service, query, variables });
    if (down.has(service)) {
      return { data: null, errors: [{ message: `${service} is down.` }], unanswered: true };
    }
    let document = documents.get(query);
    if (!document) {
      document = parse(query);
      documents.set(query, document);
    }
    const result = await execute({
      schema: schemas.get(service)!,
      document,
      variableValues: variables,
      fieldResolver,
    });
    return JSON.parse(JSON.stringify(result));
  }

  const gateway = new ApolloGateway({
    supergraphSdl,
    validateSupergraph: false,
    logger: { debug() {}, info() {}, warn() {}, error() {} },
    buildService: ({ name }) => ({
      async process(options) {
        const { query, variables } = options.request;
        const named = nameTypes(query!, schemas.get(name)!, gateway.schema!);
        const answer = await ask(name, named, JSON.parse(JSON.stringify(variables ?? {})));
        const { pathInIncomingRequest: path = [] } = options as { pathInIncomingRequest?: string[] };
        if (answer.unanswered && path.length > 0 && !path.includes('@')) {
          answer.errors = answer.errors!.map(error => ({ ...error, path: [] }));
        }
        withoutInterfaceNames(answer, gateway.schema!);
        return answer as never;
      },
    }),
  });
  await gateway.load();
  const subgraphs = new Map(
    Object.keys(definitions).map(name => [
      name,
      {
        fetch: ({ query, variablesText }: { query: string; variablesText: string }) =>
          ask(name, query, JSON.parse(variablesText)),
      },
    ]),
  );
  const context = {} as FetchContext;

  return {
    schema: gateway.schema!,
    /** Subgraphs that do not answer. */
    down,
    /** What was sent since this was last emptied. */
    sent,
    stop: () => gateway.stop(),
    async stock(query: string, variables?: Data): Promise<Outcome> {
      const document = parse(query);
      const request = { request: { query, variables }, document, queryHash: query, context, metrics: {} };
      return read((await gateway.executor(request as never)) as ExecutionResult);
    },
    /** @throws Error when an error is said to be where nothing is missing. */
    async own(query: string, variables?: Data): Promise<Outcome> {
      const result = await compile(query).execute(subgraphs, context, variables);
      for (const { message, path } of result.errors ?? []) {
        if (path && !isFaulty(result.data, path)) {
          throw new Error(`Nothing is missing at ${path.join('.')}, which is the path of: ${message}`);
        }
      }
      return read(result);
    },
    /** Executes a subscription for one event. */
    async event(query: string, event: SubgraphAnswer, variables?: Data): Promise<Outcome> {
      return read(await compile(query).execute(subgraphs, context, variables, event));
    },
  };

  function compile(query: string) {
    const document = parse(query);
    const { node } = planOperation(gateway, document, undefined);
    const both = { api: gateway.schema!, supergraph: schemasOf(gateway).supergraphSchema };
    return compilePlan(both, readDefinition(document, undefined), node);
  }
}

export type World = Awaited<ReturnType<typeof createWorld>>;

/**
 * Asks for the types of all objects, save interface objects. The planner leaves out those that it is sure of, and
 * @apollo/gateway then takes an object for what the field promises that it was selected by: an interface, if that is
 * narrowed only by the type around it, and loses the fragments on what it really is.
 */
function nameTypes(query: string, subgraph: GraphQLSchema, api: GraphQLSchema): string {
  const types = new TypeInfo(subgraph);
  const named = visit(
    parse(query),
    visitWithTypeInfo(types, {
      SelectionSet(node, _key, parent) {
        const type = types.getParentType();
        if (!isObjectType(type) || !isObjectType(api.getType(type.name))) return undefined;
        if ((parent as ASTNode).kind === Kind.OPERATION_DEFINITION) return undefined;
        return { ...node, selections: [...node.selections, TYPENAME] };
      },
    }),
  );
  return print(named);
}

const TYPENAME: SelectionNode = { kind: Kind.FIELD, name: { kind: Kind.NAME, value: '__typename' } };

/**
 * Takes the names of interfaces from entities, which for @apollo/gateway take the place of what the entities really
 * are: objects that it knew better are null then.
 */
function withoutInterfaceNames({ data }: SubgraphAnswer, api: GraphQLSchema) {
  for (const entity of (data?._entities as (Data | null)[] | undefined) ?? []) {
    if (isInterfaceType(api.getType(String(entity?.__typename)))) delete entity!.__typename;
  }
}

/**
 * An error as `message @ path`. Where @apollo/gateway tells parts of its plan in place of a path (`orders.@._entities`),
 * ours names the place, if it is a single one. Positions in lists are left out: @apollo/gateway counts only the
 * elements that it has asked for.
 */
function describe({ message, path = [] }: Pick<GraphQLError, 'message' | 'path'>): string {
  const end = path.indexOf('_entities');
  const place = path.includes('@') ? [] : end < 0 ? path : path.slice(0, end);
  return `${message} @ ${place.filter(step => typeof step === 'string').join('.')}`;
}

function read({ data, errors, extensions }: ExecutionResult): Outcome {
  const faults = errors ?? (extensions?.valueCompletion as GraphQLError[] | undefined) ?? [];
  return {
    data: data === undefined ? undefined : JSON.parse(JSON.stringify(data)),
    errors: faults.map(describe).sort(),
  };
}
