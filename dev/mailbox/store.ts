/** Received messages: one .eml file each, and what lists need of them in memory. */
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Attachment, type ParsedMail, simpleParser } from 'mailparser';

export interface Address {
  address: string;
  name: string;
}

/** A message in maildev's shape. */
export interface Message {
  id: string;
  /** When it was received; `date` is what its sender claims. */
  time: string;
  date: string | null;
  messageId: string | null;
  from: Address[];
  to: Address[];
  cc: Address[];
  bcc: Address[];
  replyTo: Address[];
  subject: string;
  text: string;
  html: string;
  /** As sent, names in lower case; a repeated header has its last value. */
  headers: Record<string, string>;
  attachments: MessageAttachment[];
  /** Of the whole message, in bytes. */
  size: number;
  read: boolean;
}

export interface MessageAttachment {
  fileName: string;
  /** Unique within the message, and the name under which it is served. */
  generatedFileName: string;
  contentType: string;
  contentId: string | null;
  contentDisposition: string | null;
  /** In bytes; `length` is what older clients of maildev read. */
  size: number;
  length: number;
}

export interface Store {
  /** Oldest first. */
  list(): Message[];
  find(id: string): Message | null;
  add(raw: Buffer): Promise<Message>;
  /** Removes one message, or all of them; the number removed. */
  remove(id?: string): Promise<number>;
  /** The HTML with its inline images as data URLs. */
  readHtml(id: string): Promise<string | null>;
  readAttachment(id: string, name: string): Promise<{ contentType: string; content: Buffer } | null>;
  /** Removes the files when they were temporary. */
  close(): Promise<void>;
}

/** Beyond these the oldest messages go, so that a load test does not fill the disk. */
const MOST_MESSAGES = 5_000;

/** Opens the messages in `directory`, or in a temporary one when none is given. */
export async function openStore(directory?: string): Promise<Store> {
  const folder = directory ?? (await mkdtemp(join(tmpdir(), 'guichet-mailbox-')));
  await mkdir(folder, { recursive: true });
  const fileOf = (id: string) => join(folder, `${id}.eml`);
  const messages = new Map<string, Message>();

  for (const file of (await readdir(folder)).sort())
    if (file.endsWith('.eml')) {
      const id = file.slice(0, -'.eml'.length);
      messages.set(id, await toMessage(id, await readFile(join(folder, file))));
    }

  const parse = async (id: string) =>
    messages.has(id) ? simpleParser(await readFile(fileOf(id)), { skipTextToHtml: true }) : null;

  async function remove(id?: string): Promise<number> {
    const ids = id === undefined ? [...messages.keys()] : messages.has(id) ? [id] : [];
    for (const each of ids) messages.delete(each);
    await Promise.all(ids.map(each => rm(fileOf(each), { force: true })));
    return ids.length;
  }

  return {
    list: () => [...messages.values()],
    find: id => messages.get(id) ?? null,
    remove,
    async add(raw) {
      const id = `${Date.now()}-${randomBytes(4).toString('hex')}`; // begins with the time: files sort by it
      const message = await toMessage(id, raw);
      await writeFile(`${fileOf(id)}.new`, raw);
      await rename(`${fileOf(id)}.new`, fileOf(id));
      messages.set(id, message);
      const [oldest] = messages.keys();
      if (messages.size > MOST_MESSAGES) await remove(oldest);
      return message;
    },
    async readHtml(id) {
      const mail = await parse(id);
      return mail ? mail.html || null : null;
    },
    async readAttachment(id, name) {
      const mail = await parse(id);
      const index = messages.get(id)?.attachments.findIndex(each => each.generatedFileName === name) ?? -1;
      return mail?.attachments[index] ?? null;
    },
    async close() {
      if (directory === undefined) await rm(folder, { recursive: true, force: true });
    },
  };
}

async function toMessage(id: string, raw: Buffer): Promise<Message> {
  const mail = await simpleParser(raw, { keepCidLinks: true, skipTextToHtml: true });
  return {
    id,
    time: new Date(Number.parseInt(id, 10)).toISOString(),
    date: mail.date?.toISOString() ?? null,
    messageId: mail.messageId ?? null,
    from: addresses(mail.from),
    to: addresses(mail.to),
    cc: addresses(mail.cc),
    bcc: addresses(mail.bcc),
    replyTo: addresses(mail.replyTo),
    subject: mail.subject ?? '',
    text: mail.text ?? '',
    html: mail.html || '',
    headers: Object.fromEntries(
      mail.headerLines.map(({ key, line }) => [
        key,
        line
          .slice(line.indexOf(':') + 1)
          .replace(/\r?\n\s+/g, ' ')
          .trim(),
      ]),
    ),
    attachments: nameAttachments(mail.attachments),
    size: raw.length,
    read: false,
  };
}

function addresses(header: ParsedMail['to']): Address[] {
  return [header ?? []]
    .flat()
    .flatMap(({ value }) => value)
    .flatMap(entry => entry.group ?? [entry])
    .map(({ address = '', name }) => ({ address, name }));
}

function nameAttachments(attachments: Attachment[]): MessageAttachment[] {
  const taken = new Set<string>();
  return attachments.map(({ filename, contentType, cid, contentDisposition, size }, index) => {
    const fileName = filename ?? `attachment-${index + 1}`;
    const generatedFileName = taken.has(fileName) ? `${index + 1}-${fileName}` : fileName;
    taken.add(generatedFileName);
    return {
      fileName,
      generatedFileName,
      contentType,
      contentId: cid ?? null,
      contentDisposition: contentDisposition ?? null,
      size,
      length: size,
    };
  });
}
