import { Migration, type Migrations } from '#shared/data/database.ts';
import { guardTransitions } from '#shared/data/transitions.ts';
import { FileTable } from '#shared/signed-files.ts';

class Invoices extends Migration {
  override up() {
    this.addSql(`create table invoices (
      id uuid primary key,
      order_id uuid not null unique,
      order_number text not null,
      customer_id uuid not null,
      contact jsonb not null,
      status text not null check (status in ('DRAFT', 'DUE', 'PAID', 'VOID')),
      number text unique,
      currency char(3) not null,
      subtotal bigint not null check (subtotal >= 0),
      tax bigint not null check (tax >= 0),
      total bigint not null check (total = subtotal + tax),
      seller jsonb,
      created_at timestamptz not null default clock_timestamp(),
      issued_at timestamptz,
      due_at timestamptz,
      paid_at timestamptz,
      check ((number is null) = (issued_at is null) and (number is null) = (seller is null)),
      check (status <> 'DRAFT' or number is null),
      check (status not in ('DUE', 'PAID') or number is not null),
      check ((status = 'PAID') = (paid_at is not null))
    )`);
    this.addSql('create index invoices_customer on invoices (customer_id, id)');
    this.addSql('create index invoices_customer_status on invoices (customer_id, status, id)');
    this.addSql('create index invoices_status on invoices (status, id)');
    this.addSql(`create table invoice_lines (
      id uuid primary key,
      invoice_id uuid not null references invoices on delete cascade,
      position int not null,
      kind text not null,
      description text not null,
      quantity int not null check (quantity > 0),
      unit_price bigint not null check (unit_price >= 0),
      tax_rate double precision not null,
      total bigint not null check (total = unit_price * quantity),
      tax bigint not null,
      unique (invoice_id, position)
    )`);
    this.addSql(`create table credit_notes (
      id uuid primary key,
      invoice_id uuid not null references invoices,
      customer_id uuid not null,
      refund_id uuid unique,
      number text not null unique,
      currency char(3) not null,
      subtotal bigint not null check (subtotal >= 0),
      tax bigint not null check (tax >= 0),
      total bigint not null check (total = subtotal + tax and total > 0),
      tax_lines jsonb not null,
      reason text,
      seller jsonb not null,
      issued_at timestamptz not null
    )`);
    this.addSql('create index credit_notes_invoice on credit_notes (invoice_id, id)');
    this.addSql(`create table settlements (
      order_id uuid primary key,
      paid_at timestamptz,
      payment_id uuid,
      payments jsonb not null default '{}'
    )`);
    // One row per series: whoever holds it is the one that numbers (see numbering.ts).
    this.addSql(`create table number_series (
      series text primary key,
      last int not null,
      last_at timestamptz not null
    )`);
  }
}

/** Finalized documents stay as they are, whatever code or hand writes to the database (I6). */
class FinalizedStaysFinal extends Migration {
  override up() {
    this.addSql(`create function keep_finalized_invoice() returns trigger language plpgsql as $$
      begin
        if old.number is null then
          return case tg_op when 'DELETE' then old else new end;
        end if;
        if tg_op = 'UPDATE'
          and to_jsonb(new) - '{status,paid_at}'::text[] = to_jsonb(old) - '{status,paid_at}'::text[]
          and (new.status = old.status and new.paid_at is not distinct from old.paid_at
            or old.status = 'DUE' and new.status in ('PAID', 'VOID'))
        then
          return new;
        end if;
        raise exception 'invoice % is final', old.number;
      end $$`);
    this.addSql(`create trigger keep_finalized before update or delete on invoices
      for each row execute function keep_finalized_invoice()`);
    this.addSql(`create function keep_finalized_lines() returns trigger language plpgsql as $$
      begin
        if exists (select from invoices where number is not null
            and id in (case when tg_op <> 'INSERT' then old.invoice_id end,
                       case when tg_op <> 'DELETE' then new.invoice_id end)) then
          raise exception 'the lines of a finalized invoice are final';
        end if;
        return case tg_op when 'DELETE' then old else new end;
      end $$`);
    this.addSql(`create trigger keep_finalized before insert or update or delete on invoice_lines
      for each row execute function keep_finalized_lines()`);
    this.addSql(`create function keep_final() returns trigger language plpgsql as $$
      begin
        raise exception '% are final', tg_table_name;
      end $$`);
    this.addSql(`create trigger keep_final before update or delete on credit_notes
      for each row execute function keep_final()`);
    for (const table of ['invoices', 'invoice_lines', 'credit_notes', 'number_series', 'files'])
      this.addSql(`create trigger keep_all before truncate on ${table} execute function keep_final()`);
    this.addSql(`create trigger keep_final before update or delete on files
      for each row execute function keep_final()`);
  }
}

/** No invoice takes a step that the state machine does not have, whatever writes to the table. */
class GuardedTransitions extends Migration {
  override up() {
    // Triggers fire in the order of their names: that a document is final is said before anything else.
    this.addSql('alter trigger keep_finalized on invoices rename to finalized_stays_final');
    const statements = guardTransitions('invoices', {
      DRAFT: ['DUE', 'PAID', 'VOID'],
      DUE: ['PAID', 'VOID'],
      PAID: [],
      VOID: ['PAID'],
    });
    for (const statement of statements) this.addSql(statement);
  }
}

export const migrations: Migrations = {
  '0001-invoices': Invoices,
  '0002-files': FileTable,
  '0003-finalized-stays-final': FinalizedStaysFinal,
  '0004-guarded-transitions': GuardedTransitions,
};
