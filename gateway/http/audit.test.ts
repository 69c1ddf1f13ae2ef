import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { serverAudits } from 'graphql-http';
import { type Stack, startStack } from '../test/stack.ts';

let stack: Stack;
beforeAll(async () => {
  stack = await startStack({ INTROSPECTION: 'true' });
});
afterAll(() => stack.stop());

test('the GraphQL-over-HTTP audit finds no error and at most three warnings', async () => {
  const audits = serverAudits({ url: `${stack.gateway.url}/graphql`, fetchFn: fetch });
  const results = await Promise.all(audits.map(({ fn }) => fn()));
  const found = (status: string) =>
    results.flatMap(result =>
      result.status === status && 'reason' in result ? [`${result.name}: ${result.reason}`] : [],
    );
  expect(found('error')).toEqual([]);
  expect(found('warn').length).toBeLessThanOrEqual(3);
  expect(results.length).toBeGreaterThan(50);
});
