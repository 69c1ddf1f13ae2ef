import { Migration, type Migrations } from '#shared/data/database.ts';
import { guardTransitions } from '#shared/data/transitions.ts';
import { WebhookNews } from './webhook-news.ts';

const OPEN = `status in ('REQUIRES_PAYMENT_METHOD', 'REQUIRES_ACTION', 'PROCESSING')`;

class Payments extends Migration {
  override up() {
    this.addSql(`create table payments (
      id uuid primary key,
      order_id uuid,
      invoice_id uuid,
      customer_id uuid not null,
      customer_email text not null,
      customer_name text not null,
      description text not null,
      provider text not null check (provider in ('STRIPE', 'PAYPAL')),
      provider_reference text unique,
      retired_references text[] not null default '{}',
      client_secret text,
      status text not null check (${OPEN} or status in ('SUCCEEDED', 'FAILED', 'CANCELED')),
      amount bigint not null check (amount > 0),
      currency char(3) not null,
      captured_amount bigint not null default 0,
      captured_currency char(3),
      refunded_amount bigint not null default 0 check (refunded_amount between 0 and captured_amount),
      next_action_url text,
      failure_code text,
      failure_message text,
      last_charge text,
      attempts int not null default 0,
      confirming_since timestamptz,
      confirming_method text,
      return_url text,
      refund_reason text,
      flag text,
      revision int not null default 0,
      created_at timestamptz not null default clock_timestamp(),
      updated_at timestamptz not null default clock_timestamp(),
      check (order_id is not null or invoice_id is not null)
    )`);
    // I1 begins here: what is not open cannot be confirmed, so at most one can be captured.
    this.addSql(`create unique index payments_open_order on payments (order_id) where ${OPEN}`);
    this.addSql(`create unique index payments_open_invoice on payments (invoice_id) where ${OPEN}`);
    this.addSql('create index payments_order on payments (order_id, id)');
    this.addSql('create index payments_invoice on payments (invoice_id, id)');
    this.addSql('create index payments_customer on payments (customer_id, id)');
    this.addSql('create index payments_customer_status on payments (customer_id, status, id)');
    this.addSql('create index payments_status on payments (status, id)');
    this.addSql(`create table refunds (
      id uuid primary key,
      payment_id uuid not null references payments,
      amount bigint not null check (amount > 0),
      status text not null check (status in ('PENDING', 'SUCCEEDED', 'FAILED')),
      reason text,
      external boolean not null,
      provider_reference text unique,
      failure_message text,
      created_at timestamptz not null default clock_timestamp()
    )`);
    this.addSql('create index refunds_payment on refunds (payment_id, id)');
    // The parameters are saved before the provider is asked: a repeat under the same key must not differ.
    this.addSql(`create table stripe_customers (
      user_id uuid primary key,
      email text not null,
      display_name text not null,
      provider_reference text unique,
      created_at timestamptz not null default clock_timestamp()
    )`);
    this.addSql(`create table webhooks (
      id text primary key,
      type text not null,
      payload jsonb not null,
      received_at timestamptz not null default clock_timestamp(),
      outcome text,
      handled_at timestamptz
    )`);
    // Orders that ended unpaid: nothing may be begun for them, also when the request to pay arrives after this.
    this.addSql(`create table closed_orders (
      order_id uuid primary key,
      reason text not null,
      closed_at timestamptz not null default clock_timestamp()
    )`);
    this.addSql(`create table checkout_sessions (
      id uuid primary key,
      payment_id uuid not null references payments,
      status text not null check (status in ('OPENING', 'OPEN', 'COMPLETE', 'EXPIRED')),
      embedded boolean not null,
      return_url text not null,
      provider_reference text unique,
      url text,
      client_secret text,
      expires_at timestamptz not null,
      created_at timestamptz not null default clock_timestamp()
    )`);
    this.addSql('create index checkout_sessions_payment on checkout_sessions (payment_id)');
    this.addSql(
      `create unique index checkout_sessions_open on checkout_sessions (payment_id) where status in ('OPENING', 'OPEN')`,
    );
    // The analytics read model: one row per payment, written only by messages.
    this.addSql(`create table payment_facts (
      payment_id uuid primary key,
      provider text not null,
      currency char(3) not null,
      created_at timestamptz,
      captured_amount bigint not null default 0,
      succeeded boolean not null default false,
      failed boolean not null default false,
      refunded_amount bigint not null default 0,
      refunded_at timestamptz
    )`);
    this.addSql('create index payment_facts_created on payment_facts (created_at)');
    this.addSql(`create table webhook_facts (
      webhook_id text primary key,
      type text not null,
      outcome text not null,
      processed_at timestamptz not null default clock_timestamp()
    )`);
    this.addSql('create index webhook_facts_processed on webhook_facts (processed_at)');
  }
}

