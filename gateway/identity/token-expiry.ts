import type { Identity } from './viewer.ts';

/** The longest that setTimeout can wait. */
const MAX_TIMEOUT_MS = 2 ** 31 - 1;

/** Calls `expire` when the identity's access token ends; the returned timer is to be cleared before. */
export function atExpiry({ expiresAt }: Identity, expire: () => void): NodeJS.Timeout | undefined {
  if (expiresAt === Number.POSITIVE_INFINITY) return undefined;
  return setTimeout(expire, Math.min(Math.max(expiresAt - Date.now(), 0), MAX_TIMEOUT_MS));
}
