import type { Context } from '#shared/context.ts';
import type { SigningKey } from './sessions/tokens.ts';
import type { UsersSettings } from './settings.ts';

export interface UsersServices {
  settings: UsersSettings;
  key: SigningKey;
}
export type UsersContext = Context<UsersServices>;
