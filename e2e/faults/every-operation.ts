/** One operation for each root field of a schema, with arguments that its types accept. */
import {
  buildASTSchema,
  type GraphQLInputType,
  type GraphQLObjectType,
  getNamedType,
  isCompositeType,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
  isRequiredArgument,
  isRequiredInputField,
  parse,
} from 'graphql';

export interface Operation {
  kind: 'query' | 'mutation' | 'subscription';
  field: string;
  query: string;
  variables: Record<string, unknown>;
}

/** The fields that a schema offers to clients; fields that only gateways ask (`_entities`, `_service`) are left out. */
export function everyOperation(sdl: string): Operation[] {
  const schema = buildASTSchema(parse(sdl), { assumeValidSDL: true });
  return [
    ...operationsOf('query', schema.getQueryType()),
    ...operationsOf('mutation', schema.getMutationType()),
    ...operationsOf('subscription', schema.getSubscriptionType()),
  ];
}

function operationsOf(kind: Operation['kind'], root: GraphQLObjectType | null | undefined): Operation[] {
  const fields = Object.values(root?.getFields() ?? {}).filter(({ name }) => !name.startsWith('_'));
  return fields.map(({ name, args, type }) => {
    const required = args.filter(isRequiredArgument);
    const declared = required.map(arg => `$${arg.name}: ${arg.type}`).join(', ');
    const given = required.map(arg => `${arg.name}: $${arg.name}`).join(', ');
    const selection = isCompositeType(getNamedType(type)) ? ' { __typename }' : '';
    return {
      kind,
      field: name,
      query: `${kind} ${declared && `(${declared})`} { ${name}${given && `(${given})`}${selection} }`,
      variables: Object.fromEntries(required.map(arg => [arg.name, sampleOf(arg.type)])),
    };
  });
}

const SCALARS: Record<string, unknown> = {
  ID: '019a0000-0000-7000-8000-000000000000',
  Int: 1,
  Float: 0.5,
  Boolean: true,
  DateTime: '2027-01-01T20:00:00.000Z',
};

function sampleOf(type: GraphQLInputType): unknown {
  if (isNonNullType(type)) return sampleOf(type.ofType);
  if (isListType(type)) return [sampleOf(type.ofType)];
  if (isEnumType(type)) return type.getValues()[0]!.name;
  if (!isInputObjectType(type)) return SCALARS[type.name] ?? 'x';
  const required = Object.values(type.getFields()).filter(isRequiredInputField);
  return Object.fromEntries(required.map(field => [field.name, sampleOf(field.type)]));
}
