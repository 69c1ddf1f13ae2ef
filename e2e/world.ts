/** A whole stack for one test file: real processes, free ports, a temporary folder. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from '@jest/globals';
import type { Environment } from '#shared/kernel/settings.ts';
import { eventually, runSql } from '#shared/test/world.ts';
import { type ApiClient, createApiClient } from '../dev/buyer/client.ts';
import {
  listEvents,
  type OrderNews,
  payable,
  placeOrder,
  registerBuyer,
  signIn,
  watchPurchase,
} from '../dev/buyer/purchase.ts';
import { startTestRedis, type TestRedis } from '../dev/redis.ts';
import { type Stack, startStack } from '../dev/stack/stack.ts';

export type Backend = 'PostgreSQL' | 'Redis';

export interface TestStack extends Stack {
  api: ApiClient;
  backend: Backend;
  /** Present only with the Redis backend. */
  redis: TestRedis | null;
  sql(database: string, statement: string, values?: unknown[]): ReturnType<typeof runSql>;
  end(): Promise<void>;
}

export async function startTestStack(backend: Backend, env: Environment = {}): Promise<TestStack> {
  const directory = await mkdtemp(join(tmpdir(), 'guichet-e2e-'));
  const redis = backend === 'Redis' ? await startTestRedis() : null;
  const lines: string[] = [];
  const stack = await startStack({
    directory,
    ports: 'free',
    fastPostgres: true,
    // On a slow machine, the requests of a test must not be refused.
    env: { LOG_LEVEL: 'warn', GATEWAY_CONCURRENCY: '0', SAGA_TARGET: '0', ...env },
    ...(redis && { redisUrl: redis.url }),
    log: line => {
      lines.push(line);
      if (process.env.TEST_LOG_LEVEL) process.stderr.write(`${line}\n`);
    },
  });
  return {
    ...stack,
    api: createApiClient(stack.gatewayUrl),
    backend,
    redis,
    sql: (database, statement, values) => runSql(stack.databaseUrl(database), statement, values),
    async end() {
      await stack.stop();
      await redis?.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

const SEEDED_EVENT = 'Nuit des Guichets';

/** A new buyer's order for the seeded event's first admission, reserved and ready to be paid, and its live updates. */
export async function reserve({ api }: TestStack, quantity = 2) {
  const buyer = await registerBuyer(api);
  const event = (await listEvents(api)).find(({ title }) => title === SEEDED_EVENT)!;
  const product = event.products.find(({ kind }) => kind === 'ADMISSION')!;
  const order = await placeOrder(buyer.api, [{ productId: product.id, quantity }]);
  if (order.__typename !== 'Order') throw new Error(order.message);
  const purchase = watchPurchase(buyer.api, order.id);
  const news = await purchase.until(payable);
  return { buyer, event, product, orderId: order.id, purchase, payment: news.payments[0]! };
}

/** True when the purchase is completed, with everything that belongs to it. */
export const complete = ({ status, invoice, notifications }: OrderNews): boolean =>
  status === 'COMPLETED' &&
  invoice?.status === 'PAID' &&
  notifications.some(({ status }) => status === 'SENT');

/** An order with all that belongs to it, as its buyer and administrators see it. */
export const ORDER = `query ($id: ID!) { order(id: $id) {
  status expiresAt timeline { from to reason }
  payments { id status providerReference refundedAmount { amount } }
  invoice { status number creditNotes { number total { amount } } }
  tickets { status }
} }`;
export const orderOf = async (api: ApiClient, id: string) => (await api.get(ORDER, { id })).order;

/** An event of its own with one product, published by the seeded organizer. */
export async function createEvent(
  api: ApiClient,
  { capacity, amount = 2_500 }: { capacity: number; amount?: number },
) {
  const organizer = await signIn(api, 'organizer@guichet.test', 'organizer-guichet');
  const day = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString();
  const input = { title: 'A small room', startsAt: day(10), endsAt: day(10.2), timezone: 'Europe/Paris' };
  const { createEvent } = await organizer.get(
    'mutation ($input: CreateEventInput!) { createEvent(input: $input) { ... on Event { id } ... on Error { message } } }',
    { input },
  );
  const { createProduct } = await organizer.get(
    `mutation ($input: CreateProductInput!) { createProduct(input: $input) {
      ... on Product { id available } ... on Error { message } } }`,
    {
      input: {
        eventId: createEvent.id,
        kind: 'ADMISSION',
        name: 'Seat',
        capacity,
        taxRate: 0.055,
        price: { amount, currency: 'EUR' },
      },
    },
  );
  await organizer.get('mutation ($id: ID!) { publishEvent(eventId: $id) { ... on Event { status } } }', {
    id: createEvent.id,
  });
  return { organizer, eventId: createEvent.id as string, productId: createProduct.id as string };
}

export const availabilityOf = async (api: ApiClient, productId: string): Promise<number> =>
  (await api.get('query ($id: ID!) { product(id: $id) { available } }', { id: productId })).product.available;

/** The emails to an address, in the form that the mailbox returns. */
export async function mailsTo({ mailboxUrl }: Stack, address: string) {
  const mails = (await (await fetch(`${mailboxUrl}/api/email`)).json()) as {
    subject: string;
    html: string;
    to: { address: string }[];
    attachments: { fileName: string; contentType: string }[];
  }[];
  return mails.filter(({ to }) => to.some(each => each.address === address));
}

/** What the Stripe sandbox reports about a payment: captured and refunded, in minor units. */
export async function atStripe({ stripeSandboxUrl }: Stack, reference: string) {
  const response = await fetch(`${stripeSandboxUrl}/v1/payment_intents/${reference}?expand[]=latest_charge`, {
    headers: { authorization: 'Bearer sk_test_guichet' },
  });
  const intent = (await response.json()) as {
    status: string;
    amount: number;
    latest_charge: { amount_refunded: number; amount_captured: number } | null;
  };
  return {
    status: intent.status,
    captured: intent.latest_charge?.amount_captured ?? 0,
    refunded: intent.latest_charge?.amount_refunded ?? 0,
  };
}

/** Pays as Stripe.js does in the buyer's browser, without our API. */
export async function payAtStripe({ stripeSandboxUrl }: Stack, reference: string, clientSecret: string) {
  const response = await fetch(`${stripeSandboxUrl}/v1/payment_intents/${reference}/confirm`, {
    method: 'POST',
    headers: {
      authorization: 'Bearer pk_test_guichet',
      'content-type': 'application/x-www-form-urlencoded',
    },
    body: new URLSearchParams({
      client_secret: clientSecret,
      payment_method: 'pm_card_visa',
      return_url: 'http://localhost/',
    }),
  });
  expect(response.status).toBe(200);
}

/** Makes the bank release the money of a debit that is being processed. */
export async function settleDebit({ stripeSandboxUrl }: Stack, reference: string) {
  const response = await fetch(`${stripeSandboxUrl}/sandbox/payment_intents/${reference}/settle`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ outcome: 'succeeded' }),
  });
  expect(response.status).toBe(200);
}

/** Checks that an address returns a whole PDF. */
export async function expectPdf(url: string) {
  const response = await fetch(url);
  expect(response.headers.get('content-type')).toBe('application/pdf');
  const bytes = Buffer.from(await response.arrayBuffer());
  expect(bytes.subarray(0, 5).toString()).toBe('%PDF-');
  expect(bytes.subarray(-16).toString()).toContain('%%EOF');
}

/** Makes the mailbox refuse mail for a while; null ends this. */
export async function fault({ mailboxUrl }: TestStack, fault: object | null) {
  const response = await fetch(`${mailboxUrl}/api/faults`, {
    method: fault ? 'POST' : 'DELETE',
    headers: { 'content-type': 'application/json' },
    ...(fault && { body: JSON.stringify(fault) }),
  });
  expect(response.ok).toBe(true);
}

export { eventually };
