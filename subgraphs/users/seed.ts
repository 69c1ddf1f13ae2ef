/** The accounts of the local stack, as the public contract names them. Production seeds nothing. */
import type { Context } from '#shared/context.ts';
import { SEEDED_USERS } from '#shared/seeds.ts';
import { hashPassword } from './sessions.ts';
import { User } from './user.entity.ts';

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
