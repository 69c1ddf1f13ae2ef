import { createHash } from 'node:crypto';
import { inflateSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { newId } from '#shared/data/database.ts';
import { DEVELOPMENT_INTERNAL_SECRET } from '#shared/kernel/settings.ts';
import { fileUrl } from '#shared/signed-files.ts';
import { eventually, viewerWith } from '#shared/test/world.ts';
import { printable } from '../documents/labels.ts';
import { line, orderOf, refund, startWorld, type TestOrder, type World } from './world.ts';

let world: World;

beforeAll(async () => {
  world = await startWorld({ SELLER_ADDRESS: '1 place du Marché\\n69002 Lyon' });
});
afterAll(() => world?.stop());

interface Found {
  id: string;
  number: string;
  status: string;
  pdfUrl: string;
  creditNotes: { id: string; number: string; pdfUrl: string }[];
}
const invoiceOf = async ({ orderId }: TestOrder): Promise<Found | null> => {
  const QUERY = `query ($r: [_Any!]!) { _entities(representations: $r) { ... on Order { invoice {
    id number status pdfUrl creditNotes { id number pdfUrl } } } } }`;
  const r = [{ __typename: 'Order', id: orderId }];
  return (await world.ask(viewerWith('ADMIN'), QUERY, { r })).data._entities[0].invoice;
};
const moved = (order: TestOrder, ...[from, to, paymentId]: Parameters<TestOrder['moved']>) =>
  world.messenger.deliver('order.status.updated', order.moved(from, to, paymentId));
const paid = async (order: TestOrder, paymentId: string | null = null) => {
  await moved(order, 'RESERVED', 'PAID', paymentId);
  return eventually(() => invoiceOf(order));
};
/** Requests an address that clients receive, at the port of this test. */
const get = (address: string) => {
  const { pathname, search } = new URL(address);
  return fetch(`${world.url}${pathname}${search}`);
};
const read = async (address: string) => {
  const response = await get(address);
  expect([response.status, response.headers.get('content-type')]).toEqual([200, 'application/pdf']);
  return Buffer.from(await response.arrayBuffer());
};
const hash = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
/** The text that a PDF shows, in the order in which it was drawn. */
function textOf(pdf: Buffer): string {
  const source = pdf.toString('latin1');
  return [...source.matchAll(/stream\n([\s\S]*?)\nendstream/g)]
    .map(([, stream]) => inflateSync(Buffer.from(stream!, 'latin1')).toString('latin1'))
    .flatMap(page => [...page.matchAll(/\[(.*?)\] TJ/g)])
    .map(([, run]) => [...run!.matchAll(/<([0-9a-f]+)>/g)].map(([, hex]) => hex).join(''))
    .map(hex => new TextDecoder('windows-1252').decode(Buffer.from(hex, 'hex')))
    .join('\n');
}
/** Deletes a stored file, which only the owner of the database can do. */
async function forgetFile(name: string) {
  await world.sql(
    `do $$ begin
       alter table files disable trigger keep_final;
       delete from files where name = '${name}';
       alter table files enable trigger keep_final;
     end $$`,
  );
}
const stored = (name: string) =>
  eventually(async () => (await world.sql('select from files where name = $1', [name])).length > 0);

test('an invoice is a PDF in the customer’s language with all that the law asks for', async () => {
  const lines = [
    line(4_500, 0.055, { name: 'Place assise', quantity: 2 }),
    line(1_500, 0.2, { kind: 'MERCHANDISE', name: 'Affiche <b>dédicacée</b>' }),
  ];
  const french = await paid(orderOf(lines));
  const text = textOf(await read(french.pdfUrl));
  for (const part of [
    ...['FACTURE', french.number, 'Guichet Démo SAS', '69002 Lyon', 'FR11123456782', 'Ann Élégante'],
    ...[
      'Place assise',
      'Affiche <b>dédicacée</b>',
      '42,66\u00a0€',
      '5,5\u00a0%',
      '105,00\u00a0€',
      '97,81\u00a0€',
    ],
    ...['Acquittée le', 'livraisons de biens et prestations de services', 'TVA acquittée sur les débits'],
  ])
    expect(text).toContain(part);
  const english = await paid(orderOf(lines, { locale: 'en-IE' }));
  const translated = textOf(await read(english.pdfUrl));
  for (const part of ['INVOICE', english.number, 'Paid on', '€105.00']) expect(translated).toContain(part);
});

test('I6: a document never changes a byte, whatever happens to its order and whoever renders it again', async () => {
  const order = orderOf([line(5_000)]);
  const { paymentId, tell } = order.payment();
  const invoice = await paid(order, paymentId);
  const before = await read(invoice.pdfUrl);
  await world.messenger.deliver('payment.status.updated', tell('SUCCEEDED', [refund(5_000)]));
  await moved(order, 'PAID', 'CANCELED', paymentId);
  const { creditNotes } = await eventually(async () => {
    const found = await invoiceOf(order);
    return found?.creditNotes.length === 1 && found;
  });
  const note = await read(creditNotes[0]!.pdfUrl);
  expect(textOf(note)).toContain(`Rectifie la facture ${invoice.number}`);

  const files = [`invoices/${invoice.id}.pdf`, `credit-notes/${creditNotes[0]!.id}.pdf`];
  await expect(world.sql(`update files set content = 'x'`)).rejects.toThrow('final');
  // When a document is rendered again from its content, the bytes are the same.
  for (const file of files) await stored(file).then(() => forgetFile(file));
  expect(hash(await read(invoice.pdfUrl))).toBe(hash(before));
  expect(hash(await read(creditNotes[0]!.pdfUrl))).toBe(hash(note));
  // Once a file is stored, it is not rendered again: the stored content is served.
  await forgetFile(files[0]!);
  await world.sql(`insert into files (name, content) values ($1, 'kept')`, [files[0]]);
  expect((await read(invoice.pdfUrl)).toString()).toBe('kept');
});

test('the job keeps the file without anybody asking; requests at the same time get the same bytes', async () => {
  const { id, pdfUrl } = await paid(orderOf());
  await stored(`invoices/${id}.pdf`);
  await forgetFile(`invoices/${id}.pdf`);
  const answers = await Promise.all(Array.from({ length: 10 }, () => read(pdfUrl)));
  expect(new Set(answers.map(hash)).size).toBe(1);
});

test('A20: without the right signature there is no file; drafts and unknown ids have none', async () => {
  const { pdfUrl, id } = await paid(orderOf());
  const other = await paid(orderOf());
  const tampered = new URL(pdfUrl);
  tampered.pathname = `/files/invoices/${other.id}.pdf`;
  const longer = new URL(pdfUrl);
  longer.searchParams.set('expires', '99999999999');
  for (const address of [tampered.href, longer.href, `http://localhost:4003/files/invoices/${id}.pdf`])
    expect((await get(address)).status).toBe(403);

  const order = orderOf();
  await moved(order, 'CREATED', 'RESERVED');
  const draft = await eventually(() => invoiceOf(order));
  expect(draft.pdfUrl).toBeNull();
  for (const name of [
    `invoices/${draft.id}.pdf`,
    `invoices/${newId()}.pdf`,
    `credit-notes/${id}.pdf`,
    'invoices/a.pdf',
    `constructor/${id}.pdf`,
  ])
    expect((await get(fileUrl('http://localhost', name, DEVELOPMENT_INTERNAL_SECRET))).status).toBe(404);
});

test('A24: text that the standard fonts cannot show is made plain, control characters vanish', () => {
  expect(printable('Łukasz Dvořák – « été » 12 €')).toBe('Lukasz Dvorák – « été » 12 €');
  expect(printable('a\r\tb\u0000\u202ec 東')).toBe('a  bc ?');
});
