import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { createTransport, type SendMailOptions } from 'nodemailer';
import { type Mailbox, startMailbox } from './mailbox.ts';

let mailbox: Mailbox;
beforeEach(async () => {
  mailbox = await startMailbox({ smtpPort: 0, httpPort: 0 });
});
afterEach(() => mailbox.stop());

async function post(mail: SendMailOptions = {}): Promise<void> {
  const transport = createTransport({ url: mailbox.smtpUrl, ignoreTLS: true });
  try {
    await transport.sendMail({
      from: 'Guichet <tickets@guichet.test>',
      to: 'Ana Étoile <ana@example.com>',
      subject: 'Your tickets',
      text: 'See you there',
      ...mail,
    });
  } finally {
    transport.close();
  }
}
const get = (path: string) => fetch(`${mailbox.url}${path}`);
const addFault = (fault: object) =>
  fetch(`${mailbox.url}/api/faults`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(fault),
  });

test('a message is listed in the shape that clients of maildev know', async () => {
  await post({
    html: '<p>See you <b>there</b></p>',
    headers: { 'X-Correlation-Id': 'c-1' },
    attachments: [{ filename: 'ticket 1.pdf', content: Buffer.from('%PDF'), contentType: 'application/pdf' }],
  });
  const list = await (await get('/api/email')).json();
  expect(list).toEqual([
    expect.objectContaining({
      from: [{ address: 'tickets@guichet.test', name: 'Guichet' }],
      to: [{ address: 'ana@example.com', name: 'Ana Étoile' }],
      subject: 'Your tickets',
      text: expect.stringContaining('See you there'),
      html: '<p>See you <b>there</b></p>',
      headers: expect.objectContaining({ 'x-correlation-id': 'c-1' }),
      read: false,
      attachments: [
        expect.objectContaining({
          fileName: 'ticket 1.pdf',
          generatedFileName: 'ticket 1.pdf',
          contentType: 'application/pdf',
          size: 4,
        }),
      ],
    }),
  ]);
  expect(list).toEqual(mailbox.messages());
});

test('one message, its HTML and its attachments are served with their types', async () => {
  const logo = {
    filename: 'logo.png',
    content: Buffer.from([1, 2, 3]),
    contentType: 'image/png',
    cid: 'logo',
  };
  const same = { filename: 'a.pdf', contentType: 'application/pdf' };
  await post({
    html: '<img src="cid:logo">',
    attachments: [logo, { ...same, content: Buffer.from('one') }, { ...same, content: Buffer.from('two') }],
  });
  const { id, attachments } = mailbox.messages()[0]!;

  expect(await (await get(`/api/email/${id}`)).json()).toMatchObject({ id, read: true });
  const page = await get(`/api/email/${id}/html`);
  expect(page.headers.get('content-security-policy')).toContain('sandbox');
  expect(await page.text()).toContain('src="data:image/png;base64,AQID"');
  const second = await get(
    `/api/email/${id}/attachment/${encodeURIComponent(attachments[2]!.generatedFileName)}`,
  );
  expect(second.headers.get('content-type')).toBe('application/pdf');
  expect(await second.text()).toBe('two');
  for (const path of ['none', 'none/html', `${id}/attachment/none`])
    expect((await get(`/api/email/${path}`)).status).toBe(404);
});

test('messages can be asked for by recipient and deleted one by one or all at once', async () => {
  for (const to of ['ana@example.com', 'bob@example.com', 'ana@example.com']) await post({ to });
  expect(await (await get('/api/email?to=ana@example.com')).json()).toHaveLength(2);

  const remove = (path: string) => fetch(`${mailbox.url}/api/email/${path}`, { method: 'DELETE' });
  expect((await remove(mailbox.messages()[0]!.id)).status).toBe(200);
  expect((await remove('none')).status).toBe(404);
  expect(mailbox.messages()).toHaveLength(2);
  expect((await remove('all')).status).toBe(200);
  expect(await (await get('/api/email')).json()).toEqual([]);
});

test('the page shows messages and nothing in them can become markup', async () => {
  await post({ subject: '<script>alert(1)</script>', to: '"<i>x" <x@example.com>', text: '<b>bold</b>' });
  await post({ html: '<script>alert(2)</script>', attachments: [{ filename: '"><u>.txt', content: 'x' }] });
  const [plain, rich] = mailbox.messages();
  const pages = await Promise.all(
    ['/', `/?id=${plain!.id}`, `/?id=${rich!.id}`].map(async path => (await get(path)).text()),
  );
  for (const page of pages) {
    expect(page).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
    expect(page).not.toMatch(/<script|<i>|<b>|<u>/);
  }
  expect(pages[2]).toContain('sandbox="allow-popups allow-popups-to-escape-sandbox"');
});

test('messages survive a restart when there is a directory, and none is left without one', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'guichet-test-'));
  const temporary = async () => (await readdir(tmpdir())).filter(name => name.startsWith('guichet-mailbox-'));
  const others = await temporary();
  await mailbox.stop();
  expect(await temporary()).toHaveLength(others.length - 1);

  mailbox = await startMailbox({ smtpPort: 0, httpPort: 0, directory });
  await post({ attachments: [{ filename: 'a.txt', content: 'kept' }] });
  const before = mailbox.messages();
  await mailbox.stop();
  mailbox = await startMailbox({ smtpPort: 0, httpPort: 0, directory });
  expect(mailbox.messages()).toEqual(before);
  expect(await (await get(`/api/email/${before[0]!.id}/attachment/a.txt`)).text()).toBe('kept');
  await rm(directory, { recursive: true });
});

test('faults asked for by a test strike as often as it said', async () => {
  await addFault({ kind: 'reject-4xx', times: 2 });
  await addFault({ kind: 'reject-5xx' });
  await expect(post()).rejects.toMatchObject({ responseCode: 451 });
  await expect(post()).rejects.toMatchObject({ responseCode: 451 });
  await expect(post()).rejects.toMatchObject({ responseCode: 554 });
  await post();
  expect(mailbox.messages()).toHaveLength(1);
});

test('a cut after the data keeps the message though its sender saw a failure', async () => {
  await addFault({ kind: 'cut-after-data', to: 'bob@example.com' });
  await post({ to: 'ana@example.com' });
  await expect(post({ to: 'bob@example.com' })).rejects.toThrow();
  expect(mailbox.messages().map(({ to }) => to[0]?.address)).toEqual(['ana@example.com', 'bob@example.com']);
});

test('a delay holds the answer back, and a stop does not wait for it', async () => {
  await addFault({ kind: 'delay', ms: 60 });
  const started = performance.now();
  await post();
  expect(performance.now() - started).toBeGreaterThanOrEqual(55);

  await addFault({ kind: 'delay', ms: 600_000 });
  const cutOff = expect(post()).rejects.toThrow();
  while (mailbox.faults.length) await new Promise(setImmediate);
  await mailbox.stop();
  await cutOff;
  mailbox = await startMailbox({ smtpPort: 0, httpPort: 0 });
});

test('an unknown fault is refused and says why', async () => {
  const refused = await addFault({ kind: 'explode' });
  expect(refused.status).toBe(400);
  expect(await refused.text()).toContain('cut-after-data');
  expect(await (await get('/api/faults')).json()).toEqual([]);
});

test('a taken port stops the start', async () => {
  await expect(startMailbox({ smtpPort: mailbox.smtpPort, httpPort: 0 })).rejects.toThrow('EADDRINUSE');
});
