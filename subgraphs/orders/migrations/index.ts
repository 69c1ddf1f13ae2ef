import { Migration, type Migrations } from '#shared/data/database.ts';
import { guardTransitions } from '#shared/data/transitions.ts';

class Orders extends Migration {
  override up() {
    this.addSql(`create table orders (
      id uuid primary key,
      number text not null unique,
      -- The customer as known when the order was placed.
      customer_id uuid not null,
      customer_email text not null,
      customer_name text not null,
      customer_locale text not null,
      status text not null,
      -- Number of the latest row in order_transitions.
      seq int not null,
      currency char(3) not null,
      -- Minor units; total is what the buyer pays, tax included.
      subtotal bigint not null,
      tax bigint not null,
      total bigint not null check (total >= 0 and total = subtotal + tax),
      provider text not null,
      -- The payment that paid it.
      payment_id uuid,
      ticket_ids uuid[] not null default '{}',
      expires_at timestamptz,
      extended boolean not null default false,
      placed_at timestamptz not null,
      -- When it took its present status, and when that status's step was last asked for.
      status_at timestamptz not null,
      last_step_at timestamptz not null
    )`);
    this.addSql('create index orders_customer on orders (customer_id, id)');
    this.addSql('create index orders_customer_status on orders (customer_id, status, id)');
    this.addSql('create index orders_status on orders (status, id)');
    this.addSql(`create index orders_under_way on orders (last_step_at)
      where status in ('CREATED', 'RESERVED', 'PAID', 'SHIPPING_SCHEDULED')`);
    this.addSql(`create table order_lines (
      order_id uuid not null references orders,
      position int not null,
      product_id uuid not null,
      event_id uuid not null,
      kind text not null,
      name text not null,
      quantity int not null check (quantity > 0),
      unit_price bigint not null check (unit_price >= 0),
      tax_rate double precision not null,
      guest_names text[] not null,
      primary key (order_id, position)
    )`);
    // Only ever added to. The key also stops two changes that were decided on the same status.
    this.addSql(`create table order_transitions (
      order_id uuid not null references orders,
      seq int not null,
      from_status text,
      to_status text not null,
      at timestamptz not null,
      reason text,
      actor text not null,
      primary key (order_id, seq)
    )`);
    // The latest that was heard of each payment: whether one is under way when the hold expires.
    this.addSql(`create table order_payments (
      payment_id uuid primary key,
      order_id uuid not null references orders,
      status text not null,
      at timestamptz not null
    )`);
    this.addSql('create index order_payments_order on order_payments (order_id)');
    this.addSql(`create table basket_lines (
      customer_id uuid not null,
      product_id uuid not null,
      quantity int not null check (quantity > 0),
      added_at timestamptz not null default clock_timestamp(),
      primary key (customer_id, product_id)
    )`);
  }
}

class Closing extends Migration {
  override up() {
    // Since when payments is asked whether the order was paid before its hold ended.
    this.addSql('alter table orders add column closing_since timestamptz');
  }
}

const STATUSES = ['CREATED', 'RESERVED', 'PAID', 'SHIPPING_SCHEDULED', 'COMPLETED', 'CANCELED', 'FAILED'];

/** Invariant I4 holds for whatever writes to the table: no status and no step that the state machine does not have. */
class GuardedTransitions extends Migration {
  override up() {
    this.addSql(`alter table orders add constraint orders_status_known
      check (status in (${STATUSES.map(status => `'${status}'`).join(', ')}))`);
    const statements = guardTransitions('orders', {
      CREATED: ['RESERVED', 'FAILED'],
      RESERVED: ['PAID', 'FAILED', 'CANCELED'],
      PAID: ['SHIPPING_SCHEDULED', 'FAILED', 'CANCELED'],
      SHIPPING_SCHEDULED: ['COMPLETED', 'CANCELED'],
      COMPLETED: [],
      CANCELED: ['FAILED'],
      FAILED: [],
    });
    for (const statement of statements) this.addSql(statement);
  }
}

export const migrations: Migrations = {
  '0001-orders': Orders,
  '0002-closing': Closing,
  '0003-guarded-transitions': GuardedTransitions,
};
