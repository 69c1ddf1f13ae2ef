import { Kind, parse } from 'graphql';

/** The fields that carry a tag, as `Type.field`. */
export type TaggedFields = (tag: string) => ReadonlySet<string>;

const NONE: ReadonlySet<string> = new Set();

/**
 * Reads `@tag(name:)` of the fields in a supergraph. Composition keeps the tags of all subgraphs there; the schema that
 * clients see has none.
 */
export function readTags(supergraphSdl: string): TaggedFields {
  const fields = new Map<string, Set<string>>();
  for (const definition of parse(supergraphSdl, { noLocation: true }).definitions) {
    if (
      definition.kind !== Kind.OBJECT_TYPE_DEFINITION &&
      definition.kind !== Kind.INTERFACE_TYPE_DEFINITION
    ) {
      continue;
    }
    for (const field of definition.fields ?? []) {
      for (const { name, arguments: given } of field.directives ?? []) {
        const value = given?.find(argument => argument.name.value === 'name')?.value;
        if (name.value !== 'tag' || value?.kind !== Kind.STRING) continue;
        const tagged = fields.get(value.value) ?? new Set();
        fields.set(value.value, tagged.add(`${definition.name.value}.${field.name.value}`));
      }
    }
  }
  return tag => fields.get(tag) ?? NONE;
}
