/** The rule on circles of imports, and the algorithm that finds them. */
import { importsOf, isCode, type Rule } from './sources.ts';

/** A circle of imports that exist at run time has no order in which its files can be understood, or loaded. */
export const noCircles: Rule = sources => {
  const known = new Set(sources.map(({ path }) => path));
  const edges = new Map(
    sources
      .filter(({ path }) => isCode(path))
      .map(source => [
        source.path,
        importsOf(source)
          .filter(({ value, path }) => value && known.has(path))
          .map(({ path }) => path),
      ]),
  );
  return findCircles(edges).map(circle => `circle of imports: ${[...circle, circle[0]].join(' -> ')}`);
};

/** One circle for each group of files that can all reach each other (Tarjan's strongly connected components). */
function findCircles(edges: Map<string, string[]>): string[][] {
  const indexes = new Map<string, number>();
  const lows = new Map<string, number>();
  const stack: string[] = [];
  const circles: string[][] = [];

  function visit(node: string) {
    indexes.set(node, indexes.size);
    lows.set(node, indexes.get(node)!);
    stack.push(node);
    for (const next of edges.get(node) ?? []) {
      if (!indexes.has(next)) visit(next);
      if (stack.includes(next)) lows.set(node, Math.min(lows.get(node)!, lows.get(next)!));
    }
    if (lows.get(node) !== indexes.get(node)) return;
    const group = stack.splice(stack.indexOf(node));
    if (group.length > 1 || edges.get(node)?.includes(node)) circles.push(wayRound(group, edges));
  }

  for (const node of edges.keys()) {
    if (!indexes.has(node)) visit(node);
  }
  return circles;
}

/** A shortest way from the group's first file back to itself. */
function wayRound(group: string[], edges: Map<string, string[]>): string[] {
  const [start] = group as [string];
  const ways = [[start]];
  const seen = new Set<string>();
  for (const way of ways) {
    for (const next of edges.get(way.at(-1)!) ?? []) {
      if (next === start) return way;
      if (!group.includes(next) || seen.has(next)) continue;
      seen.add(next);
      ways.push([...way, next]);
    }
  }
  return group;
}
