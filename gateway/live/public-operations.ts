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
 * Tells whether all fields that a document selects are public: the same for everybody who sees the object at all. The
 * answer is kept with the document.
 *
 * @param publicFields as `Type.field`. One that is missing makes its operations private, so that forgetting a field
 *   costs speed, never secrecy.
 */
export function createIsPublic(
  schema: GraphQLSchema,
  publicFields: ReadonlySet<string>,
): (document: DocumentNode) => boolean {
  const known = new WeakMap<DocumentNode, boolean>();
  return document => {
    let answer = known.get(document);
    if (answer === undefined) {
      answer = selectsOnly(publicFields, schema, document);
      known.set(document, answer);
    }
    return answer;
  };
}

function selectsOnly(fields: ReadonlySet<string>, schema: GraphQLSchema, document: DocumentNode): boolean {
  let only = true;
  const typeInfo = new TypeInfo(schema);
  visit(
    document,
    visitWithTypeInfo(typeInfo, {
      [Kind.FIELD]({ name }) {
        const type = getNamedType(typeInfo.getParentType())?.name;
        only &&= name.value === '__typename' || fields.has(`${type}.${name.value}`);
      },
    }),
  );
  return only;
}
