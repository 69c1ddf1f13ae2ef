/** State machines: which status may follow which, as one table of one shape for everything that has a status. */

/** By status, those that may follow it. Stands as `TRANSITIONS` beside its entity. */
export type Transitions<S extends string> = { readonly [from in S]: readonly NoInfer<S>[] };

/** Types a table of transitions: `const TRANSITIONS = defineTransitions({ … })`. */
export const defineTransitions = <const S extends string>(table: Transitions<S>): Transitions<S> => table;

/** The statuses of a table. */
export type StatusOf<T> = T extends Transitions<infer S> ? S : never;

/** Why a thing cannot get from one status to another, in words; null when it can. */
export function whyNotTo<S extends string>(transitions: Transitions<S>, from: S, to: S): string | null {
  if (transitions[from].includes(to)) return null;
  return transitions[from].length === 0 ? `${from} is final` : `${from} is not followed by ${to}`;
}

/** The statuses that may be followed by `to`, for the condition of an update. */
export function statusesBefore<S extends string>(transitions: Transitions<S>, to: S): S[] {
  return (Object.keys(transitions) as S[]).filter(from => transitions[from].includes(to));
}

/**
 * Asserts that the table has this step.
 * @throws Error when it has not: a fault of ours, for callers look at the status first.
 */
export function requireStep<S extends string>(
  transitions: Transitions<S>,
  thing: string,
  from: S,
  to: S,
): void {
  const reason = whyNotTo(transitions, from, to);
  if (reason) throw new Error(`${thing} cannot become ${to}: ${reason}`);
}
