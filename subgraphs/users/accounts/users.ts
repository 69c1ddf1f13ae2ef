/** Accounts and their roles. */
import { z } from 'zod';
import { type Context, mayActFor, requireRole } from '#shared/context.ts';
import { entityLoader } from '#shared/data/batch.ts';
import { type Connection, type ConnectionArguments, connect } from '#shared/data/connection.ts';
import { inTransaction, isUniqueViolation, newId, sql } from '#shared/data/database.ts';
import { emailAddress, line } from '#shared/data/text.ts';
import { forbidden, invalidInput, notFound, parseInput } from '#shared/kernel/errors.ts';
import type { Role } from '#shared/kernel/passport.ts';
import { emit } from '#shared/messaging/outbox.ts';
import type { UsersContext } from '../services.ts';
import { hashPassword, normalizeEmail, openSession } from '../sessions/sessions.ts';
import { User } from './user.entity.ts';

const DAY = 86_400;

const isLocale = (text: string) => {
  try {
    return Intl.getCanonicalLocales(text).length === 1;
  } catch {
    return false;
  }
};

const registration = z.object({
  email: z.string().transform(normalizeEmail).pipe(emailAddress),
  password: z.string().min(10, 'needs at least 10 characters').max(200, 'has at most 200 characters'),
  displayName: line(100),
  locale: z
    .string()
    .nullish()
    .transform(locale => locale ?? 'fr')
    .refine(isLocale, 'must be a language tag such as fr'),
});

const emailTaken = () => ({
  __typename: 'EmailTaken' as const,
  message: 'An account with this email exists already. Sign in instead.',
});

/** Creates an account with the role CUSTOMER and signs the user in. */
export async function register(ctx: UsersContext, input: z.input<typeof registration>) {
  const parsed = parseInput(registration, input);
  if (!parsed.ok) return parsed.error;
  const { password, ...account } = parsed.value;
  const passwordHash = await hashPassword(password);
  try {
    return await inTransaction(ctx.em, async em => {
      const user = em.create(User, {
        ...account,
        id: newId(),
        passwordHash,
        role: 'CUSTOMER',
        stripeCustomerId: null,
        createdAt: new Date(),
      });
      await em.flush();
      await emit(em, 'user.registered', { userId: user.id, ...account });
      return openSession(ctx, em, user, { lifetime: DAY });
    });
  } catch (error) {
    if (isUniqueViolation(error)) return emailTaken();
    throw error;
  }
}

/** A user, when the viewer is that user or an administrator. @throws NOT_FOUND otherwise. */
export async function getUser(ctx: Context, id: string): Promise<User> {
  const user = mayActFor(ctx.viewer, id) ? await entityLoader(ctx, User).load(id) : null;
  if (!user) throw notFound('User');
  return user;
}

export type UserPage = Connection<User>;

/** All users, newest first. Rights: administrator. */
export function listUsers(ctx: Context, args: ConnectionArguments): Promise<UserPage> {
  requireRole(ctx, 'ADMIN');
  return connect(ctx.em, User, args, sql`true`);
}

/** Reads a field that only the user and administrators may read. @throws FORBIDDEN for others. */
export function readPrivately<K extends keyof User & string>(ctx: Context, user: User, field: K): User[K] {
  if (!mayActFor(ctx.viewer, user.id)) {
    throw forbidden(`${field} is visible to the user and to administrators only.`);
  }
  return user[field];
}

/** Gives a user another role. Rights: administrator. */
export async function setRole(ctx: Context, { userId, role }: { userId: string; role: Role }) {
  const viewer = requireRole(ctx, 'ADMIN');
  if (viewer.id === userId) {
    return invalidInput({ path: 'userId', message: 'you cannot change your own role' });
  }
  const user = await getUser(ctx, userId);
  user.role = role;
  await ctx.em.flush();
  return user;
}

/** Stores the customer's id at Stripe; a later id does not replace the first one. */
export async function storeStripeCustomer(
  ctx: Context,
  userId: string,
  stripeCustomerId: string,
): Promise<void> {
  await ctx.em.nativeUpdate(User, { id: userId, stripeCustomerId: null }, { stripeCustomerId });
}
