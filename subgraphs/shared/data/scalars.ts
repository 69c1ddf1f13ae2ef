import { DateTimeISOResolver, JSONResolver, SafeIntResolver } from 'graphql-scalars';

/** Resolvers of the scalars in schema/common.graphql. */
export const scalars = { DateTime: DateTimeISOResolver, SafeInt: SafeIntResolver };
export { JSONResolver };
