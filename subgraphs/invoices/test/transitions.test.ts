import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { newId } from '#shared/data/database.ts';
import { stepsInDatabase, stepsOf } from '#shared/test/transitions.ts';
import { testEnvironment } from '#shared/test/world.ts';
import { TRANSITIONS } from '../issue/invoice.entity.ts';
import { startInvoices } from '../server.ts';

let environment: Awaited<ReturnType<typeof testEnvironment>>;
let invoices: Awaited<ReturnType<typeof startInvoices>>;
beforeAll(async () => {
  environment = await testEnvironment('invoices');
  invoices = await startInvoices(environment.env);
});
afterAll(async () => {
  await invoices?.stop();
  await environment?.drop();
});

test('the database knows the steps of an invoice, no more and no less', async () => {
  expect(await stepsInDatabase(environment.sql, 'invoices', TRANSITIONS)).toEqual(stepsOf(TRANSITIONS));
});

test('no SQL makes a void invoice a draft again, or due', async () => {
  const id = newId();
  await environment.sql(
    `insert into invoices (id, order_id, order_number, customer_id, contact, status, currency, subtotal, tax, total)
      values ($1, $1, 'G-1', $1, '{}', 'DRAFT', 'EUR', 5, 1, 6)`,
    [id],
  );
  const put = (status: string) =>
    environment.sql('update invoices set status = $2 where id = $1 returning status', [id, status]);
  expect(await put('VOID')).toEqual([{ status: 'VOID' }]);
  for (const status of ['DRAFT', 'DUE'])
    await expect(put(status)).rejects.toMatchObject({ code: '23514', constraint: 'invoices_transitions' });
});
