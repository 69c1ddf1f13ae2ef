import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { MikroORM } from '@mikro-orm/postgresql';
import { createDatabases, runSql } from '../test/world.ts';
import { Migration, openDatabase } from './database.ts';
import { defineTransitions, guardTransitions } from './transitions.ts';

const TRANSITIONS = defineTransitions({
  OPEN: ['PAID', "GIVEN 'UP'"],
  PAID: [],
  "GIVEN 'UP'": ['PAID'],
});
type Status = keyof typeof TRANSITIONS;
const STATUSES = Object.keys(TRANSITIONS) as Status[];
const PAIRS = STATUSES.flatMap(from => STATUSES.map(to => ({ from, to })));

class Bills extends Migration {
  override up() {
    this.addSql('create table bills (status text not null, note text)');
    // A later migration repeats the statements, with another step.
    for (const statement of guardTransitions('bills', { OPEN: [] })) this.addSql(statement);
    for (const statement of guardTransitions('bills', TRANSITIONS)) this.addSql(statement);
    this.addSql('create table stones (status text not null)');
    for (const statement of guardTransitions('stones', { LYING: [] })) this.addSql(statement);
  }
}

let databases: Awaited<ReturnType<typeof createDatabases<'orders'>>>;
let orm: MikroORM;

beforeAll(async () => {
  databases = await createDatabases('orders');
  orm = await openDatabase(databases.urls.orders, [], { '0001-bills': Bills });
});
afterAll(async () => {
  await orm?.close(true);
  await databases?.drop();
});

const run = (statement: string, values?: unknown[]) => runSql(databases.urls.orders, statement, values);

test.each(PAIRS)('the database takes the step $from -> $to only where the table has it', async pair => {
  const { from, to } = pair;
  await run('delete from bills');
  await run('insert into bills (status) values ($1)', [from]);
  const step = run('update bills set status = $1', [to]);
  if (from === to || TRANSITIONS[from].includes(to)) {
    await step;
    expect(await run('select status from bills')).toEqual([{ status: to }]);
    return;
  }
  await expect(step).rejects.toMatchObject({
    code: '23514',
    table: 'bills',
    constraint: 'bills_transitions',
  });
  expect(await run('select status from bills')).toEqual([{ status: from }]);
});

test('what is final can still change in what is no status', async () => {
  await run(`delete from bills`);
  await run(`insert into bills (status) values ('PAID')`);
  await run(`update bills set note = 'seen', status = 'PAID'`);
  expect(await run('select note from bills')).toEqual([{ note: 'seen' }]);
});

test('a state machine without any step is guarded, too', async () => {
  await run(`insert into stones (status) values ('LYING')`);
  await expect(run(`update stones set status = 'FLYING'`)).rejects.toMatchObject({ code: '23514' });
});
