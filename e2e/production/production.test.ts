import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { expect, jest, test } from '@jest/globals';
import { ConfigurationError, type Environment } from '#shared/kernel/settings.ts';
import { SEEDED_USERS } from '#shared/seeds.ts';
import { runSql, testEnvironment } from '#shared/test/world.ts';
import { readGatewaySettings } from '../../gateway/settings.ts';
import { SUBGRAPH_NAMES } from '../../schema/subgraphs.ts';
import { readInvoicesSettings } from '../../subgraphs/invoices/settings.ts';
import { readNotificationsSettings } from '../../subgraphs/notifications/settings.ts';
import { readOrdersSettings } from '../../subgraphs/orders/settings.ts';
import { readPaymentsSettings, takesTestPayments } from '../../subgraphs/payments/settings.ts';
import { readTicketsSettings } from '../../subgraphs/tickets/settings.ts';
import { startUsers } from '../../subgraphs/users/server.ts';
import { readUsersSettings } from '../../subgraphs/users/settings.ts';

// Starting processes may take long on a busy machine.
jest.setTimeout(120_000);

/** An example of a production environment, without Compose. */
const PRODUCTION: Environment = {
  NODE_ENV: 'production',
  INTERNAL_SECRET: '0f5b2e61c2f14c5f9d0b7a1c3e5d7f90',
  REDIS_URL: 'redis://queues.internal:6379',
  ...Object.fromEntries(
    SUBGRAPH_NAMES.flatMap((name, index) => [
      [`${name.toUpperCase()}_URL`, `http://127.0.0.1:${4001 + index}`],
      [`${name.toUpperCase()}_DATABASE_URL`, `postgres://guichet:4f9c1d@db.internal:5432/${name}`],
    ]),
  ),
  PUBLIC_URL: 'https://billetterie-lyon.fr',
  INVOICES_PUBLIC_URL: 'https://factures.billetterie-lyon.fr',
  TICKETS_PUBLIC_URL: 'https://billets.billetterie-lyon.fr',
  SELLER_NAME: 'Billetterie de Lyon SAS',
  SELLER_ADDRESS: '3 rue de la Ré, 69002 Lyon',
  SELLER_VAT_NUMBER: 'FR40303265045',
  SELLER_REGISTRATION: '303 265 045',
  STRIPE_SECRET_KEY: 'sk_live_51LyonLyonLyon',
  STRIPE_WEBHOOK_SECRET: 'whsec_b1b2b3b4b5b6b7b8',
  PAYMENT_RETURN_URL: 'https://billetterie-lyon.fr/retour',
  SMTP_URL: 'smtps://guichet:secret@smtp.fournisseur.fr:465',
  MAIL_FROM: 'Billetterie <billets@billetterie-lyon.fr>',
};

const readers = {
  gateway: readGatewaySettings,
  users: readUsersSettings,
  orders: readOrdersSettings,
  invoices: readInvoicesSettings,
  payments: readPaymentsSettings,
  tickets: readTicketsSettings,
  notifications: readNotificationsSettings,
} satisfies Record<string, (env: Environment) => unknown>;
type Program = keyof typeof readers;

/** The message of a failed start; nothing when it succeeds. */
function refusal(program: Program, env: Environment): string {
  try {
    readers[program](env);
    return '';
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    return error.message;
  }
}

test.each(Object.keys(readers) as Program[])('%s starts on the settings of a production', program => {
  expect(refusal(program, PRODUCTION)).toBe('');
});

