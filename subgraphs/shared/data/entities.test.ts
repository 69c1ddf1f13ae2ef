import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { defineEntity, type MikroORM, p } from '@mikro-orm/postgresql';
import type { Context } from '../context.ts';
import { createDatabases } from '../test/world.ts';
import { entitiesLoader, entityLoader } from './batch.ts';
import { type EntityManager, Migration, newId, openDatabase, query, sql } from './database.ts';
import { entityOf, fork, insertEntities, insertion, queryEntities, selectEntities } from './entities.ts';

const StampSchema = defineEntity({
  name: 'Stamp',
  tableName: 'stamps',
  properties: {
    id: p.uuid().primary(),
    albumId: p.uuid().nullable(),
    /** Its column has another name. */
    country: p.text().fieldName('issued_by'),
    worth: p.bigint('number'),
    tags: p.array<string>(),
    details: p.json<Record<string, unknown>>(),
    picture: p.blob(),
    issuedAt: p.datetime(),
    addedAt: p.datetime(),
    note: p.text().nullable(),
  },
});
class Stamp extends StampSchema.class {}
StampSchema.setClass(Stamp);

class Stamps extends Migration {
  override up() {
    this.addSql(`create table stamps (
      id uuid primary key, album_id uuid, issued_by text not null, worth bigint not null, tags text[] not null,
      details jsonb not null, picture bytea not null, issued_at timestamptz not null,
      added_at timestamptz not null, note text default 'none')`);
  }
}

let databases: Awaited<ReturnType<typeof createDatabases<'orders'>>>;
let orm: MikroORM;
beforeAll(async () => {
  databases = await createDatabases('orders');
  orm = await openDatabase(databases.urls.orders, [Stamp], { '0001-stamps': Stamps });
});
afterAll(async () => {
  await orm?.close(true);
  await databases?.drop();
});

const stamp = (albumId: string | null = null, country = 'France') => ({
  id: newId(),
  albumId,
  country,
  worth: 9_007_199_254_740_991,
  tags: ['blue', 'with "quotes", {braces} and a \\'],
  details: { perforated: true, colors: ['blue', null], nested: { a: 1 } },
  picture: Buffer.from([0, 1, 92, 255]),
  issuedAt: new Date('1849-01-01T08:00:00.123Z'),
});
/** Counts the statements that go through query. */
function countStatements(em: EntityManager) {
  let statements = 0;
  const getKysely = em.getKysely.bind(em);
  em.getKysely = ((...options: Parameters<typeof getKysely>) => {
    statements++;
    return getKysely(...options);
  }) as typeof em.getKysely;
  return () => statements;
}

const now = { addedAt: sql`clock_timestamp()` };

test('what is inserted comes back as it was, whatever the kind of its column', async () => {
  const em = fork(orm.em);
  const record = stamp(newId());
  await insertEntities(em, Stamp, [record], now);
  const [found] = await selectEntities(fork(orm.em), Stamp, sql`where id = ${record.id}`);
  expect(found).toBeInstanceOf(Stamp);
  expect({ ...found, picture: Buffer.from(found!.picture) }).toMatchObject(record);
  expect(found!.addedAt).toBeInstanceOf(Date);
});

test('what no record has takes the default of its column, and null stays null', async () => {
  const [first, second] = [stamp(), { ...stamp(), note: null }];
  await insertEntities(fork(orm.em), Stamp, [first], now);
  await insertEntities(fork(orm.em), Stamp, [second], now);
  const notes = await query(
    orm.em.fork(),
    sql`select note from stamps where id in (${first.id}, ${second.id}) order by id`,
  );
  expect(notes).toEqual([{ note: 'none' }, { note: null }]);
});

test('many records are inserted by one statement, none by no statement', async () => {
  const albumId = newId();
  const em = fork(orm.em);
  const count = countStatements(em);
  await insertEntities(em, Stamp, [], now);
  expect(count()).toBe(0);
  await insertEntities(
    em,
    Stamp,
    Array.from({ length: 500 }, () => stamp(albumId)),
    now,
  );
  expect(count()).toBe(1);
  expect(await selectEntities(em, Stamp, sql`where album_id = ${albumId}`)).toHaveLength(500);
});

test('an insertion stands before on conflict and returning, and within a with', async () => {
  const em = fork(orm.em);
  const record = stamp(null, 'Suomi');
  const add = () =>
    queryEntities(
      em,
      Stamp,
      sql`${insertion(em, Stamp, [record], now)} on conflict (id) do nothing returning *`,
    );
  expect(await add()).toMatchObject([{ id: record.id, country: 'Suomi' }]);
  expect(await add()).toEqual([]);
  const [one, other] = [stamp(null, 'Peru'), stamp(null, 'Chile')];
  const [both] = await query(
    em,
    sql`with one as (${insertion(em, Stamp, [one], now)} returning *),
        other as (${insertion(em, Stamp, [other], now)} returning *)
      select one.issued_by as one, other.issued_by as other from one, other`,
  );
  expect(both).toEqual({ one: 'Peru', other: 'Chile' });
});

test('an entity that the unit of work knows is brought up to date by a newer row', async () => {
  const em = fork(orm.em);
  const record = stamp();
  await insertEntities(em, Stamp, [record], now);
  const [known] = await selectEntities(em, Stamp, sql`where id = ${record.id}`);
  const [row] = await query(
    fork(orm.em),
    sql<object>`update stamps set worth = 7 where id = ${record.id} returning *`,
  );
  expect(entityOf(em, Stamp, row!)).toBe(known);
  expect(known!.worth).toBe(7);
});

test('a property that the entity does not have is refused, not lost', async () => {
  const record = { ...stamp(), colour: 'blue' };
  await expect(insertEntities(fork(orm.em), Stamp, [record], now)).rejects.toThrow(
    'Stamp has no column for colour',
  );
});

test('loaders answer many ids with one statement, in the order asked for, and strangers with nothing', async () => {
  const albums = [newId(), newId(), newId()];
  const records = albums.slice(0, 2).flatMap(album => [stamp(album), stamp(album)]);
  await insertEntities(fork(orm.em), Stamp, records, now);
  const em = fork(orm.em);
  const count = countStatements(em);
  const ctx = { em, cache: new Map() } as unknown as Context;
  const load = (id: string) => entitiesLoader(ctx, Stamp, 'albumId', { id: 'desc' }).load(id);
  const [first, second, third, none] = await Promise.all([...albums, 'no id'].map(load));
  expect([first, second, third, none].map(found => found!.map(({ id }) => id))).toEqual([
    [records[1]!.id, records[0]!.id],
    [records[3]!.id, records[2]!.id],
    [],
    [],
  ]);
  expect(count()).toBe(1);
  const ids = [records[0]!.id, newId(), 'no id'];
  const found = await Promise.all(ids.map(id => entityLoader(ctx, Stamp).load(id)));
  expect(found.map(each => each?.id)).toEqual([records[0]!.id, undefined, undefined]);
  expect(count()).toBe(2);
});
