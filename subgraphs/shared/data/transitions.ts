/** State machines: which status may follow which, as one table of one shape for everything that has a status. */

import { CodedError } from '../kernel/errors.ts';

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
 * @throws INTERNAL_SERVER_ERROR when it has not: a fault of ours, for callers look at the status first.
 */
export function requireStep<S extends string>(
  transitions: Transitions<S>,
  thing: string,
  from: S,
  to: S,
): void {
  const reason = whyNotTo(transitions, from, to);
  if (reason) throw new CodedError('INTERNAL_SERVER_ERROR', `${thing} cannot become ${to}: ${reason}`);
}

/**
 * SQL for a migration: the table's rows take no step that its state machine does not have, whoever writes them. Such an
 * update fails with check_violation (23514) of the constraint `<table>_transitions`.
 *
 * A state machine that gets another step needs another migration with these statements: they replace the former ones.
 * Where a row begins is not checked here.
 */
export function guardTransitions(table: string, transitions: Transitions<string>): string[] {
  const name = `${table}_transitions`;
  const steps = Object.entries(transitions).flatMap(([from, next]) => next.map(to => `${from} -> ${to}`));
  return [
    `create or replace function ${name}() returns trigger language plpgsql as $$
      begin
        if (old.status || ' -> ' || new.status) = any (array[${steps.map(quote).join(', ')}]::text[]) then
          return new;
        end if;
        raise exception '${table} does not have the step % -> %', old.status, new.status
          using errcode = 'check_violation', table = '${table}', constraint = '${name}';
      end
    $$`,
    `create or replace trigger ${name} before update on ${table} for each row
      when (old.status <> new.status) execute function ${name}()`,
  ];
}

const quote = (text: string) => `'${text.replaceAll("'", "''")}'`;
