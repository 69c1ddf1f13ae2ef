import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { stepsInDatabase, stepsOf } from '#shared/test/transitions.ts';
import { TRANSITIONS } from '../deliver/notification.entity.ts';
import { openDomain } from './world.ts';

let domain: Awaited<ReturnType<typeof openDomain>>;
beforeAll(async () => {
  domain = await openDomain();
});
afterAll(() => domain?.close());

test('the database knows the steps of a notification, no more and no less', async () => {
  const steps = await stepsInDatabase(domain.environment.sql, 'notifications', TRANSITIONS);
  expect(steps).toEqual(stepsOf(TRANSITIONS));
});

test('no SQL makes a notification take a step that does not exist', async () => {
  const { id } = await domain.queue();
  const put = (status: string) =>
    domain.environment.sql('update notifications set status = $2 where id = $1 returning status', [
      id,
      status,
    ]);
  const refusal = { code: '23514', constraint: 'notifications_transitions' };
  await expect(put('SENT')).rejects.toMatchObject(refusal);
  expect(await put('CANCELED')).toEqual([{ status: 'CANCELED' }]);
  await expect(put('QUEUED')).rejects.toMatchObject(refusal);
});