const DEMANDED: [Program, ...string[]][] = [
  ['gateway', 'INTERNAL_SECRET', 'USERS_URL', 'ORDERS_URL', 'NOTIFICATIONS_URL'],
  ['users', 'INTERNAL_SECRET', 'USERS_DATABASE_URL'],
  ['orders', 'INTERNAL_SECRET', 'ORDERS_DATABASE_URL', 'TICKETS_URL'],
  ['invoices', 'INVOICES_DATABASE_URL', 'INVOICES_PUBLIC_URL', 'SELLER_NAME', 'SELLER_ADDRESS'],
  ['invoices', 'SELLER_VAT_NUMBER', 'SELLER_REGISTRATION'],
  ['payments', 'STRIPE_SECRET_KEY', 'STRIPE_WEBHOOK_SECRET', 'PAYMENT_RETURN_URL', 'PAYMENTS_DATABASE_URL'],
  ['tickets', 'TICKETS_DATABASE_URL', 'TICKETS_PUBLIC_URL'],
  ['notifications', 'SMTP_URL', 'MAIL_FROM', 'PUBLIC_URL', 'TICKETS_URL'],
];
test.each(DEMANDED)(
  'production of %s demands %s and what goes with it, all in one message',
  (program, ...names) => {
    const missing = Object.fromEntries(names.map(name => [name, '']));
    const message = refusal(program, { ...PRODUCTION, ...missing });
    expect(message).toContain(`${program} cannot start, ${names.length} setting(s) need attention`);
    for (const name of names) expect(message).toContain(`- ${name} is missing`);
  },
);

const UNSAFE: [Program, string, string, RegExp][] = [
  ['gateway', 'INTERNAL_SECRET', 'guichet-development-internal-secret', /for development/],
  ['gateway', 'INTERNAL_SECRET', 'short', /at least 16/],
  ['orders', 'INTERNAL_SECRET', 'guichet-development-internal-secret', /for development/],
  ['gateway', 'HOST', 'laptop', /neither an IP address/],
  ['users', 'SEED', 'true', /passwords anybody can read/],
  ['tickets', 'SEED', '1', /for development/],
  [
    'users',
    'USERS_DATABASE_URL',
    'postgres://guichet:guichet@db.internal:5432/users',
    /password for development/,
  ],
  ['payments', 'STRIPE_SECRET_KEY', 'sk_test_guichet', /for development/],
  ['payments', 'STRIPE_SECRET_KEY', 'sk_test_guichet_sandbox', /for development/],
  ['payments', 'STRIPE_SECRET_KEY', 'sk_test_51LyonLyonLyon', /is a test key/],
  ['payments', 'STRIPE_SECRET_KEY', 'rk_test_51LyonLyonLyon', /is a test key/],
  ['payments', 'STRIPE_SECRET_KEY', 'pk_live_51LyonLyonLyon', /not a secret or restricted key/],
  ['payments', 'STRIPE_WEBHOOK_SECRET', 'whsec_guichet_development', /for development/],
  ['payments', 'STRIPE_WEBHOOK_SECRET', 'whsec_…', /at least 16/],
  ['payments', 'STRIPE_API_URL', 'http://stripe-sandbox:4010', /not an HTTPS/],
  ['payments', 'STRIPE_API_URL', 'http://api.stripe.com', /not an HTTPS/],
  ['payments', 'STRIPE_API_URL', 'https://stripe-sandbox:4010', /sandbox/],
  ['payments', 'STRIPE_API_URL', 'https://localhost:4010', /machine itself/],
  ['payments', 'STRIPE_API_URL', 'https://127.1', /machine itself/],
  ['payments', 'STRIPE_API_URL', 'https://[::1]:4010', /machine itself/],
  ['payments', 'STRIPE_API_URL', 'https://[::ffff:127.0.0.1]', /machine itself/],
  ['payments', 'STRIPE_API_URL', 'not an address', /Invalid URL|HTTPS/],
  ['payments', 'PAYMENT_RETURN_URL', 'http://localhost:4000/playground', /machine itself/],
  ['payments', 'PAYMENT_RETURN_URL', 'https://shop.example/back', /reserved for examples/],
  ['payments', 'PAYMENT_RETURN_URL', 'javascript:alert(1)', /not an HTTP address/],
  ['notifications', 'SMTP_URL', 'smtp://mailbox:1025', /sandbox/],
  ['notifications', 'SMTP_URL', 'smtp://127.0.0.1:1025', /machine itself/],
  ['notifications', 'SMTP_URL', 'smtp://LOCALHOST.:1025', /machine itself/],
  ['notifications', 'SMTP_URL', 'smtp://2130706433', /machine itself/],
  ['notifications', 'SMTP_URL', 'smtp://[::1]:25', /machine itself/],
  ['notifications', 'SMTP_URL', 'https://smtp.fournisseur.fr', /not an SMTP address/],
  ['notifications', 'SMTP_FALLBACK_URL', 'smtp://mailbox:1025', /sandbox/],
  ['notifications', 'MAIL_FROM', 'Guichet <billets@guichet.test>', /takes no mail/],
  ['notifications', 'MAIL_FROM', 'billets@EXAMPLE.com', /takes no mail/],
  ['notifications', 'MAIL_FROM', 'Guichet', /no email address/],
  ['notifications', 'PUBLIC_URL', 'http://localhost:4000', /machine itself/],
  ['invoices', 'INVOICES_PUBLIC_URL', 'http://localhost:4003', /machine itself/],
  ['invoices', 'SELLER_NAME', 'Guichet Démo SAS', /demonstration/],
  ['tickets', 'TICKETS_PUBLIC_URL', 'http://0.0.0.0:4005', /machine itself/],
  ['tickets', 'NODE_ENV', 'prod', /production/],
];
test.each(UNSAFE)('A41: production of %s does not start with %s=%s', (program, name, value, reason) => {
  const message = refusal(program, { ...PRODUCTION, [name]: value });
  expect(message).toContain(`cannot start, 1 setting(s) need attention:\n  - ${name}: `);
  expect(message).toMatch(reason);
  // A mistyped secret is still a secret, so it is not printed.
  if (/SECRET|KEY|SMTP|DATABASE/.test(name)) expect(message).not.toContain(value);
});

