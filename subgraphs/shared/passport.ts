import { jwtVerify, SignJWT } from 'jose';

export const ROLES = ['CUSTOMER', 'ORGANIZER', 'STAFF', 'ADMIN'] as const;
export type Role = (typeof ROLES)[number];

/** Whoever is making the request. */
export interface Viewer {
  id: string;
  role: Role;
  permissions: string[];
}

/** The header that carries the passport from the gateway to a subgraph; clients cannot set it (A19). */
export const PASSPORT_HEADER = 'x-guichet-passport';
export const CORRELATION_HEADER = 'x-correlation-id';
/** Seconds a passport is valid. Short, because it cannot be withdrawn. */
export const PASSPORT_LIFETIME = 60;

const AUDIENCE = 'guichet-subgraphs';

/** Mints the JWT by which the gateway vouches for the viewer (null: anonymous) towards the subgraphs. */
export function mintPassport(viewer: Viewer | null, secret: string): Promise<string> {
  return new SignJWT({ role: viewer?.role, permissions: viewer?.permissions })
    .setProtectedHeader({ alg: 'HS256' })
    .setSubject(viewer?.id ?? '')
    .setAudience(AUDIENCE)
    .setExpirationTime(`${PASSPORT_LIFETIME}s`)
    .sign(new TextEncoder().encode(secret));
}

/** The viewer a passport vouches for (null: anonymous), or undefined when the passport is not valid. */
export async function readPassport(
  passport: string | undefined,
  secret: string,
): Promise<Viewer | null | undefined> {
  if (!passport) return undefined;
  try {
    const { payload } = await jwtVerify(passport, new TextEncoder().encode(secret), {
      algorithms: ['HS256'],
      audience: AUDIENCE,
      requiredClaims: ['exp', 'sub'],
    });
    if (!payload.sub) return null;
    return { id: payload.sub, role: payload.role as Role, permissions: payload.permissions as string[] };
  } catch {
    return undefined;
  }
}
