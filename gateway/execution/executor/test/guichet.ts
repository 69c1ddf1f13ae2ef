import { hash } from 'node:crypto';
import {
  type GraphQLFieldResolver,
  type GraphQLOutputType,
  isAbstractType,
  isCompositeType,
  isEnumType,
  isListType,
  isNonNullType,
  parse,
} from 'graphql';
import { readSchema } from '../../../../schema/read.ts';
import { SUBGRAPH_NAMES } from '../../../../schema/subgraphs.ts';

type Source = Record<string, unknown>;

/** Our own subgraphs' schemas, for subgraphs that make their data up. */
export const guichet = Object.fromEntries(
  SUBGRAPH_NAMES.map(name => [name, { typeDefs: parse(readSchema(name)), resolvers: {} }]),
);

/** Makes a value up: always the same for a field of an entity, whichever subgraph is asked. */
export const makeUp: GraphQLFieldResolver<Source | undefined, unknown> = (source, args, _context, info) => {
  const { fieldName, parentType, returnType, schema } = info;
  if (source && Object.hasOwn(source, fieldName)) return source[fieldName];
  const owner = source?.id ?? source?.seed ?? '';
  return make(returnType, `${parentType.name} ${owner} ${fieldName} ${JSON.stringify(args)}`);

  function make(type: GraphQLOutputType, seed: string): unknown {
    const number = Number.parseInt(hash('sha256', seed).slice(0, 6), 16);
    if (isNonNullType(type)) return number % 97 === 0 ? null : make(type.ofType, `${seed}!`);
    if (number % 7 === 0) return null;
    if (isListType(type)) return [0, 1, 2].map(index => make(type.ofType, `${seed} ${index}`));
    if (isEnumType(type)) return type.getValues()[number % type.getValues().length]!.name;
    if (isCompositeType(type)) {
      const types = isAbstractType(type) ? schema.getPossibleTypes(type) : [type];
      return { __typename: types[number % types.length]!.name, id: `${type.name}-${number % 4}`, seed };
    }
    return (
      { Int: number, Float: number / 2, Boolean: number % 2 === 0 }[type.name] ?? `${fieldName} ${number}`
    );
  }
};
