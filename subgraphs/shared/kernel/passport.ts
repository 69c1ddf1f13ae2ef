import { createSecretKey, type KeyObject } from 'node:crypto';
import { jwtVerify, SignJWT } from 'jose';

export const ROLES = ['CUSTOMER', 'ORGANIZER', 'STAFF', 'ADMIN'] as const;
export type Role = (typeof ROLES)[number];

/** Whoever is making the request, as the access token tells. */
export interface Viewer {
  id: string;
  role: Role;
  permissions: string[];
  email: string;
  displayName: string;
  locale: string;
}

/** Claims of an access token, which the users subgraph signs (EdDSA) and the gateway verifies by its JWKS. */
export const ACCESS_TOKEN = { issuer: 'guichet', audience: 'guichet', algorithm: 'EdDSA' } as const;

/** The viewer as JWT claims (OpenID Connect's names where it has them), without the subject. */
export function viewerClaims({ id: _, displayName, ...viewer }: Viewer) {
  return { ...viewer, name: displayName };
}

/** The viewer that verified claims tell of. */
export function viewerFromClaims(claims: Record<string, unknown>): Viewer {
  return {
    id: claims.sub as string,
    role: claims.role as Role,
    permissions: claims.permissions as string[],
    email: claims.email as string,
    displayName: claims.name as string,
    locale: claims.locale as string,
  };
}

/** The header that carries the passport from the gateway to a subgraph; clients cannot set it (A19). */
export const PASSPORT_HEADER = 'x-guichet-passport';
export const CORRELATION_HEADER = 'x-correlation-id';
/** Seconds a passport is valid. Short, because it cannot be withdrawn. */
const PASSPORT_LIFETIME_SECONDS = 60;

const AUDIENCE = 'guichet-subgraphs';

// Imported once: every request between processes mints or reads a passport.
const keys = new Map<string, KeyObject>();
function keyOf(secret: string): KeyObject {
  let key = keys.get(secret);
  if (!key) {
    key = createSecretKey(secret, 'utf8');
    keys.set(secret, key);
  }
  return key;
}

/** Mints the JWT by which the gateway vouches for the viewer (null: anonymous) towards the subgraphs. */
export function mintPassport(viewer: Viewer | null, secret: string): Promise<string> {
  return new SignJWT(viewer ? viewerClaims(viewer) : {})
    .setProtectedHeader({ alg: 'HS256' })
    .setSubject(viewer?.id ?? '')
    .setAudience(AUDIENCE)
    .setExpirationTime(`${PASSPORT_LIFETIME_SECONDS}s`)
    .sign(keyOf(secret));
}

/** The viewer a passport vouches for (null: anonymous), or undefined when the passport is not valid. */
export async function readPassport(
  passport: string | undefined,
  secret: string,
): Promise<Viewer | null | undefined> {
  if (!passport) return undefined;
  try {
    const { payload } = await jwtVerify(passport, keyOf(secret), {
      algorithms: ['HS256'],
      audience: AUDIENCE,
      requiredClaims: ['exp', 'sub'],
    });
    return payload.sub ? viewerFromClaims(payload) : null;
  } catch {
    return undefined;
  }
}
