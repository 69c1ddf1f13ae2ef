/** Files behind short-lived signed addresses, kept in the subgraph's own database: replicas share them. */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { type EntityManager, Migration, query, sql } from './data/database.ts';

/** How long an address that is given to a client is valid. */
const LIFETIME_SECONDS = 900;

const sign = (path: string, expires: number, secret: string) =>
  createHmac('sha256', `files:${secret}`).update(`${path}\n${expires}`).digest('base64url');

/** The address of `/files/<name>` at `baseUrl`, valid for 15 minutes to whoever holds it. */
export function fileUrl(baseUrl: string, name: string, secret: string): string {
  const path = `/files/${name}`;
  const expires = Math.floor(Date.now() / 1_000) + LIFETIME_SECONDS;
  return `${baseUrl}${path}?expires=${expires}&signature=${sign(path, expires, secret)}`;
}

/** The file's name, or null when the signature is wrong or the address has expired. */
export function verifyFileUrl(url: URL, secret: string): string | null {
  const expires = Number(url.searchParams.get('expires'));
  const given = Buffer.from(url.searchParams.get('signature') ?? '');
  const expected = Buffer.from(sign(url.pathname, expires, secret));
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return null;
  if (!(expires > Date.now() / 1_000)) return null;
  return url.pathname.slice('/files/'.length);
}

/** Add it to the migrations of a subgraph that keeps files. */
export class FileTable extends Migration {
  override up() {
    this.addSql(`create table files (
      name text primary key,
      content bytea not null,
      created_at timestamptz not null default clock_timestamp()
    )`);
  }
}

/** Keeps a file; a second one of the same name is ignored, so that a finalized document never changes a byte. */
export async function putFile(em: EntityManager, name: string, content: Buffer): Promise<void> {
  await query(em, sql`insert into files (name, content) values (${name}, ${content}) on conflict do nothing`);
}

export async function findFile(em: EntityManager, name: string): Promise<Buffer | null> {
  const [row] = await query(em, sql<{ content: Buffer }>`select content from files where name = ${name}`);
  return row?.content ?? null;
}
