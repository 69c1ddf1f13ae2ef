import { Migration } from '@mikro-orm/migrations';

/** What nobody waits for is marked, and the outbox has an index for each way in which its rows are taken. */
export class BackgroundMessages extends Migration {
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
