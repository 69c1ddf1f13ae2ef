import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { Client } from 'pg';
import { ask, subscribe, viewerWith } from '#shared/test/world.ts';
import { confirmPayment, listEvents, placeOrder, registerBuyer, signIn } from '../../dev/buyer/purchase.ts';
import { readSchema } from '../../schema/read.ts';
import { SUBGRAPH_NAMES } from '../../schema/subgraphs.ts';
import { complete, eventually, reserve, startTestStack, type TestStack } from '../world.ts';
import { everyOperation, type Operation } from './every-operation.ts';

jest.setTimeout(300_000);
const WITHIN_SECONDS = 90;

let stack: TestStack;
beforeAll(async () => {
  stack = await startTestStack('PostgreSQL');
});
afterAll(async () => {
  await stack?.end();
});

const NAMES = SUBGRAPH_NAMES;
const status = (name: string, path: string) =>
  fetch(`${stack.urls[name]}${path}`, { signal: AbortSignal.timeout(5_000) }).then(
    answer => answer.status,
    () => 0,
  );
const allReady = () =>
  eventually(
    async () => (await Promise.all(NAMES.map(name => status(name, '/ready')))).every(code => code === 200),
    WITHIN_SECONDS,
  );
const pidsOf = (names: readonly string[]) => names.map(name => stack.processes.get(name)!.pid);

async function purchaseEndsWell() {
  const { buyer, payment, purchase } = await reserve(stack);
  await confirmPayment(buyer.api, payment.id, 'pm_card_visa');
  await purchase.until(complete, WITHIN_SECONDS);
  await purchase.close();
}

test('every connection terminated in a transaction, twenty times, and each process is ready again by itself', async () => {
  const before = pidsOf(NAMES);
  /**
   * Blocks a database's transactions at the outbox, which each process reads in a transaction, and ends their sessions.
   */
  async function breakTransactions(name: string) {
    const client = new Client({ connectionString: stack.databaseUrl(name) });
    await client.connect();
    try {
      await client.query('begin; lock table outbox in access exclusive mode');
      const waiting = `pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
      const count = async () => (await stack.sql(name, `select 1 from ${waiting}`)).length;
      await eventually(count, WITHIN_SECONDS);
      await stack.sql(name, `select pg_terminate_backend(pid) from ${waiting}`);
    } finally {
      await client.end();
    }
  }
  for (let round = 0; round < 20; round++) await Promise.all(NAMES.map(breakTransactions));
  await allReady();
  expect(pidsOf(NAMES)).toEqual(before);
  await purchaseEndsWell();
});

test('F14: PostgreSQL killed five times under load comes back, and so does every process by itself', async () => {
  const before = pidsOf(NAMES);
  const buyer = await registerBuyer(stack.api);
  const product = (await listEvents(stack.api))[0]!.products.find(({ kind }) => kind === 'ADMISSION')!;
  const placed: string[] = [];
  let loaded = true;
  /**
   * Places orders one after the other; each request is repeated under its key until it is answered, as a front end
   * does.
   */
  async function load() {
    while (loaded) {
      const input = { idempotencyKey: randomUUID(), lines: [{ productId: product.id, quantity: 1 }] };
      await eventually(async () => {
        const answer = await buyer.api.ask(
          'mutation ($input: PlaceOrderInput!) { placeOrder(input: $input) { __typename ... on Order { id } } }',
          { input },
        );
        const order = answer.data?.placeOrder;
        if (order?.__typename === 'Order') placed.push(order.id);
        return order;
      }, WITHIN_SECONDS);
    }
  }
  const loads = Array.from({ length: 4 }, load);

  const postgres = stack.processes.get('postgresql')!;
  for (const signal of ['SIGKILL', 'SIGQUIT', 'SIGKILL', 'SIGQUIT', 'SIGKILL'] as const) {
    const { pid } = postgres;
    const count = placed.length;
    await eventually(() => placed.length > count, WITHIN_SECONDS);
    process.kill(pid!, signal);
    await eventually(() => postgres.pid !== undefined && postgres.pid !== pid, WITHIN_SECONDS);
    await allReady();
  }
  loaded = false;
  await Promise.all(loads);
  expect(pidsOf(NAMES)).toEqual(before);
  expect(await Promise.all(NAMES.map(name => status(name, '/health')))).toEqual(NAMES.map(() => 200));
  await eventually(
    async () =>
      (
        await stack.sql('orders', `select 1 from orders where status = 'CREATED' and id = any($1::uuid[])`, [
          placed,
        ])
      ).length === 0,
    WITHIN_SECONDS,
  );
  await purchaseEndsWell();
});

interface Failure {
  message: string;
  extensions: { code: string; retryAfter?: number };
}

/** The errors that clients may get without a database: that it is away, or that their request can never succeed. */
function expectUnavailable(answers: { operation: string; errors: Failure[] | undefined }[]) {
  const told = answers.flatMap(({ operation, errors = [] }) =>
    errors.map(({ message, extensions }) => ({ ...extensions, operation, message })),
  );
  const unavailable = told.filter(({ code }) => code === 'UNAVAILABLE');
  expect(unavailable.filter(({ retryAfter }) => !Number.isInteger(retryAfter))).toEqual([]);
  expect(told.filter(({ code }) => !['UNAVAILABLE', 'BAD_USER_INPUT'].includes(code))).toEqual([]);
  expect(unavailable.length).toBeGreaterThan(answers.length / 2);
}

test('while PostgreSQL is away every operation says UNAVAILABLE and when to try again', async () => {
  const admin = viewerWith('ADMIN');
  const operations = NAMES.map(name => ({ name, all: everyOperation(readSchema(name)) }));
  const signedIn = await signIn(stack.api, 'admin@guichet.test', 'admin-guichet');
  const { buyer, product, purchase } = await reserve(stack);

  const postgres = stack.processes.get('postgresql')!;
  await postgres.kill('SIGKILL');
  try {
    const askOne = async (name: string, { kind, field, query, variables }: Operation) => {
      const operation = `${name}: ${kind} ${field}`;
      if (kind !== 'subscription') {
        return { operation, errors: (await ask(stack.urls[name]!, admin, query, variables)).errors };
      }
      const live = subscribe(stack.urls[name]!, admin, query, variables);
      const errors = await live.next().then(
        answer => answer.errors,
        errors => errors,
      );
      await live.close();
      return { operation, errors };
    };
    for (const { name, all } of operations) {
      expectUnavailable(await Promise.all(all.map(each => askOne(name, each))));
    }

    const asked = operations.flatMap(({ all }) => all).filter(({ kind }) => kind !== 'subscription');
    const answers = await Promise.all(
      asked.map(async ({ field, query, variables }) => ({
        operation: `gateway: ${field}`,
        errors: (await signedIn.ask(query, variables)).errors,
      })),
    );
    expectUnavailable(answers);
    expect(await status('orders', '/health')).toBe(200);
    expect(await status('orders', '/ready')).toBe(503);
    const lines = [{ productId: product.id, quantity: 1 }];
    await expect(placeOrder(buyer.api, lines)).rejects.toThrow('UNAVAILABLE');
  } finally {
    await purchase.close();
    await postgres.start();
  }
  await allReady();
});
