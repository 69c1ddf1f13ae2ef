import { defineEntity, OptionalProps, p } from '@mikro-orm/postgresql';
import type { Role, Viewer } from '#shared/kernel/passport.ts';

/** What each role allows, in addition to access to one's own data. */
const PERMISSIONS: Record<Role, string[]> = {
  CUSTOMER: ['orders:create'],
  ORGANIZER: ['orders:create', 'events:read', 'events:write', 'tickets:create', 'tickets:scan'],
  STAFF: ['orders:create', 'events:read', 'tickets:scan', 'notifications:send'],
  ADMIN: [
    ...['orders:create', 'orders:manage', 'events:read', 'events:write', 'tickets:create', 'tickets:scan'],
    ...['payments:refund', 'notifications:send', 'users:manage'],
  ],
};

const UserSchema = defineEntity({
  name: 'User',
  tableName: 'users',
  properties: {
    id: p.uuid().primary(),
    /** Stored in lower case: addresses that differ only in case belong to one account. */
    email: p.text().unique(),
    passwordHash: p.text(),
    displayName: p.text(),
    locale: p.text(),
    role: p.text().$type<Role>(),
    stripeCustomerId: p.text().nullable(),
    createdAt: p.datetime(),
  },
});

export class User extends UserSchema.class {
  declare [OptionalProps]?: '__typename' | 'permissions' | 'asViewer';

  /** Says which member of a result union this is. */
  get __typename() {
    return 'User' as const;
  }

  get permissions(): string[] {
    return PERMISSIONS[this.role];
  }

  /** This user as the viewer that an access token describes. */
  get asViewer(): Viewer {
    const { id, role, permissions, email, displayName, locale } = this;
    return { id, role, permissions, email, displayName, locale };
  }
}
UserSchema.setClass(User);
