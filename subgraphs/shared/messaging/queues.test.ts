import { expect, test } from '@jest/globals';
import { newId } from '../data/database.ts';
import { createLog } from '../kernel/log.ts';
import { createDatabases, runSql } from '../test/world.ts';
import { openQueues } from './queues.ts';

test('a queue that is first asked for while its database cannot serve is usable once it can', async () => {
  const databases = await createDatabases('jobs');
  const settings = {
    name: 'orders',
    jobsDatabaseUrl: databases.urls.jobs,
    redisUrl: undefined,
    queuePrefix: '{test}',
  };
  const queues = await openQueues(settings, createLog('test', 'silent'));
  const add = () => queues.add('messages-test', [{ id: newId(), name: 'test', data: {} }]);
  try {
    await runSql(databases.urls.jobs, 'alter schema bullmq rename to away');
    await expect(add()).rejects.toThrow();
    await expect(add()).rejects.toThrow();
    await runSql(databases.urls.jobs, 'alter schema away rename to bullmq');
    await add();
    expect(await runSql(databases.urls.jobs, 'select count(*)::int as count from bullmq.job')).toEqual([
      { count: 1 },
    ]);
  } finally {
    await queues.close();
    await databases.drop();
  }
});
