/** Signing in, staying signed in, signing out. */
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { hash, verify } from '@node-rs/argon2';
import { type EntityManager, inTransaction, query, sql } from '#shared/data/database.ts';
import { rateLimited } from '#shared/kernel/errors.ts';
import { User } from '../accounts/user.entity.ts';
import type { UsersContext } from '../services.ts';
import { signAccessToken } from './tokens.ts';

const HOUR = 3_600;
const DAY = 24 * HOUR;
/** A client that lost the answer may use the same refresh token again within this time. */
const FORGIVEN_SECONDS = 10;

const MOST_ATTEMPTS = 10;
const ATTEMPT_WINDOW_SECONDS = 900;

/** OWASP Password Storage Cheat Sheet: argon2id, m = 19456 KiB, t = 2, p = 1. It runs on a separate thread. */
const ARGON2 = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };
export const hashPassword = (password: string): Promise<string> => hash(password, ARGON2);
/** False also when `passwordHash` is not a valid hash. */
export const matchesPassword = (passwordHash: string, password: string): Promise<boolean> =>
  verify(passwordHash, password).catch(() => false);

/** Verified when there is no account, so that unknown accounts take as long as known ones (A18). */
const decoyHash = hashPassword(randomBytes(16).toString('hex'));

const sha256 = (text: string) => createHash('sha256').update(text).digest();

export interface LoginInput {
  email: string;
  password: string;
  rememberMe?: boolean | null | undefined;
}

/** Signs in. @throws RATE_LIMITED after 10 failures within 15 minutes for one email address, known or not. */
export async function login(ctx: UsersContext, { email, password, rememberMe }: LoginInput) {
  const address = normalizeEmail(email);
  await countAttempt(ctx.em, address);
  const user = await ctx.em.findOne(User, { email: address });
  const right = await matchesPassword(user?.passwordHash ?? (await decoyHash), password);
  if (!user || !right) {
    return { __typename: 'InvalidCredentials' as const, message: 'Wrong email or password.' };
  }
  return inTransaction(ctx.em, async em => {
    await query(em, sql`delete from login_attempts where email_hash = ${sha256(address)}`);
    return openSession(ctx, em, user, { lifetime: rememberMe ? 30 * DAY : DAY });
  });
}

export const normalizeEmail = (email: string): string => email.trim().toLowerCase();

async function countAttempt(em: EntityManager, email: string): Promise<void> {
  const [row] = await query(
    em,
    sql<{ attempts: number; seconds_left: number }>`
      insert into login_attempts as a (email_hash, attempts, window_ends_at)
      values (${sha256(email)}, 1, now() + make_interval(secs => ${ATTEMPT_WINDOW_SECONDS}))
      on conflict (email_hash) do update set
        attempts = case when a.window_ends_at < now() then 1 else a.attempts + 1 end,
        window_ends_at = case when a.window_ends_at < now() then excluded.window_ends_at else a.window_ends_at end
      returning attempts, ceil(extract(epoch from window_ends_at - now()))::int as seconds_left`,
  );
  if (row!.attempts > MOST_ATTEMPTS) throw rateLimited(row!.seconds_left);
}

/** Opens a session for the user, in the caller's transaction. Without `family`, the session starts a new one. */
export async function openSession(
  ctx: UsersContext,
  em: EntityManager,
  user: User,
  { lifetime, family = randomUUID() }: { lifetime: number; family?: string },
) {
  const refreshToken = randomBytes(32).toString('base64url');
  await query(
    em,
    sql`insert into refresh_tokens (token_hash, family, user_id, lifetime_seconds, expires_at)
      values (${sha256(refreshToken)}, ${family}, ${user.id}, ${lifetime}, now() + make_interval(secs => ${lifetime}))`,
  );
  const { key, settings } = ctx.services;
  const { accessToken, expiresAt } = await signAccessToken(
    key,
    user.asViewer,
    settings.ACCESS_TOKEN_LIFETIME,
  );
  // The user who has just signed in may read the remaining fields of this answer.
  ctx.viewer = user.asViewer;
  return { __typename: 'Session' as const, accessToken, refreshToken, expiresAt, user };
}

const sessionExpired = () => ({
  __typename: 'SessionExpired' as const,
  message: 'The session has ended. Sign in again.',
});

interface RefreshTokenRow {
  family: string;
  user_id: string;
  lifetime_seconds: number;
  expired: boolean;
  revoked: boolean;
  used: boolean;
  forgivable: boolean;
}

/**
 * Exchanges a refresh token for a new session. A token that is used twice indicates theft: the whole family is revoked
 * (A17; RFC 9700, section 4.14.2), unless the second use is a retry within 10 s.
 */
export async function refreshSession(ctx: UsersContext, refreshToken: string) {
  return inTransaction(ctx.em, async em => {
    const tokenHash = sha256(refreshToken);
    const [row] = await query(
      em,
      sql<RefreshTokenRow>`select family, user_id, lifetime_seconds, expires_at < now() as expired,
          revoked_at is not null as revoked, used_at is not null as used,
          coalesce(used_at > now() - make_interval(secs => ${FORGIVEN_SECONDS}), false) as forgivable
        from refresh_tokens where token_hash = ${tokenHash} for update`,
    );
    if (!row || row.expired || row.revoked) return sessionExpired();
    if (row.used && !row.forgivable) {
      await revokeFamily(em, row.family);
      return sessionExpired();
    }
    await query(
      em,
      sql`update refresh_tokens set used_at = coalesce(used_at, now()) where token_hash = ${tokenHash}`,
    );
    const user = await em.findOneOrFail(User, { id: row.user_id });
    return openSession(ctx, em, user, {
      lifetime: row.lifetime_seconds,
      family: row.family,
    });
  });
}

/** Ends the session that a refresh token belongs to. Returns true when there was one. */
export async function logout(ctx: UsersContext, refreshToken: string): Promise<boolean> {
  const [row] = await query(
    ctx.em,
    sql<{ family: string }>`select family from refresh_tokens
      where token_hash = ${sha256(refreshToken)} and revoked_at is null`,
  );
  if (!row) return false;
  await revokeFamily(ctx.em, row.family);
  return true;
}

async function revokeFamily(em: EntityManager, family: string): Promise<void> {
  await query(
    em,
    sql`update refresh_tokens set revoked_at = now() where family = ${family} and revoked_at is null`,
  );
}
