import { createRemoteJWKSet, errors, jwtVerify } from 'jose';
import { unauthenticated, unavailable } from '#shared/kernel/errors.ts';
import type { Log } from '#shared/kernel/log.ts';
import {
  ACCESS_TOKEN,
  mintPassport,
  PASSPORT_HEADER,
  ROLES,
  type Viewer,
  viewerFromClaims,
} from '#shared/kernel/passport.ts';
import { BoundedMap } from '../bounded-map.ts';

/** Who is calling, and how the gateway vouches for them towards the subgraphs. */
export interface Identity {
  /** Null when signed out. */
  viewer: Viewer | null;
  /** Equal for identities that no subgraph can tell apart: they may share connections. */
  key: string;
  /** When the access token ends, in milliseconds since 1970; Infinity when signed out. */
  expiresAt: number;
  /** Whether the gateway itself vouches for the viewer; otherwise the subgraphs judge the credentials themselves. */
  vouched: boolean;
  /**
   * What tells of the identity in a fetch, as header names and values in turn: a passport with at least half of
   * its life ahead. The same array as before for as long as it is good.
   */
  credentials(): readonly string[] | Promise<readonly string[]>;
  /** The same for a WebSocket, as it goes into connection_init. */
  connectionParams(): Promise<Record<string, string>>;
}

export interface Viewers {
  /**
   * The identity that an `authorization` header tells of; none is anonymous.
   * @throws CodedError UNAUTHENTICATED when a token is given and not valid; UNAVAILABLE when the keys to check it
   *   cannot be had.
   */
  identify(authorization: string | undefined): Identity | Promise<Identity>;
}

/** The key of all who bring no token. */
export const ANONYMOUS = 'anonymous';
/** How long a minted passport is used again: half of its 60 s, the rest is for the request itself. */
const PASSPORT_REUSE_MS = 30_000;
/** Verified tokens kept, so that a viewer's second request costs no signature check. */
const KEPT_TOKENS = 10_000;
const MAX_TOKEN_LENGTH = 4_096;

/** Verifies access tokens by the keys at `jwksUrl`. */
export function createViewers(jwksUrl: string, internalSecret: string, log: Log): Viewers {
  const keys = createRemoteJWKSet(new URL(jwksUrl), {
    timeoutDuration: 3_000,
    // An unknown key is looked for again soon, yet a flood of forged tokens costs the users subgraph next to nothing.
    cooldownDuration: 5_000,
  });
  const verified = new BoundedMap<string, Identity>(KEPT_TOKENS);
  const anonymous = createIdentity(null, Number.POSITIVE_INFINITY, internalSecret);

  async function verify(token: string): Promise<Identity> {
    const { payload } = await jwtVerify(token, keys, {
      algorithms: [ACCESS_TOKEN.algorithm],
      issuer: ACCESS_TOKEN.issuer,
      audience: ACCESS_TOKEN.audience,
      requiredClaims: ['sub', 'exp', 'role'],
    });
    const viewer = viewerFromClaims(payload);
    if (!viewer.id || !ROLES.includes(viewer.role)) throw new errors.JWTInvalid('unknown role');
    const identity = createIdentity(viewer, payload.exp! * 1000, internalSecret);
    verified.set(token, identity);
    return identity;
  }

  function refuse(error: unknown): never {
    if (error instanceof errors.JWTExpired) throw unauthenticated(EXPIRED);
    if (isAboutTheToken(error)) throw unauthenticated(INVALID);
    log.error({ err: error }, 'the keys of access tokens cannot be fetched');
    throw unavailable('Signing in cannot be checked at the moment. Try again shortly.');
  }

  return {
    identify(authorization) {
      if (!authorization?.trim()) return anonymous;
      const token = /^Bearer +([\w.~+/=-]+)$/i.exec(authorization.trim())?.[1];
      if (!token || token.length > MAX_TOKEN_LENGTH) throw unauthenticated(INVALID);
      const known = verified.get(token);
      if (!known) return verify(token).catch(refuse);
      if (known.expiresAt > Date.now()) return known;
      verified.delete(token);
      throw unauthenticated(EXPIRED);
    },
  };
}

const INVALID = 'The access token is not valid. Sign in again.';
const EXPIRED = 'The access token has expired. Refresh the session or sign in again.';

/** jose's errors are about the token, except those that tell of a failed download of the keys. */
function isAboutTheToken(error: unknown): boolean {
  return (
    error instanceof errors.JOSEError &&
    !['ERR_JOSE_GENERIC', 'ERR_JWKS_TIMEOUT', 'ERR_JWKS_INVALID'].includes(error.code)
  );
}

function createIdentity(viewer: Viewer | null, expiresAt: number, secret: string): Identity {
  let credentials: readonly string[] | Promise<readonly string[]> = [];
  let mintedAt = Number.NEGATIVE_INFINITY;
  const identity: Identity = {
    viewer,
    key: viewer ? JSON.stringify(viewer) : ANONYMOUS,
    expiresAt,
    vouched: true,
    credentials() {
      if (Date.now() - mintedAt >= PASSPORT_REUSE_MS) {
        mintedAt = Date.now();
        credentials = mintPassport(viewer, secret).then(passport => {
          credentials = [PASSPORT_HEADER, passport];
          return credentials;
        });
      }
      return credentials;
    },
    async connectionParams() {
      const [, passport] = await identity.credentials();
      return { passport: passport! };
    },
  };
  return identity;
}

/** Longer values are no bearer tokens, and would fill the memory. */
const MAX_AUTHORIZATION_LENGTH = 16_384;

/**
 * Identities in front of foreign subgraphs: nothing is verified here, and the `authorization` that a client sends
 * goes on to the subgraphs as it is.
 */
export function createUncheckedViewers(): Viewers {
  return {
    identify(given) {
      const authorization = given?.trim();
      if (authorization && authorization.length > MAX_AUTHORIZATION_LENGTH) throw unauthenticated(INVALID);
      const credentials = authorization ? ['authorization', authorization] : [];
      const params: Record<string, string> = authorization ? { authorization } : {};
      return {
        viewer: null,
        key: authorization ?? ANONYMOUS,
        expiresAt: Number.POSITIVE_INFINITY,
        vouched: false,
        credentials: () => credentials,
        connectionParams: async () => params,
      };
    },
  };
}