test('A41: all that is unsafe is told at once, together with what is missing', () => {
  const message = refusal('payments', {
    ...PRODUCTION,
    INTERNAL_SECRET: undefined,
    STRIPE_SECRET_KEY: 'sk_test_guichet',
    STRIPE_API_URL: 'http://localhost:4010',
    STRIPE_WEBHOOK_SECRET: 'whsec_guichet_development',
    PAYMENT_RETURN_URL: 'http://localhost:4000/playground',
  });
  const names = ['INTERNAL_SECRET', 'STRIPE_SECRET_KEY', 'STRIPE_API_URL', 'STRIPE_WEBHOOK_SECRET'];
  expect(message).toContain('5 setting(s)');
  for (const name of [...names, 'PAYMENT_RETURN_URL']) expect(message).toContain(`- ${name}`);
});

test('development starts on all of that', () => {
  for (const [program, name, value] of UNSAFE) {
    if (['HOST', 'NODE_ENV'].includes(name) || !URL.canParse(value) === name.endsWith('_URL')) continue;
    if (name.endsWith('SECRET') && value.length < 16) continue;
    expect([name, value, refusal(program, { [name]: value })]).toEqual([name, value, '']);
  }
});

test('test payments in production are somebody’s explicit wish, and go with a test key alone', () => {
  const staging = { ...PRODUCTION, STRIPE_SECRET_KEY: 'sk_test_51LyonLyonLyon', ALLOW_TEST_PAYMENTS: 'true' };
  expect(takesTestPayments(readPaymentsSettings(staging))).toBe(true);
  expect(takesTestPayments(readPaymentsSettings(PRODUCTION))).toBe(false);
  expect(refusal('payments', { ...staging, ALLOW_TEST_PAYMENTS: 'false' })).toMatch(/is a test key/);
  expect(refusal('payments', { ...staging, ALLOW_TEST_PAYMENTS: 'yes' })).toMatch(/ALLOW_TEST_PAYMENTS/);
  expect(refusal('payments', { ...staging, STRIPE_SECRET_KEY: 'sk_live_51LyonLyonLyon' })).toMatch(
    /no test key/,
  );
  expect(refusal('payments', { ...staging, STRIPE_SECRET_KEY: 'sk_test_guichet_sandbox' })).toMatch(
    /development/,
  );
  expect(refusal('payments', { ...staging, STRIPE_API_URL: 'http://stripe-sandbox:4010' })).toMatch(/HTTPS/);
});

