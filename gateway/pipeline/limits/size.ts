import {
  type ASTVisitor,
  type DocumentNode,
  type FragmentDefinitionNode,
  GraphQLError,
  Kind,
  type SelectionSetNode,
  type ValidationContext,
  visit,
} from 'graphql';
import { isIntrospection } from '../../execution/introspection.ts';

/** Tokens of an operation's text. Parsing stops there, before anything more expensive begins. */
export const MAX_TOKENS = 1_000;
/** Levels of nested fields. */
export const MAX_DEPTH = 15;
/** Renamed fields, each of which may be one more execution of the same resolver. */
export const MAX_ALIASES = 30;
/** Fields in all, fragments counted each time they are spread. */
export const MAX_FIELDS = 500;
/**
 * Lists and objects within each other, as values written into the text. The planner goes through the elements of a list
 * twice, and so through the innermost of 30 lists a billion times.
 */
export const MAX_VALUE_DEPTH = 10;

/** Lists and objects within each other in variables: recursion into them must not overflow the stack. */
export const MAX_VARIABLE_DEPTH = 50;

interface Size {
  depth: number;
  aliases: number;
  fields: number;
}

/**
 * A validation rule: refuses operations that are too deep or too wide, seeing through fragments (A10). What it refuses
 * no other rule gets to see: graphql-js compares fields pair by pair, and in circles of fragments until the stack ends.
 */
export function limitOperationSize(context: ValidationContext): ASTVisitor {
  return {
    Document(document) {
      const fault = findExcess(document);
      if (!fault) return undefined;
      context.reportError(new GraphQLError(fault));
      // Takes the document away, before any rule has looked at what is selected.
      return null;
    },
  };
}

function findExcess(document: DocumentNode): string | undefined {
  try {
    return findExcessIn(document);
  } catch (error) {
    if (error instanceof Circle) return 'A fragment spreads itself, directly or through others.';
    throw error;
  }
}

function findExcessIn(document: DocumentNode): string | undefined {
  if (nestsValues(document)) return `The operation has values nested deeper than ${MAX_VALUE_DEPTH} levels.`;
  const measure = createMeasure(document);
  for (const definition of document.definitions) {
    // Fragments also for themselves: the rules look at those that nothing spreads, too.
    if (definition.kind !== Kind.OPERATION_DEFINITION && definition.kind !== Kind.FRAGMENT_DEFINITION)
      continue;
    const { depth, aliases, fields } = measure(definition.selectionSet);
    if (depth > MAX_DEPTH) return `The operation is nested deeper than ${MAX_DEPTH} levels.`;
    if (aliases > MAX_ALIASES) return `The operation has more than ${MAX_ALIASES} aliases.`;
    if (fields > MAX_FIELDS) return `The operation selects more than ${MAX_FIELDS} fields.`;
  }
  return undefined;
}

function nestsValues(document: DocumentNode): boolean {
  let depth = 0;
  let deepest = 0;
  const nested = {
    enter() {
      deepest = Math.max(deepest, ++depth);
    },
    leave() {
      depth--;
    },
  };
  visit(document, { ListValue: nested, ObjectValue: nested });
  return deepest > MAX_VALUE_DEPTH;
}

/** Each fragment is measured once, so that fragments spreading fragments twice over do not double the work. */
function createMeasure(document: DocumentNode) {
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const definition of document.definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition);
  }
  const measured = new Map<string, Size>();
  const open = new Set<string>();

  function measureFragment(name: string): Size {
    const known = measured.get(name);
    if (known) return known;
    if (open.has(name)) throw new Circle();
    open.add(name);
    const fragment = fragments.get(name);
    const size = fragment ? measure(fragment.selectionSet) : { depth: 0, aliases: 0, fields: 0 };
    open.delete(name);
    measured.set(name, size);
    return size;
  }

  function measure(selectionSet: SelectionSetNode): Size {
    const total: Size = { depth: 0, aliases: 0, fields: 0 };
    for (const selection of selectionSet.selections) {
      if (selection.kind === Kind.FIELD) {
        const below = selection.selectionSet && measure(selection.selectionSet);
        // Introspection is deep by nature; graphql-js has a rule of its own against its abuse.
        const depth = isIntrospection(selection.name.value) ? 1 : 1 + (below?.depth ?? 0);
        total.depth = Math.max(total.depth, depth);
        total.aliases += (selection.alias ? 1 : 0) + (below?.aliases ?? 0);
        total.fields += 1 + (below?.fields ?? 0);
      } else {
        const inner =
          selection.kind === Kind.INLINE_FRAGMENT
            ? measure(selection.selectionSet)
            : measureFragment(selection.name.value);
        total.depth = Math.max(total.depth, inner.depth);
        total.aliases += inner.aliases;
        total.fields += inner.fields;
      }
    }
    return total;
  }

  return measure;
}

/** A variable whose value is nested too deeply, if there is one. */
export function findDeepVariable(variables: Record<string, unknown>): string | undefined {
  return Object.keys(variables).find(name => isDeeper(variables[name], MAX_VARIABLE_DEPTH));
}

function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some(one => isDeeper(one, levels - 1));
}

/** A fragment spreads itself, and has no size. */
class Circle extends Error {}