class ProviderKeys extends Migration {
  override up() {
    // Operations whose idempotency key has brought an error once. The names are looked up by how they begin.
    this.addSql(`create table provider_keys (
      operation text collate "C" primary key,
      generation int not null default 0,
      failed_at timestamptz
    )`);
    // How the payment was at the provider when an attempt began: what differs is the attempt's doing.
    this.addSql('alter table payments add column attempt_baseline text');
  }
}

class Providers extends Migration {
  override up() {
    // A user is a customer of each provider separately.
    this.addSql('alter table stripe_customers rename to customers');
    this.addSql(`alter table customers
      add column provider text not null default 'STRIPE' check (provider in ('STRIPE', 'PAYPAL')),
      drop constraint stripe_customers_pkey,
      add primary key (provider, user_id)`);
    // The job has another name: what has not run yet runs under the new one.
    this.addSql(`update outbox set name = 'payments/cancel-orphan', attempts = 0,
        envelope = jsonb_set(envelope, '{type}', '"payments/cancel-orphan"'),
        pending = array_replace(pending, 'jobs-payments-cancel-stray', 'jobs-payments-cancel-orphan')
      where name = 'payments/cancel-stray' and pending <> '{}'`);
    this.addSql(`update dead_letters set name = 'payments/cancel-orphan', queue = 'jobs-payments-cancel-orphan',
        envelope = jsonb_set(envelope, '{type}', '"payments/cancel-orphan"')
      where name = 'payments/cancel-stray'`);
  }
}

/** The database has the steps that the code has, whatever writes to it. */
class GuardedTransitions extends Migration {
  override up() {
    const statements = [
      ...guardTransitions('payments', {
        REQUIRES_PAYMENT_METHOD: ['REQUIRES_ACTION', 'PROCESSING', 'SUCCEEDED', 'FAILED', 'CANCELED'],
        REQUIRES_ACTION: ['REQUIRES_PAYMENT_METHOD', 'PROCESSING', 'SUCCEEDED', 'FAILED', 'CANCELED'],
        PROCESSING: ['REQUIRES_PAYMENT_METHOD', 'REQUIRES_ACTION', 'SUCCEEDED', 'FAILED', 'CANCELED'],
        SUCCEEDED: [],
        FAILED: ['SUCCEEDED'],
        CANCELED: ['SUCCEEDED'],
      }),
      ...guardTransitions('refunds', {
        PENDING: ['SUCCEEDED', 'FAILED'],
        SUCCEEDED: ['FAILED'],
        FAILED: [],
      }),
      ...guardTransitions('checkout_sessions', {
        OPENING: ['OPEN', 'COMPLETE', 'EXPIRED'],
        OPEN: ['COMPLETE', 'EXPIRED'],
        COMPLETE: [],
        EXPIRED: [],
      }),
    ];
    for (const statement of statements) this.addSql(statement);
  }
}

export const migrations: Migrations = {
  '0001-payments': Payments,
  '0002-provider-keys': ProviderKeys,
  '0003-providers': Providers,
  '0004-webhook-news': WebhookNews,
  '0005-guarded-transitions': GuardedTransitions,
};
