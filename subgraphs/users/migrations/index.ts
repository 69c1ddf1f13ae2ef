import { Migration, type Migrations } from '#shared/data/database.ts';

class Accounts extends Migration {
  override up() {
    this.addSql(`create table users (
      id uuid primary key,
      email text not null unique,
      password_hash text not null,
      display_name text not null,
      locale text not null,
      role text not null check (role in ('CUSTOMER', 'ORGANIZER', 'STAFF', 'ADMIN')),
      stripe_customer_id text,
      created_at timestamptz not null default clock_timestamp()
    )`);
    // One row per refresh token; all that descend from one sign-in share a family.
    this.addSql(`create table refresh_tokens (
      token_hash bytea primary key,
      family uuid not null,
      user_id uuid not null references users,
      lifetime_seconds int not null,
      expires_at timestamptz not null,
      used_at timestamptz,
      revoked_at timestamptz
    )`);
    this.addSql('create index refresh_tokens_family on refresh_tokens (family)');
    this.addSql('create index refresh_tokens_expiry on refresh_tokens (expires_at)');
    // Counted before the password is looked at, also for addresses without an account.
    this.addSql(`create table login_attempts (
      email_hash bytea primary key,
      attempts int not null,
      window_ends_at timestamptz not null
    )`);
    this.addSql(`create table signing_keys (
      kid text primary key,
      private_jwk jsonb not null,
      created_at timestamptz not null default clock_timestamp()
    )`);
  }
}

export const migrations: Migrations = { '0001-accounts': Accounts };
