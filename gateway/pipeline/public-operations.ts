import {
  type DocumentNode,
  type GraphQLSchema,
  getNamedType,
  Kind,
  TypeInfo,
  visit,
  visitWithTypeInfo,
} from 'graphql';

/**
 * Fields that are the same for everybody who sees the event at all: their resolvers ask nothing about the viewer. One
 * that is not listed here makes its operation private, so that forgetting it costs speed, never secrecy.
 */
const PUBLIC_FIELDS: Record<string, readonly string[]> = {
  Subscription: ['availabilityChanged'],
  Product: ['id', 'event', 'kind', 'name', 'price', 'taxRate', 'available', 'maxPerOrder'],
  Event: [
    'id',
    'slug',
    'title',
    'description',
    'venue',
    'startsAt',
    'endsAt',
    'validFrom',
    'timezone',
    'status',
    'products',
    'publicKey',
  ],
  Money: ['amount', 'currency'],
};

/** Tells whether all fields that a document selects are public; the answer is kept with the document. */
export function createIsPublic(schema: GraphQLSchema): (document: DocumentNode) => boolean {
  const known = new WeakMap<DocumentNode, boolean>();
  return document => {
    let answer = known.get(document);
    if (answer === undefined) {
      answer = selectsPublicFieldsOnly(schema, document);
      known.set(document, answer);
    }
    return answer;
  };
}

function selectsPublicFieldsOnly(schema: GraphQLSchema, document: DocumentNode): boolean {
  let onlyPublic = true;
  const typeInfo = new TypeInfo(schema);
  visit(
    document,
    visitWithTypeInfo(typeInfo, {
      [Kind.FIELD]({ name }) {
        const type = getNamedType(typeInfo.getParentType())?.name ?? '';
        onlyPublic &&= name.value === '__typename' || (PUBLIC_FIELDS[type]?.includes(name.value) ?? false);
      },
    }),
  );
  return onlyPublic;
}
