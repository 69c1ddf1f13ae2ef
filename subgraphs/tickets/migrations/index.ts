import { Migration, type Migrations } from '#shared/data/database.ts';
import { guardTransitions } from '#shared/data/transitions.ts';
import { FileTable } from '#shared/signed-files.ts';

class Catalogue extends Migration {
  override up() {
    this.addSql(`create table events (
      id uuid primary key,
      slug text not null unique,
      title text not null,
      description text,
      venue text,
      starts_at timestamptz not null,
      ends_at timestamptz not null check (ends_at > starts_at),
      valid_from timestamptz,
      timezone text not null,
      status text not null check (status in ('DRAFT', 'PUBLISHED', 'CANCELED')),
      organizer_id uuid not null,
      public_key text not null,
      created_at timestamptz not null default clock_timestamp()
    )`);
    this.addSql('create index events_organizer on events (organizer_id, id)');
    this.addSql(`create index events_published on events (id) where status = 'PUBLISHED'`);
    // Apart from the event, so that no read of an event carries its secret along.
    this.addSql(`create table event_keys (
      event_id uuid primary key references events,
      private_key bytea not null
    )`);
    this.addSql(`create table products (
      id uuid primary key,
      event_id uuid not null references events,
      kind text not null check (kind in ('ADMISSION', 'MERCHANDISE')),
      name text not null,
      price_amount bigint not null check (price_amount between 0 and 99999999),
      price_currency char(3) not null,
      tax_rate double precision not null check (tax_rate between 0 and 1),
      max_per_order int not null check (max_per_order between 1 and 100),
      created_at timestamptz not null default clock_timestamp()
    )`);
    this.addSql('create index products_event on products (event_id, id)');
  }
}

class Capacity extends Migration {
  override up() {
    // Invariant I3 is this check: held and sold together never exceed the capacity, whatever the code does.
    this.addSql(`create table quotas (
      id uuid primary key,
      capacity int not null check (capacity >= 0),
      taken int not null default 0,
      constraint quotas_never_oversold check (taken between 0 and capacity)
    ) with (fillfactor = 50)`);
    this.addSql(`create table product_quotas (
      product_id uuid not null references products,
      quota_id uuid not null references quotas,
      primary key (product_id, quota_id)
    )`);
    this.addSql('create index product_quotas_quota on product_quotas (quota_id)');
    // One hold per order. It stays, whatever becomes of it: late and repeated messages find their answer here.
    this.addSql(`create table holds (
      order_id uuid primary key,
      customer_id uuid,
      status text not null check (status in ('HELD', 'SOLD', 'REFUSED', 'RELEASED')),
      reason text,
      unavailable_product_ids uuid[] not null default '{}',
      expires_at timestamptz,
      rendered_at timestamptz,
      created_at timestamptz not null default clock_timestamp()
    )`);
    // What the hold counts for, by product and quota. No foreign keys: they would lock the rows everybody writes to.
    this.addSql(`create table hold_lines (
      order_id uuid not null references holds,
      product_id uuid not null,
      event_id uuid not null,
      quota_id uuid not null,
      quantity int not null check (quantity > 0),
      primary key (order_id, product_id, quota_id)
    )`);
    this.addSql('create index hold_lines_quota on hold_lines (quota_id)');
  }
}

class Tickets extends Migration {
  override up() {
    this.addSql(`create table tickets (
      id uuid primary key,
      code text not null unique,
      order_id uuid not null,
      event_id uuid not null,
      product_id uuid not null,
      customer_id uuid not null,
      guest_name text not null,
      -- The buyer's, for the PDF.
      locale text not null,
      status text not null check (status in ('VALID', 'REDEEMED', 'REVOKED')),
      qr_code text not null,
      issued_at timestamptz not null,
      redeemed_at timestamptz
    )`);
    this.addSql('create index tickets_order on tickets (order_id, id)');
    this.addSql('create index tickets_customer on tickets (customer_id, id)');
    this.addSql(`create table shipments (
      id uuid primary key,
      order_id uuid not null unique,
      customer_id uuid not null,
      status text not null check (status in ('SCHEDULED', 'SHIPPED', 'CANCELED')),
      scheduled_at timestamptz not null
    )`);
    this.addSql(`create table shipment_lines (
      shipment_id uuid not null references shipments,
      product_id uuid not null,
      quantity int not null check (quantity > 0),
      primary key (shipment_id, product_id)
    )`);
    this.addSql(`create table scans (
      id uuid primary key,
      event_id uuid not null,
      nonce text not null,
      -- Of the text that was read: tells a repeat from another code, and shows how often one code was tried.
      code_hash bytea not null,
      ticket_id uuid,
      result text not null check (result in ('ACCEPTED', 'ALREADY_REDEEMED', 'INVALID', 'WRONG_EVENT', 'REVOKED',
                                             'NOT_YET_VALID', 'EXPIRED', 'UNPAID')),
      operator_id uuid not null,
      location text,
      scanned_at timestamptz not null,
      unique (event_id, nonce)
    )`);
    // Invariant I8: one accepted entry per ticket.
    this.addSql(`create unique index scans_accepted_once on scans (ticket_id) where result = 'ACCEPTED'`);
    this.addSql('create index scans_ticket on scans (ticket_id, id)');
    this.addSql('create index scans_event on scans (event_id, scanned_at)');
    this.addSql('create index scans_code on scans (code_hash, scanned_at)');
  }
}

/** No status takes a step that its state machine does not have, whatever writes to the table. */
class GuardedTransitions extends Migration {
  override up() {
    const statements = [
      ...guardTransitions('events', {
        DRAFT: ['PUBLISHED', 'CANCELED'],
        PUBLISHED: ['CANCELED'],
        CANCELED: [],
      }),
      ...guardTransitions('holds', {
        HELD: ['SOLD', 'REFUSED', 'RELEASED'],
        SOLD: ['RELEASED'],
        REFUSED: [],
        RELEASED: [],
      }),
      ...guardTransitions('tickets', {
        VALID: ['REDEEMED', 'REVOKED'],
        REDEEMED: ['REVOKED'],
        REVOKED: [],
      }),
      ...guardTransitions('shipments', {
        SCHEDULED: ['SHIPPED', 'CANCELED'],
        SHIPPED: [],
        CANCELED: [],
      }),
    ];
    for (const statement of statements) this.addSql(statement);
  }
}

export const migrations: Migrations = {
  '0001-files': FileTable,
  '0002-catalogue': Catalogue,
  '0003-capacity': Capacity,
  '0004-tickets': Tickets,
  '0005-guarded-transitions': GuardedTransitions,
};
