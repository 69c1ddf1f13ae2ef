import {
  type GraphQLArgument,
  type GraphQLCompositeType,
  type GraphQLInputType,
  type GraphQLSchema,
  getNamedType,
  isAbstractType,
  isCompositeType,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isListType,
  isNonNullType,
  isObjectType,
} from 'graphql';

export interface GeneratedOperation {
  query: string;
  variables: Record<string, unknown>;
}

/** Decisions, taken one after the other; 0, the simplest, when there are none left, so that failures shrink. */
type Choose = (outOf: number) => number;

const VALUES: Record<string, string[]> = {
  ID: ['"b1"', '"f1"', '"f2"', '"bob"', '"eve"', '"mute"', '"spy"', '"ghost"', '"wild"', '"r2"', '"r3"'],
  Boolean: ['true', 'false'],
  Float: ['1.5'],
  Int: ['2', '0', '1', '9'],
  String: ['"good"', '"bad"'],
};
const DEEPEST = 5;

/** Makes an operation of a schema from a list of decisions: most are valid, not all. */
export function generateOperation(schema: GraphQLSchema, decisions: readonly number[]): GeneratedOperation {
  let taken = 0;
  const choose: Choose = outOf => (decisions[taken++] ?? 0) % outOf;
  const variables: Record<string, unknown> = {};
  const definitions: string[] = [];
  const fragments: string[] = [];
  let names = 0;

  function defineVariable(type: string, literal: string): string {
    const name = `v${names++}`;
    const kind = choose(3);
    definitions.push(`$${name}: ${type}${kind === 2 ? ` = ${literal}` : ''}`);
    if (kind !== 2) variables[name] = JSON.parse(literal);
    return `$${name}`;
  }

  function directives(): string {
    if (choose(5) !== 4) return '';
    const literal = choose(2) ? 'true' : 'false';
    const value = choose(3) ? defineVariable('Boolean!', literal) : literal;
    return ` @${choose(2) ? 'skip' : 'include'}(if: ${value})`;
  }

  function literalOf(type: GraphQLInputType): string {
    if (isNonNullType(type)) return literalOf(type.ofType);
    if (isListType(type)) return `[${literalOf(type.ofType)}]`;
    if (isInputObjectType(type)) {
      const fields = Object.values(type.getFields()).filter(
        one => isNonNullType(one.type) || choose(3) === 0,
      );
      return `{${fields.map(one => `${one.name}: ${literalOf(one.type)}`).join(', ')}}`;
    }
    if (isEnumType(type)) return type.getValues()[choose(type.getValues().length)]!.name;
    const literals = VALUES[type.name] ?? ['"2026-01-01T00:00:00Z"'];
    return literals[choose(literals.length)]!;
  }

  function give(args: readonly GraphQLArgument[]): string {
    const given = args.flatMap(arg => {
      if (!isNonNullType(arg.type) && choose(2) === 0) return [];
      const named = getNamedType(arg.type);
      const literal = literalOf(arg.type);
      const variable = named.name in VALUES && !literal.startsWith('[') && choose(3) === 0;
      return [`${arg.name}: ${variable ? defineVariable(String(arg.type), literal) : literal}`];
    });
    return given.length > 0 ? `(${given.join(', ')})` : '';
  }

  function select(type: GraphQLCompositeType, depth: number): string {
    const count = 1 + choose(4);
    const selections = Array.from({ length: count }, () => {
      const kind = choose(8);
      if (kind === 5 && depth > 0) return fragment(type, depth);
      if (kind === 6) return `${choose(2) ? `n${names++}: ` : ''}__typename${directives()}`;
      return field(type, depth);
    });
    return `{ ${selections.join(' ')} }`;
  }

  function field(type: GraphQLCompositeType, depth: number): string {
    if (!isObjectType(type) && !isInterfaceType(type))
      return depth > 0 ? fragment(type, depth) : '__typename';
    const fields = Object.values(type.getFields()).filter(
      one => depth > 0 || !isCompositeType(getNamedType(one.type)),
    );
    const one = fields[choose(fields.length)];
    if (!one) return '__typename';
    const named = getNamedType(one.type);
    const args = give(one.args);
    const alias = args || choose(4) === 3 ? `a${names++}: ` : '';
    const nested = isCompositeType(named) ? ` ${select(named, depth - 1)}` : '';
    return `${alias}${one.name}${args}${directives()}${nested}`;
  }

  function fragment(type: GraphQLCompositeType, depth: number): string {
    const conditions = isAbstractType(type)
      ? [...schema.getPossibleTypes(type), ...(isInterfaceType(type) ? [type] : [])]
      : [type, ...type.getInterfaces()];
    const condition = conditions[choose(conditions.length)]!;
    const selection = select(condition, depth - 1);
    if (choose(3) === 2) {
      const name = `F${names++}`;
      fragments.push(`fragment ${name} on ${condition.name} ${selection}`);
      return `...${name}${directives()}`;
    }
    const plain = condition === type && choose(2) === 1;
    return `...${plain ? '' : ` on ${condition.name}`}${directives()} ${selection}`;
  }

  const mutation = choose(12) === 11;
  const root = mutation ? schema.getMutationType()! : schema.getQueryType()!;
  const selection = select(root, DEEPEST);
  const header = definitions.length > 0 ? ` Generated(${definitions.join(', ')})` : '';
  return {
    query: [`${mutation ? 'mutation' : 'query'}${header} ${selection}`, ...fragments].join('\n'),
    variables,
  };
}

/** Whether a path leads to something that an error can be about: a null, or an object that lacks a part. */
export function isFaulty(data: unknown, path: readonly (string | number)[]): boolean {
  let value = data;
  for (const step of path) {
    if (value === null || value === undefined) return true;
    value = (value as Record<string | number, unknown>)[step];
  }
  return value === null || typeof value === 'object' || value === undefined;
}
