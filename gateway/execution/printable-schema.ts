import { type GraphQLSchema, isScalarType, isSpecifiedScalarType } from 'graphql';

/**
 * Lets a schema be introspected and printed although defaults of custom scalars are objects (`data: JSON = {}`), which
 * graphql-js cannot write as a literal: they are written as JSON in a string. Nothing else serializes by this schema, since
 * subgraphs answer in JSON.
 */
export function makePrintable(schema: GraphQLSchema) {
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isScalarType(type) || isSpecifiedScalarType(type)) continue;
    const serialize = type.serialize;
    type.serialize = value => {
      const serialized = serialize(value);
      return typeof serialized === 'object' && serialized !== null ? JSON.stringify(serialized) : serialized;
    };
  }
}
