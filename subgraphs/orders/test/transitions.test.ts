import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { stepsInDatabase, stepsOf } from '#shared/test/transitions.ts';
import { viewerWith } from '#shared/test/world.ts';
import { TRANSITIONS } from '../order/order.entity.ts';
import { startWorld, type World } from './world.ts';

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world?.stop());

test('the database knows the steps of an order, no more and no less', async () => {
  const steps = await stepsInDatabase(world.sql, 'orders', TRANSITIONS);
  expect(steps).toEqual(stepsOf(TRANSITIONS));
});

test('I4: no SQL makes an order take a step that does not exist, or a status', async () => {
  const product = world.tickets.add();
  const { id } = await world.place(viewerWith('CUSTOMER'), {
    lines: [{ productId: product.id, quantity: 1 }],
  });
  const put = (status: string) =>
    world.sql('update orders set status = $2 where id = $1 returning status', [id, status]);
  await expect(put('PAID')).rejects.toMatchObject({ code: '23514', constraint: 'orders_transitions' });
  await expect(put('LOST')).rejects.toMatchObject({ code: '23514' });
  expect(await put('FAILED')).toEqual([{ status: 'FAILED' }]);
  await expect(put('RESERVED')).rejects.toMatchObject({ code: '23514' });
});
