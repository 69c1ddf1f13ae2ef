/** The tables that messages need, in every subgraph's database. */
import { Migration } from '@mikro-orm/migrations';
import type { Migrations } from '../data/database.ts';
import { IDEMPOTENCY_TABLE } from '../data/idempotency.ts';

class MessageTables extends Migration {
  override up() {
    // One row per message or job, written in the transaction of the change it tells of.
    this.addSql(`create table outbox (
      id uuid primary key,
      name text not null,
      envelope jsonb not null,
      -- Queues whose consumer has not acknowledged yet. Empty: done.
      pending text[] not null,
      live_topics text[] not null default '{}',
      created_at timestamptz not null default clock_timestamp(),
      -- When to hand it to the queues (again).
      due_at timestamptz not null default clock_timestamp(),
      attempts int not null default 0
    )`);
    this.addSql(`create index outbox_due on outbox (due_at) where pending <> '{}' or live_topics <> '{}'`);
    this.addSql(
      `create index outbox_done on outbox (created_at) where pending = '{}' and live_topics = '{}'`,
    );
    // The messages handled here, in the transaction of their effect.
    this.addSql(`create table inbox (
      event_id uuid primary key,
      handled_at timestamptz not null default clock_timestamp()
    )`);
    this.addSql('create index inbox_handled on inbox (handled_at)');
    this.addSql(`create table dead_letters (
      id uuid primary key,
      queue text not null,
      name text not null,
      envelope jsonb not null,
      error text not null,
      attempts int not null,
      failed_at timestamptz not null default clock_timestamp()
    )`);
    this.addSql(IDEMPOTENCY_TABLE);
  }
}

/** What nobody waits for is marked, and the outbox has an index for each way in which its rows are taken. */
class BackgroundMessages extends Migration {
  override up() {
    this.addSql('alter table outbox add column background boolean not null default false');
    // Rows that were never handed to the queues: what somebody waits for first.
    this.addSql(`create index outbox_new on outbox (background, due_at)
      where attempts = 0 and (pending <> '{}' or live_topics <> '{}')`);
    // Rows that were, and are not acknowledged.
    this.addSql(
      `create index outbox_unacknowledged on outbox (due_at) where attempts > 0 and pending <> '{}'`,
    );
    this.addSql('drop index outbox_due');
  }
}

/** They come before a subgraph's own. */
export const messageMigrations: Migrations = {
  '0000-message-tables': MessageTables,
  '0001-background-messages': BackgroundMessages,
};
