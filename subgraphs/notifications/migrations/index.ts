import { Migration, type Migrations } from '#shared/data/database.ts';
import { guardTransitions } from '#shared/data/transitions.ts';

class Notifications extends Migration {
  override up() {
    this.addSql(`create table notifications (
      id uuid primary key,
      channel text not null check (channel in ('EMAIL', 'IN_APP')),
      template text not null,
      status text not null check (status in
        ('SCHEDULED', 'QUEUED', 'SENDING', 'SENT', 'DELIVERED', 'BOUNCED', 'FAILED', 'CANCELED')),
      recipient text not null,
      user_id uuid,
      order_id uuid,
      event_id uuid,
      locale text not null,
      subject text not null,
      body text not null,
      data jsonb not null,
      attachments jsonb not null default '[]',
      priority text not null check (priority in ('LOW', 'NORMAL', 'HIGH')),
      provider text,
      provider_message_id text,
      -- One notification per thing told: whoever inserts first tells it.
      dedupe_key text unique,
      attempts int not null default 0,
      unknown_outcomes int not null default 0,
      last_error text,
      created_at timestamptz not null default clock_timestamp(),
      scheduled_at timestamptz,
      sent_at timestamptz,
      delivered_at timestamptz,
      failed_at timestamptz,
      lease_until timestamptz,
      -- Of the status; subscriptions read what is newer than what they have shown.
      changed_at timestamptz not null default clock_timestamp(),
      check (status <> 'SENDING' or (lease_until is not null and provider_message_id is not null))
    )`);
    this.addSql('create index notifications_user on notifications (user_id, id)');
    this.addSql('create index notifications_user_status on notifications (user_id, status, id)');
    this.addSql('create index notifications_user_changed on notifications (user_id, changed_at)');
    this.addSql('create index notifications_status on notifications (status, id)');
    this.addSql('create index notifications_order on notifications (order_id) where order_id is not null');
    this.addSql('create index notifications_created on notifications (created_at)');
    // Whom the accounts belong to, as the users subgraph told: for greetings, and for their language.
    this.addSql(`create table contacts (
      user_id uuid primary key,
      email text not null,
      display_name text not null,
      locale text not null
    )`);
    this.addSql('create index contacts_email on contacts (lower(email))');
  }
}

/** No notification takes a step that the state machine does not have, whatever writes to the table. */
class GuardedTransitions extends Migration {
  override up() {
    const statements = guardTransitions('notifications', {
      SCHEDULED: ['QUEUED', 'SENDING', 'DELIVERED', 'FAILED', 'CANCELED'],
      QUEUED: ['SENDING', 'FAILED', 'CANCELED'],
      SENDING: ['QUEUED', 'SENT', 'FAILED'],
      SENT: ['DELIVERED', 'BOUNCED'],
      DELIVERED: [],
      BOUNCED: [],
      FAILED: [],
      CANCELED: [],
    });
    for (const statement of statements) this.addSql(statement);
  }
}

export const migrations: Migrations = {
  '0001-notifications': Notifications,
  '0002-guarded-transitions': GuardedTransitions,
};
