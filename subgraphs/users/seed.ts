/** The accounts of the local stack, as the public contract lists them. Nothing is seeded in production. */
import type { Context } from '#shared/context.ts';
import { ConfigurationError } from '#shared/kernel/settings.ts';
import { SEEDED_USERS } from '#shared/seeds.ts';
import { User } from './accounts/user.entity.ts';
import { hashPassword, matchesPassword } from './sessions/sessions.ts';

/** Creates the seeded accounts that do not exist yet. */
export async function seedUsers({ em }: Pick<Context, 'em'>): Promise<void> {
  for (const { id, email, password, displayName, role } of SEEDED_USERS) {
    await em.upsert(
      User,
      {
        id,
        email,
        passwordHash: await hashPassword(password),
        displayName,
        role,
        locale: 'fr',
        stripeCustomerId: null,
        createdAt: new Date(),
      },
      { onConflictFields: ['email'], onConflictAction: 'ignore' },
    );
  }
}

/**
 * Prevents production from using a database that was seeded for development.
 * @throws ConfigurationError while a seeded account still has the password that anybody can read in the source.
 */
export async function refuseSeededUsers({ em }: Pick<Context, 'em'>): Promise<void> {
  const seeded = new Map(SEEDED_USERS.map(({ email, password }) => [email, password]));
  const found = await em.find(User, { email: { $in: [...seeded.keys()] } });
  const open: string[] = [];
  for (const { email, passwordHash } of found) {
    if (await matchesPassword(passwordHash, seeded.get(email)!)) open.push(email);
  }
  if (open.length === 0) return;
  throw new ConfigurationError('users', [
    `USERS_DATABASE_URL: was seeded for development: anybody can sign in as ${open.join(', ')}`,
  ]);
}
