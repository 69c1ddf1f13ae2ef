/** All that the databases, the Stripe sandbox and the mailbox contain once a run is at rest, as plain data. */
import type { World } from './world.ts';

type Queried<T> = T & Record<string, unknown>;

export interface Snapshot {
  users: Queried<{ id: string; email: string }>[];
  orders: Queried<{
    id: string;
    number: string;
    status: string;
    seq: number;
    customerId: string;
    email: string;
    total: number;
    currency: string;
  }>[];
  lines: Queried<{ orderId: string; productId: string; kind: string; quantity: number }>[];
  transitions: Queried<{
    orderId: string;
    seq: number;
    from: string | null;
    to: string;
    at: Date;
    reason: string | null;
  }>[];
  quotas: Queried<{ id: string; capacity: number; taken: number }>[];
  holds: Queried<{ orderId: string; status: string }>[];
  holdLines: Queried<{ orderId: string; productId: string; quotaId: string; quantity: number }>[];
  tickets: Queried<{ id: string; code: string; orderId: string; productId: string; status: string }>[];
  scans: Queried<{ id: string; ticketId: string | null; nonce: string; result: string }>[];
  payments: Queried<{
    id: string;
    orderId: string | null;
    status: string;
    captured: number;
    refunded: number;
    references: string[];
  }>[];
  invoices: Queried<{
    id: string;
    orderId: string;
    number: string | null;
    status: string;
    total: number;
  }>[];
  creditNotes: Queried<{ id: string; invoiceId: string; number: string; total: number }>[];
  series: Queried<{ series: string; last: number }>[];
  notifications: Queried<{
    id: string;
    orderId: string | null;
    template: string;
    channel: string;
    status: string;
    recipient: string;
    unknownOutcomes: number;
    lastError: string | null;
  }>[];
  /** Every outbox row of all subgraphs; `queues` are those that have not acknowledged it. */
  messages: Queried<{
    database: string;
    id: string;
    name: string;
    queues: string[];
    orderId: string | null;
    template: string | null;
    isScheduled: boolean;
  }>[];
  deadLetters: Queried<{ database: string; id: string; name: string; error: string }>[];
  /** Ids of handled messages by subgraph. */
  inboxes: Record<string, Set<string>>;
  /** The payments that Stripe has collected, in minor units. */
  charges: { id: string; reference: string; captured: number; refunded: number; currency: string }[];
  mails: { messageId: string; to: string; at: number }[];
}

export const SUBGRAPH_DATABASES = [
  'users',
  'orders',
  'invoices',
  'payments',
  'tickets',
  'notifications',
] as const;

const QUERIES = {
  users: ['users', 'select id, email from users'],
  orders: [
    'orders',
    `select id, number, status, seq, customer_id as "customerId", customer_email as email, total::float8 as total,
       currency from orders order by id`,
  ],
  lines: [
    'orders',
    'select order_id as "orderId", product_id as "productId", kind, quantity from order_lines',
  ],
  transitions: [
    'orders',
    `select order_id as "orderId", seq, from_status as "from", to_status as "to", at, reason
     from order_transitions order by order_id, seq`,
  ],
  quotas: ['tickets', 'select id, capacity, taken from quotas'],
  holds: ['tickets', 'select order_id as "orderId", status from holds'],
  holdLines: [
    'tickets',
    `select order_id as "orderId", product_id as "productId", quota_id as "quotaId", quantity from hold_lines`,
  ],
  tickets: [
    'tickets',
    `select id, code, order_id as "orderId", product_id as "productId", status from tickets`,
  ],
  scans: ['tickets', 'select id, ticket_id as "ticketId", nonce, result from scans'],
  payments: [
    'payments',
    `select id, order_id as "orderId", status, captured_amount::float8 as captured,
       refunded_amount::float8 as refunded,
       array_remove(retired_references || provider_reference, null) as references from payments`,
  ],
  invoices: [
    'invoices',
    `select id, order_id as "orderId", number, status, total::float8 as total from invoices order by number`,
  ],
  creditNotes: [
    'invoices',
    `select id, invoice_id as "invoiceId", number, total::float8 as total from credit_notes order by number`,
  ],
  series: ['invoices', 'select series, last from number_series'],
  notifications: [
    'notifications',
    `select id, order_id as "orderId", template, channel, status, recipient,
       unknown_outcomes as "unknownOutcomes", last_error as "lastError" from notifications`,
  ],
} as const;

/** Reads everything. Nothing may be under way, or the parts would show different moments. */
export async function takeSnapshot(world: World): Promise<Snapshot> {
  const tables = Object.fromEntries(
    await Promise.all(
      Object.entries(QUERIES).map(async ([name, [database, statement]]) => [
        name,
        await world.sql(database, statement),
      ]),
    ),
  );
  const messages = await fromAll(
    world,
    `select id, name, pending as queues, envelope -> 'data' ->> 'orderId' as "orderId",
       envelope -> 'data' ->> 'template' as template,
       attempts = 0 and due_at > clock_timestamp() as "isScheduled" from outbox`,
  );
  const handled = await fromAll(world, 'select event_id as id from inbox');
  return {
    ...tables,
    messages,
    deadLetters: await fromAll(world, 'select id, name, error from dead_letters'),
    inboxes: Object.fromEntries(
      SUBGRAPH_DATABASES.map(name => [
        name,
        new Set(handled.filter(({ database }) => database === name).map(({ id }) => id as string)),
      ]),
    ),
    charges: await readCharges(world),
    mails: await readMails(world),
  } as Snapshot;
}

async function fromAll(world: World, statement: string) {
  const rows = await Promise.all(
    SUBGRAPH_DATABASES.map(async database =>
      (await world.sql(database, statement)).map(row => ({ ...row, database })),
    ),
  );
  return rows.flat() as Record<string, unknown>[];
}

interface Charge {
  id: string;
  payment_intent: string;
  amount_captured: number;
  amount_refunded: number;
  currency: string;
}

async function readCharges({ stack }: World): Promise<Snapshot['charges']> {
  const charges: Charge[] = [];
  for (let more = true; more; ) {
    const after = charges.length > 0 ? `&starting_after=${charges.at(-1)!.id}` : '';
    const response = await fetch(`${stack.stripeSandboxUrl}/v1/charges?limit=100${after}`, {
      headers: { authorization: 'Bearer sk_test_guichet' },
    });
    const page = (await response.json()) as { data: Charge[]; has_more: boolean };
    charges.push(...page.data);
    more = page.has_more;
  }
  return charges
    .filter(charge => charge.amount_captured > 0)
    .map(charge => ({
      id: charge.id,
      reference: charge.payment_intent,
      captured: charge.amount_captured,
      refunded: charge.amount_refunded,
      currency: charge.currency.toUpperCase(),
    }));
}

async function readMails({ stack }: World): Promise<Snapshot['mails']> {
  const mails = (await (await fetch(`${stack.mailboxUrl}/api/email`)).json()) as {
    messageId: string | null;
    time: string;
    to: { address: string }[];
  }[];
  return mails.map(({ messageId, time, to }) => ({
    messageId: messageId ?? '',
    to: to[0]?.address ?? '',
    at: Date.parse(time),
  }));
}
