/** Whether a table's trigger and the state machine in the code agree (see data/transitions.ts). */
import type { Transitions } from '../data/transitions.ts';

type Sql = (statement: string, values?: unknown[]) => Promise<Record<string, unknown>[]>;

/** The steps of a state machine, e.g. `PAID -> SHIPPED`, in a fixed order; a status that follows itself is no step. */
export const stepsOf = (transitions: Transitions<string>): string[] =>
  Object.entries(transitions)
    .flatMap(([from, next]) => next.filter(to => to !== from).map(to => `${from} -> ${to}`))
    .sort();

/**
 * The steps between the statuses of a state machine that the table's trigger lets pass. Where they are not those of
 * the code, a migration is missing.
 * @throws Error when the table has no such trigger.
 */
export async function stepsInDatabase(
  sql: Sql,
  table: string,
  transitions: Transitions<string>,
): Promise<string[]> {
  const guard = `${table}_transitions`;
  const triggers = await sql(
    `select from pg_trigger where tgrelid = $1::regclass and tgfoid = $2::regproc and tgenabled = 'O'`,
    [table, guard],
  );
  if (triggers.length === 0) throw new Error(`${table} has no trigger ${guard}`);
  // The trigger looks at the status alone: a table of nothing else shows what it refuses.
  await sql(`create table ${table}_probe (status text);
    create trigger guard before update on ${table}_probe for each row execute function ${guard}();
    create function ${table}_may(one text, other text) returns boolean language plpgsql as $$
      begin
        insert into ${table}_probe values (one);
        update ${table}_probe set status = other;
        delete from ${table}_probe;
        return true;
      exception when check_violation then return false;
      end $$`);
  const rows = await sql(
    `select one || ' -> ' || other as step from unnest($1::text[]) as one, unnest($1::text[]) as other
      where one <> other and ${table}_may(one, other)`,
    [Object.keys(transitions)],
  );
  return rows.map(({ step }) => step as string).sort();
}
