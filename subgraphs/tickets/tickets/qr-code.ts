/**
 * The text of a ticket's QR code: "G1." and, in base64url, 33 bytes of payload followed by their signature.
 *
 * The payload is the version (one byte, 1), the event's id and the ticket's id (16 bytes each, as in the UUIDs); it
 * contains no personal data. The signature is Ed25519 (RFC 8032) under the event's key, so that a scanner verifies it
 * without a network. The README describes the format for authors of scanners.
 */
import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
  verify,
} from 'node:crypto';
import { parse, stringify } from 'uuid';

const PREFIX = 'G1.';
const VERSION = 1;
const ID_BYTES = 16;
const PAYLOAD_BYTES = 1 + 2 * ID_BYTES;
const SIGNATURE_BYTES = 64;

export interface QrContent {
  eventId: string;
  ticketId: string;
}

/** A new event's keys: the public one as base64url of its 32 bytes, the private one as PKCS #8. */
export function createEventKeys(): { publicKey: string; privateKey: Buffer } {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  return {
    publicKey: publicKey.export({ format: 'jwk' }).x!,
    privateKey: privateKey.export({ format: 'der', type: 'pkcs8' }),
  };
}

export const readPrivateKey = (pkcs8: Buffer): KeyObject =>
  createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' });

export function signQrCode({ eventId, ticketId }: QrContent, privateKey: KeyObject): string {
  const payload = Buffer.concat([Buffer.of(VERSION), parse(eventId), parse(ticketId)]);
  return PREFIX + Buffer.concat([payload, sign(null, payload, privateKey)]).toString('base64url');
}

/** The contents of the code, or null when it does not have our format. Nothing is verified yet: see isQrCodeSigned. */
export function readQrCode(text: string): QrContent | null {
  const bytes = decode(text);
  if (!bytes || bytes[0] !== VERSION) return null;
  try {
    return {
      eventId: stringify(bytes.subarray(1, 1 + ID_BYTES)),
      ticketId: stringify(bytes.subarray(1 + ID_BYTES, PAYLOAD_BYTES)),
    };
  } catch {
    return null;
  }
}

/** True when the code was signed with the private half of this key. */
export function isQrCodeSigned(text: string, publicKey: string): boolean {
  const bytes = decode(text);
  if (!bytes) return false;
  const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: publicKey }, format: 'jwk' });
  return verify(null, bytes.subarray(0, PAYLOAD_BYTES), key, bytes.subarray(PAYLOAD_BYTES));
}

function decode(text: string): Buffer | null {
  if (!text.startsWith(PREFIX)) return null;
  const encoded = text.slice(PREFIX.length);
  const bytes = Buffer.from(encoded, 'base64url');
  // Several texts decode to the same bytes (unused bits at the end, foreign characters): only one of them is accepted
  // (A23).
  const isCanonical = bytes.toString('base64url') === encoded;
  return isCanonical && bytes.length === PAYLOAD_BYTES + SIGNATURE_BYTES ? bytes : null;
}
