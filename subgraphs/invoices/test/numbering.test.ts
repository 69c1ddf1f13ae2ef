import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { MikroORM } from '@mikro-orm/postgresql';
import { type EntityManager, inTransaction, openDatabase, query, sql } from '#shared/data/database.ts';
import { messageMigrations } from '#shared/messaging/migrations.ts';
import { createDatabases, eventually } from '#shared/test/world.ts';
import { CreditNote } from '../credit/credit-note.entity.ts';
import { Invoice, InvoiceLine } from '../issue/invoice.entity.ts';
import { takeNumber } from '../issue/numbering.ts';
import { recordOrder, recordPayment } from '../issue/settlements.ts';
import { migrations } from '../migrations/index.ts';
import type { InvoicesContext } from '../services.ts';
import { readInvoicesSettings } from '../settings.ts';
import { line, orderOf, refund } from './world.ts';

let databases: Awaited<ReturnType<typeof createDatabases<'invoices'>>>;
let orm: MikroORM;

beforeAll(async () => {
  databases = await createDatabases('invoices');
  orm = await openDatabase(databases.urls.invoices, [Invoice, InvoiceLine, CreditNote], {
    ...messageMigrations,
    ...migrations,
  });
});
afterAll(async () => {
  await orm?.close(true);
  await databases?.drop();
});

const fork = () => orm.em.fork() as EntityManager;
const select = <Row>(statement: ReturnType<typeof sql<Row>>) => query(fork(), statement);
/** Runs a handler in one transaction, as the inbox does. */
const handle = (work: (ctx: InvoicesContext) => Promise<void>) =>
  inTransaction(fork(), em => {
    const services = { settings: readInvoicesSettings({}) };
    return work({ em, services } as InvoicesContext);
  });
const times = <T>(count: number, make: (index: number) => T) =>
  Array.from({ length: count }, (_, i) => make(i));

test('I6: a hundred finalizations at once get the numbers 1 to 100; those that fail leave no gap', async () => {
  const results = await Promise.allSettled(
    times(130, index =>
      handle(async ctx => {
        await recordOrder(ctx, orderOf().moved('RESERVED', 'PAID'));
        if (index % 13 < 3) throw new Error('the process dies before it commits');
      }),
    ),
  );
  expect(results.filter(result => result.status === 'fulfilled')).toHaveLength(100);
  const rows = await select(
    sql<{ number: string; issued_at: Date }>`select number, issued_at from invoices order by number`,
  );
  const year = rows[0]!.number.slice(1, 5);
  expect(rows.map(row => row.number)).toEqual(
    times(100, index => `F${year}-${String(index + 1).padStart(6, '0')}`),
  );
  const dates = rows.map(row => new Date(row.issued_at).getTime());
  expect(dates).toEqual(dates.toSorted((a, b) => a - b));
});

test('control: max() + 1 without a lock gives a number twice', async () => {
  await select(sql`create table unprotected (number int)`);
  let reading = 2;
  const bothHaveRead = Promise.withResolvers<void>();
  const taken = await Promise.all(
    times(2, () =>
      inTransaction(fork(), async em => {
        const [row] = await query(
          em,
          sql<{ next: number }>`select coalesce(max(number), 0) + 1 as next from unprotected`,
        );
        if (--reading === 0) bothHaveRead.resolve();
        await bothHaveRead.promise;
        await query(em, sql`insert into unprotected values (${row!.next})`);
        return row!.next;
      }),
    ),
  );
  expect(taken).toEqual([1, 1]);
});

test('series follow the seller’s year, and dates never run against the numbers', async () => {
  const take = (kind: 'F' | 'A', now: string) =>
    inTransaction(fork(), em => takeNumber(em, kind, new Date(now)));
  expect((await take('F', '2030-12-31T22:59:59Z')).number).toBe('F2030-000001');
  expect((await take('F', '2030-12-31T23:00:00Z')).number).toBe('F2031-000001');
  expect((await take('A', '2030-06-01T00:00:00Z')).number).toBe('A2030-000001');
  // This transaction read the clock earlier but gets its number later.
  expect(await take('F', '2030-12-31T10:00:00Z')).toEqual({
    number: 'F2030-000002',
    at: new Date('2030-12-31T22:59:59Z'),
  });
});

test('I6: the database refuses every change of what is final, but for its way to PAID or VOID', async () => {
  const order = orderOf([line(12_000)]);
  const { paymentId, tell } = order.payment();
  await handle(ctx => recordOrder(ctx, order.moved('RESERVED', 'PAID', paymentId)));
  await handle(ctx => recordPayment(ctx, tell('SUCCEEDED', [refund(100)])));
  const whose = sql`order_id = ${order.orderId}`;
  const its = sql`invoice_id = (select id from invoices where ${whose})`;
  for (const tampering of [
    sql`update invoices set total = total + 1, subtotal = subtotal + 1 where ${whose}`,
    sql`update invoices set number = 'F2026-999999' where ${whose}`,
    sql`update invoices set contact = '{}' where ${whose}`,
    sql`update invoices set status = 'VOID', paid_at = null where ${whose}`,
    sql`update invoices set paid_at = now() where ${whose}`,
    sql`delete from invoices where ${whose}`,
    sql`update invoice_lines set description = 'x' where ${its}`,
    sql`delete from invoice_lines where ${its}`,
    sql`insert into invoice_lines select gen_random_uuid(), invoice_id, 9, kind, description, quantity, unit_price,
          tax_rate, total, tax from invoice_lines where ${its}`,
    sql`update credit_notes set reason = 'x' where ${its}`,
    sql`delete from credit_notes where ${its}`,
    sql`truncate invoices cascade`,
  ])
    await expect(select(tampering)).rejects.toThrow(/final/);
  await expect(select(sql`update invoices set status = status where ${whose}`)).resolves.toBeDefined();
});

test('I2: a payment and its order that are told of at the same moment do not overlook each other', async () => {
  const order = orderOf();
  const { paymentId, tell } = order.payment();
  const whose = sql`order_id = ${order.orderId}`;
  await handle(ctx => recordOrder(ctx, order.moved('CREATED', 'RESERVED')));
  const [told, committing] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const paid = handle(async ctx => {
    await recordOrder(ctx, order.moved('RESERVED', 'PAID', paymentId));
    told.resolve();
    await committing.promise;
  });
  await told.promise;
  // Control: a transaction that reads the facts without waiting for the lock does not see that the order is paid.
  expect(await select(sql`select paid_at from settlements where ${whose}`)).toEqual([{ paid_at: null }]);

  const captured = handle(ctx => recordPayment(ctx, tell('SUCCEEDED', [refund(100)])));
  await eventually(async () => {
    const [waiting] = await select(
      sql`select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
    );
    return waiting;
  });
  committing.resolve();
  await Promise.all([paid, captured]);
  expect(
    await select(sql`select total::int from credit_notes
      where invoice_id = (select id from invoices where ${whose})`),
  ).toEqual([{ total: 100 }]);
});
