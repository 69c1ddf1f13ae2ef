/** Access tokens: how they are signed and verified. */
import {
  type CryptoKey,
  calculateJwkThumbprint,
  exportJWK,
  generateKeyPair,
  importJWK,
  type JWK,
  jwtVerify,
  SignJWT,
} from 'jose';
import { type EntityManager, inTransaction, query, sql } from '#shared/data/database.ts';
import { ACCESS_TOKEN, type Viewer, viewerClaims, viewerFromClaims } from '#shared/kernel/passport.ts';

export interface SigningKey {
  kid: string;
  privateKey: CryptoKey;
  publicKey: CryptoKey;
  publicJwk: JWK;
}

/** The key that all replicas sign with. It is created on first use; the lock ensures that only one replica does so. */
export async function openSigningKey(em: EntityManager): Promise<SigningKey> {
  const { kid, jwk } = await inTransaction(em, async em => {
    await query(em, sql`select pg_advisory_xact_lock(hashtext('signing-key'))`);
    const [row] = await query(
      em,
      sql<{
        kid: string;
        jwk: JWK;
      }>`select kid, private_jwk as jwk from signing_keys order by created_at desc limit 1`,
    );
    return row ?? createSigningKey(em);
  });
  const { d: _private, ...publicPart } = jwk;
  const publicJwk = { ...publicPart, kid, alg: ACCESS_TOKEN.algorithm, use: 'sig' };
  return {
    kid,
    publicJwk,
    privateKey: (await importJWK(jwk, ACCESS_TOKEN.algorithm)) as CryptoKey,
    publicKey: (await importJWK(publicJwk, ACCESS_TOKEN.algorithm)) as CryptoKey,
  };
}

async function createSigningKey(em: EntityManager) {
  const { privateKey } = await generateKeyPair(ACCESS_TOKEN.algorithm, { extractable: true });
  const jwk = await exportJWK(privateKey);
  const kid = await calculateJwkThumbprint(jwk);
  await query(
    em,
    sql`insert into signing_keys (kid, private_jwk) values (${kid}, ${JSON.stringify(jwk)}::jsonb)`,
  );
  return { kid, jwk };
}

/** Signs an access token for the viewer. `lifetime` is in seconds. */
export async function signAccessToken(key: SigningKey, viewer: Viewer, lifetime: number) {
  const expiresAt = new Date((Math.floor(Date.now() / 1_000) + lifetime) * 1_000);
  const accessToken = await new SignJWT(viewerClaims(viewer))
    .setProtectedHeader({ alg: ACCESS_TOKEN.algorithm, kid: key.kid })
    .setSubject(viewer.id)
    .setIssuer(ACCESS_TOKEN.issuer)
    .setAudience(ACCESS_TOKEN.audience)
    .setIssuedAt()
    .setExpirationTime(expiresAt)
    .sign(key.privateKey);
  return { accessToken, expiresAt };
}

/** The viewer and the expiry of a valid access token, or null. */
export async function verifyAccessToken(key: SigningKey, token: string) {
  try {
    const { payload } = await jwtVerify(token, key.publicKey, {
      algorithms: [ACCESS_TOKEN.algorithm],
      issuer: ACCESS_TOKEN.issuer,
      audience: ACCESS_TOKEN.audience,
      requiredClaims: ['sub', 'exp'],
    });
    return { viewer: viewerFromClaims(payload), expiresAt: new Date(payload.exp! * 1_000) };
  } catch {
    return null;
  }
}
