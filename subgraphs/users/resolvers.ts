import { entityLoader } from '#shared/data/batch.ts';
import { listDeadLetters, replayDeadLetter } from '#shared/messaging/dead-letters.ts';
import type { Resolvers } from '../../schema/generated/users.ts';
import { User } from './accounts/user.entity.ts';
import { getUser, listUsers, readPrivately, register, setRole } from './accounts/users.ts';
import { login, logout, refreshSession } from './sessions/sessions.ts';
import { verifyAccessToken } from './sessions/tokens.ts';

export const resolvers: Resolvers = {
  Query: {
    me: (_, __, ctx) => ctx.viewer && entityLoader(ctx, User).load(ctx.viewer.id),
    user: (_, { id }, ctx) => getUser(ctx, id),
    users: (_, args, ctx) => listUsers(ctx, args),
    async validateToken(_, { token, permissions }, ctx) {
      const verified = await verifyAccessToken(ctx.services.key, token);
      if (!verified) return { valid: false, userId: null, permissions: [], expiresAt: null };
      const { viewer, expiresAt } = verified;
      const valid = permissions.every(permission => viewer.permissions.includes(permission));
      return { valid, userId: viewer.id, permissions: viewer.permissions, expiresAt };
    },
    usersDeadLetters: (_, args, ctx) => listDeadLetters(ctx, args),
  },
  Mutation: {
    register: (_, { input }, ctx) => register(ctx, input),
    login: (_, { input }, ctx) => login(ctx, input),
    refreshSession: (_, { refreshToken }, ctx) => refreshSession(ctx, refreshToken),
    logout: (_, { refreshToken }, ctx) => logout(ctx, refreshToken),
    setRole: (_, { input }, ctx) => setRole(ctx, input),
    replayUsersDeadLetter: (_, { id }, ctx) => replayDeadLetter(ctx, id),
  },
  User: {
    __resolveReference: ({ id }, ctx) => entityLoader(ctx, User).load(id),
    email: (user, _, ctx) => readPrivately(ctx, user, 'email'),
    locale: (user, _, ctx) => readPrivately(ctx, user, 'locale'),
    role: (user, _, ctx) => readPrivately(ctx, user, 'role'),
    permissions: (user, _, ctx) => readPrivately(ctx, user, 'permissions'),
    stripeCustomerId: (user, _, ctx) => readPrivately(ctx, user, 'stripeCustomerId'),
    createdAt: (user, _, ctx) => readPrivately(ctx, user, 'createdAt'),
  },
};
