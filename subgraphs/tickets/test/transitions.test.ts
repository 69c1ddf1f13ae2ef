import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { stepsInDatabase, stepsOf } from '#shared/test/transitions.ts';
import { TRANSITIONS as EVENT } from '../events/event.entity.ts';
import { TRANSITIONS as SHIPMENT } from '../fulfil/shipment.entity.ts';
import { TRANSITIONS as HOLD } from '../stock/hold.entity.ts';
import { TRANSITIONS as TICKET } from '../tickets/ticket.entity.ts';
import { lineOf, startWorld, type World } from './world.ts';

let world: World;
let orderId: string;
beforeAll(async () => {
  world = await startWorld();
  const { products } = await world.openEvent([{}, { kind: 'MERCHANDISE', name: 'Poster' }]);
  ({ orderId } = await world.buy(products.map(product => lineOf(product))));
});
afterAll(() => world?.stop());

test.each([
  { table: 'events', transitions: EVENT },
  { table: 'holds', transitions: HOLD },
  { table: 'tickets', transitions: TICKET },
  { table: 'shipments', transitions: SHIPMENT },
])('the database knows the steps of $table, no more and no less', async ({ table, transitions }) => {
  expect(await stepsInDatabase(world.sql, table, transitions)).toEqual(stepsOf(transitions));
});

test.each([
  { table: 'events', whose: 'id in (select event_id from tickets where order_id = $1)', to: 'DRAFT' },
  { table: 'holds', whose: 'order_id = $1', to: 'HELD' },
  { table: 'shipments', whose: 'order_id = $1', to: 'LOST' },
])('no SQL makes a row of $table $to', async ({ table, whose, to }) => {
  const changed = world.sql(`update ${table} set status = '${to}' where ${whose}`, [orderId]);
  await expect(changed).rejects.toMatchObject({ code: '23514' });
});

test('no SQL makes a revoked ticket valid again', async () => {
  const put = (status: string) =>
    world.sql('update tickets set status = $2 where order_id = $1', [orderId, status]);
  await put('REVOKED');
  for (const status of ['VALID', 'REDEEMED'])
    await expect(put(status)).rejects.toMatchObject({ code: '23514', constraint: 'tickets_transitions' });
});
