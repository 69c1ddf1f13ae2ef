import {
  GraphQLBoolean,
  GraphQLFloat,
  GraphQLID,
  GraphQLInt,
  type GraphQLLeafType,
  GraphQLString,
  isEnumType,
} from 'graphql';

/**
 * Whether a subgraph's value is one of a leaf type. Subgraphs have serialized it already, so it goes on as it is;
 * values of an enum that are unknown to the API, or hidden from it, do not.
 */
export function compileLeaf(type: GraphQLLeafType): (value: unknown) => boolean {
  if (isEnumType(type)) {
    const values = new Set<unknown>(type.getValues().map(({ name }) => name));
    return value => values.has(value);
  }
  switch (type.name) {
    case GraphQLString.name:
      return value => typeof value === 'string';
    case GraphQLID.name:
      return value => typeof value === 'string' || isInteger(value);
    case GraphQLInt.name:
      return isInteger;
    case GraphQLFloat.name:
      return value => typeof value === 'number';
    case GraphQLBoolean.name:
      return value => typeof value === 'boolean';
    default:
      // Only the subgraph knows what a custom scalar may be.
      return () => true;
  }
}

const isInteger = (value: unknown) => Number.isInteger(value);
