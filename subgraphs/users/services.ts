import type { Context } from '#shared/context.ts';
import type { UsersSettings } from './env.ts';
import type { SigningKey } from './tokens.ts';

export interface UsersServices {
  settings: UsersSettings;
  key: SigningKey;
}
export type UsersContext = Context<UsersServices>;
