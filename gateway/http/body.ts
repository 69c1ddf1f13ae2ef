import type { IncomingMessage } from 'node:http';

/** Of a request's body. */
export const MAX_BODY_BYTES = 100_000;
/** How much of a refused body is still read, since most clients read the answer only after they have sent everything. */
const MAX_DISCARDED_BYTES = 5_000_000;

/** A body that cannot be read as JSON, with the HTTP status that says so. */
export class BodyError extends Error {
  readonly status: number;
  readonly code = 'BAD_REQUEST';

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** Types that a foreign page's form may send: left to ApolloServer's protection against request forgery (A12). */
const FORM_TYPES = ['application/x-www-form-urlencoded', 'multipart/form-data', 'text/plain'];

/**
 * Reads a body as JSON, or as undefined when it has the type of a form.
 * @throws BodyError 413 over 100 kB, 400 when it is not JSON, 415 when it claims to be something else.
 */
export async function readJsonBody(req: IncomingMessage): Promise<unknown> {
  const type = (req.headers['content-type'] ?? '').replace(/;.*/, '').trim().toLowerCase();
  const bytes = await readBytes(req);
  if (!type || FORM_TYPES.includes(type)) return undefined;
  if (type !== 'application/json') throw new BodyError(415, 'Send the operation as application/json.');
  if (req.headers['content-encoding']) throw new BodyError(415, 'Send the body without a content-encoding.');
  try {
    return JSON.parse(bytes.toString());
  } catch {
    throw new BodyError(400, 'The body is not valid JSON.');
  }
}

const tooLarge = () => new BodyError(413, `The body is larger than ${MAX_BODY_BYTES} bytes.`);

function readBytes(req: IncomingMessage): Promise<Buffer> {
  if (Number(req.headers['content-length']) > MAX_DISCARDED_BYTES) return Promise.reject(tooLarge());
  return new Promise((resolve, reject) => {
    let size = 0;
    let chunks: Buffer[] = [];
    req.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= MAX_BODY_BYTES) chunks.push(chunk);
      else chunks = [];
      if (size > MAX_DISCARDED_BYTES) {
        req.pause();
        reject(tooLarge());
      }
    });
    req.on('end', () => {
      if (size > MAX_BODY_BYTES) reject(tooLarge());
      else resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks));
    });
    req.on('error', reject);
  });
}
