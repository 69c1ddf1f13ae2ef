import { expect, test } from '@jest/globals';
import { GraphQLError } from 'graphql';
import { pino } from 'pino';
import { createErrorMask, toFormatted } from './error-mask.ts';

/** Masks what was thrown; what the client is told, and what the log. */
function masked(error: unknown, { hideSchema = true } = {}) {
  const lines: string[] = [];
  const mask = createErrorMask(pino({}, { write: (line: string) => lines.push(line) }), { hideSchema });
  return { told: mask(toFormatted(error), error, 'support-case-9'), logged: lines.join('') };
}

test('A15: the client is told a correlation id, and the log under it what is left out', () => {
  const sql = new Error('select * from "secret_table" at postgres://user@db');
  const thrown = [
    sql,
    new GraphQLError(sql.message, { path: ['order', 0], originalError: sql }),
    new GraphQLError(sql.message, { extensions: { code: 'SOMETHING_ELSE', serviceName: 'orders' } }),
  ];
  for (const error of thrown) {
    const { told, logged } = masked(error);
    expect(JSON.stringify(told)).not.toMatch(/secret_table|postgres|orders/);
    expect(told.extensions).toEqual({ code: 'INTERNAL_SERVER_ERROR', correlationId: 'support-case-9' });
    expect(JSON.parse(logged)).toMatchObject({
      correlationId: 'support-case-9',
      err: { message: sql.message, stack: expect.stringContaining('mask.test.ts') },
    });
  }
  expect(masked(thrown[1]).told.path).toEqual(['order', 0]);
});

test('A15: an error meant for the client loses what tells of our code, and is not logged', () => {
  const extensions = { code: 'NOT_FOUND', serviceName: 'orders', stacktrace: ['at x'], exception: {} };
  const { told, logged } = masked(new GraphQLError('Order not found.', { extensions }));
  expect(told).toMatchObject({ message: 'Order not found.', extensions: { code: 'NOT_FOUND' } });
  expect(Object.keys(told.extensions!)).toEqual(['code']);
  expect(logged).toBe('');
});

test('A14: hints at names that exist are left out where the schema is hidden', () => {
  const extensions = { code: 'GRAPHQL_VALIDATION_FAILED' };
  const hint = new GraphQLError('No field "nam". Did you mean "name" or "number"?', { extensions });
  expect(masked(hint).told.message).toBe('No field "nam".');
  expect(masked(hint, { hideSchema: false }).told.message).toContain('Did you mean');
});