/** Runs a subgraph until it is ready or ends: returns its whole output and its exit code. */
async function run(subgraph: string, env: Environment) {
  const child = spawn(
    process.execPath,
    [join(import.meta.dirname, `../../subgraphs/${subgraph}/server.ts`)],
    {
      env: { PATH: process.env.PATH, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  let said = '';
  const exited = once(child, 'close');
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', chunk => {
      said += chunk;
      if (!child.killed && said.includes('"msg":"ready"')) child.kill('SIGTERM');
    });
  const [code] = await exited;
  return { said, code };
}

/** The production environment of a subgraph: a database of its own, with a role that has a password of its own. */
async function productionOf(name: string) {
  const { env, databaseUrl, drop } = await testEnvironment(name);
  const role = `production_${randomBytes(6).toString('hex')}`;
  await runSql(databaseUrl, `create role ${role} login superuser password 'not-published'`);
  const asRole = (url: string | undefined) => url!.replace('guichet:guichet@', `${role}:not-published@`);
  const DATABASE_URL = `${name.toUpperCase()}_DATABASE_URL`;
  return {
    development: env,
    databaseUrl,
    production: {
      ...PRODUCTION,
      ...env,
      REDIS_URL: '',
      HOST: 'localhost',
      LOG_LEVEL: 'info',
      [DATABASE_URL]: asRole(env[DATABASE_URL]),
      JOBS_DATABASE_URL: asRole(env.JOBS_DATABASE_URL),
    } as Environment,
    async drop() {
      // Run in another database, after the first is dropped, because a role that owns tables cannot be dropped.
      await drop();
      await runSql(`${process.env.GUICHET_TEST_POSTGRES}/postgres`, `drop role ${role}`);
    },
  };
}

test('a production with test payments warns at each start', async () => {
  const { production, drop } = await productionOf('payments');
  try {
    const staging = {
      ...production,
      STRIPE_SECRET_KEY: 'sk_test_51LyonLyonLyon',
      ALLOW_TEST_PAYMENTS: 'true',
    };
    const { said, code } = await run('payments', staging);
    expect([said, code]).toEqual([expect.stringMatching(/"level":"warn".*ALLOW_TEST_PAYMENTS: Stripe/), 0]);
    const live = await run('payments', production);
    expect([live.said, live.code]).toEqual([expect.not.stringContaining('"level":"warn"'), 0]);
  } finally {
    await drop();
  }
});

test('A41: a refused start says why, and nothing else', async () => {
  const { said, code } = await run('payments', { ...PRODUCTION, STRIPE_SECRET_KEY: 'sk_test_guichet' });
  expect(code).toBe(1);
  expect(said.trim()).toBe(
    'payments cannot start, 1 setting(s) need attention:\n' +
      '  - STRIPE_SECRET_KEY: is the one for development, which anybody can read in the source',
  );
});

test('A41: production does not start on a database that was seeded for development', async () => {
  const { development, production, databaseUrl, drop } = await productionOf('users');
  try {
    const seeding = await startUsers({ ...development, SEED: 'true' });
    await seeding.stop();
    const refused = await run('users', production);
    expect(refused.code).toBe(1);
    expect(refused.said).toContain('users cannot start');
    for (const { email } of SEEDED_USERS) expect(refused.said).toContain(email);
    // With passwords of their own they are ordinary accounts.
    await runSql(databaseUrl, 'update users set password_hash = $1', ['changed']);
    const started = await run('users', production);
    expect([started.said, started.code]).toEqual([expect.stringContaining('"msg":"ready"'), 0]);
  } finally {
    await drop();
  }
});
