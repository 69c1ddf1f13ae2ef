import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { MikroORM } from '@mikro-orm/postgresql';
import { newId, openDatabase } from '#shared/data/database.ts';
import type { Transitions } from '#shared/data/transitions.ts';
import { messageMigrations } from '#shared/messaging/migrations.ts';
import { createDatabases, runSql } from '#shared/test/world.ts';
import { TRANSITIONS as CHECKOUT_TRANSITIONS } from '../checkout/checkout-session.entity.ts';
import { TRANSITIONS as PAYMENT_TRANSITIONS } from '../collect/payment.entity.ts';
import { migrations } from '../migrations/index.ts';
import { TRANSITIONS as REFUND_TRANSITIONS } from '../refund/refund.entity.ts';

let databases: Awaited<ReturnType<typeof createDatabases<'payments'>>>;
let orm: MikroORM;

beforeAll(async () => {
  databases = await createDatabases('payments');
  orm = await openDatabase(databases.urls.payments, [], { ...messageMigrations, ...migrations });
});
afterAll(async () => {
  await orm?.close(true);
  await databases?.drop();
});

const run = (statement: string, values?: unknown[]) => runSql(databases.urls.payments, statement, values);

async function insertPayment(status: string) {
  const id = newId();
  await run(
    `insert into payments (id, order_id, customer_id, customer_email, customer_name, description, provider, status,
       amount, currency)
     values ($1, $2, $2, 'a@b.example', 'A', 'Order', 'STRIPE', $3, 4200, 'EUR')`,
    [id, newId(), status],
  );
  return id;
}

async function insertRefund(status: string) {
  const id = newId();
  await run(
    'insert into refunds (id, payment_id, amount, status, external) values ($1, $2, 100, $3, false)',
    [id, await insertPayment('SUCCEEDED'), status],
  );
  return id;
}

async function insertCheckout(status: string) {
  const id = newId();
  await run(
    `insert into checkout_sessions (id, payment_id, status, embedded, return_url, expires_at)
     values ($1, $2, $3, false, 'http://localhost/', now())`,
    [id, await insertPayment('SUCCEEDED'), status],
  );
  return id;
}

const MACHINES: {
  table: string;
  transitions: Transitions<string>;
  insert: (status: string) => Promise<string>;
}[] = [
  { table: 'payments', transitions: PAYMENT_TRANSITIONS, insert: insertPayment },
  { table: 'refunds', transitions: REFUND_TRANSITIONS, insert: insertRefund },
  { table: 'checkout_sessions', transitions: CHECKOUT_TRANSITIONS, insert: insertCheckout },
];

test.each(MACHINES)(
  'the database takes the steps of $table that the code has, and no other',
  async machine => {
    const { table, transitions, insert } = machine;
    const statuses = Object.keys(transitions);
    const taken: Record<string, string[]> = {};
    for (const from of statuses) {
      taken[from] = [];
      for (const to of statuses.filter(status => status !== from)) {
        const id = await insert(from);
        const step = run(`update ${table} set status = $2 where id = $1`, [id, to]);
        const refusal = await step.then(
          () => null,
          (error: { code: string; constraint: string }) => error,
        );
        if (refusal) expect(refusal).toMatchObject({ code: '23514', constraint: `${table}_transitions` });
        else taken[from].push(to);
      }
    }
    for (const from of statuses) expect(taken[from]!.sort()).toEqual([...transitions[from]!].sort());
    await expect(insert('LOST')).rejects.toMatchObject({ code: '23514' });
  },
);
