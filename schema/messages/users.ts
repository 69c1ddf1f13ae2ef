import { z } from 'zod';
import { messagesFrom } from './message.ts';
import { id } from './parts.ts';

const message = messagesFrom('users');

export const userMessages = {
  'user.registered': message({
    consumers: ['notifications'],
    data: z.object({
      userId: id,
      email: z.string(),
      displayName: z.string(),
      locale: z.string(),
    }),
  }),
};
