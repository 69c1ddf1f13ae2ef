import pino from 'pino';

export type Log = pino.Logger;

/** Names whose values never reach a log (invariant I12): secrets, credentials, and what would let a bearer in. */
const SECRET_NAMES = [
  'password',
  'passwordHash',
  'token',
  'accessToken',
  'refreshToken',
  'clientSecret',
  'client_secret',
  'authorization',
  'passport',
  'qrCode',
  'privateKey',
  'secret',
];

/** One JSON line per entry on standard output, labelled with the process's name. */
export function createLog(name: string, level: string): Log {
  return pino({
    name,
    level,
    base: { name },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: label => ({ level: label }) },
    redact: {
      paths: SECRET_NAMES.flatMap(secret => [secret, `*.${secret}`, `*.*.${secret}`]),
      censor: '[secret]',
    },
  });
}
