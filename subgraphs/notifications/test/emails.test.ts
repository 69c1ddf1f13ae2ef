import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { v7 } from 'uuid';
import { eventually } from '#shared/test/world.ts';
import { orderRequest, startWorld, type World } from './world.ts';

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world?.stop());

const mailTo = (address: string) => eventually(() => world.mailsTo(address)[0]);
const resultFor = (orderId: string) =>
  eventually(async () =>
    (await world.emitted('notification-send-result')).find(result => result.orderId === orderId),
  );

test("a confirmation has the order, its guests and every ticket's PDF, in the buyer's language", async () => {
  const ticketIds = [v7(), v7()];
  for (const id of ticketIds) world.tickets.files.set(`tickets/${id}.pdf`, `%PDF ${id}`);
  const request = orderRequest({ ticketIds });
  await world.messenger.deliver('notification-send-request', request);

  const mail = await mailTo(request.customer.email);
  expect(mail.subject).toBe(`Votre commande ${request.number} est confirmée`);
  for (const part of [mail.text, mail.html]) {
    for (const told of [request.number, 'Ana Étoile', 'Bob Martin', 'Plein tarif', 'Affiche'])
      expect(part).toContain(told);
    expect(part).toMatch(/51,00\s€.*10,00\s€.*61,00\s€/s);
    expect(part).toContain(`http://localhost:4000/orders/${request.orderId}`);
  }
  expect(mail.attachments).toEqual(
    ['1', '2'].map(n =>
      expect.objectContaining({
        fileName: `billet-${request.number}-${n}.pdf`,
        contentType: 'application/pdf',
        size: 41,
      }),
    ),
  );
  const row = await world.rowOf(request.orderId);
  expect(mail.messageId).toBe(`<${row.id}@guichet.test>`);
  expect(await resultFor(request.orderId)).toEqual({
    orderId: request.orderId,
    notificationId: row.id,
    sent: true,
    reason: null,
  });
  expect(row).toMatchObject({
    status: 'SENT',
    provider: 'smtp',
    provider_message_id: mail.messageId,
    attempts: 1,
  });
});

test('others than the French read English, and money as their country writes it', async () => {
  const request = orderRequest();
  request.customer.locale = 'en-GB';
  request.lines = [{ ...request.lines[0]!, name: 'Standard' }];
  request.total = { amount: 123_456, currency: 'JPY' };
  await world.messenger.deliver('notification-send-request', request);
  const mail = await mailTo(request.customer.email);
  expect(mail.subject).toBe(`Your order ${request.number} is confirmed`);
  expect(mail.text).toContain('Total: JP¥123,456');
});

test('A24: HTML in a name stays text, and a line break in the recipient is refused', async () => {
  const request = orderRequest();
  request.lines[0]!.guestNames = ['<script>alert(1)</script>', '<img src=x onerror=alert(2)>'];
  request.customer.displayName = '{{link}} <b>Ana</b>';
  await world.messenger.deliver('notification-send-request', request);
  const mail = await mailTo(request.customer.email);
  expect(mail.html).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
  expect(mail.html).toContain('{{link}} &lt;b&gt;Ana&lt;/b&gt;');
  expect(mail.html).not.toMatch(/<script|<img|<b>/);

  const forged = orderRequest();
  forged.customer.email = 'ana@example.org\r\nBcc: all@example.org';
  await world.messenger.deliver('notification-send-request', forged);
  expect(await resultFor(forged.orderId)).toMatchObject({
    sent: false,
    reason: 'The recipient is not an email address.',
  });
  expect((await world.rowOf(forged.orderId)).status).toBe('FAILED');
  expect(world.mailbox.messages().filter(({ text }) => text.includes(forged.number))).toEqual([]);
});

test('I9: twenty requests for one confirmation, under ids of their own, are one email', async () => {
  const request = orderRequest();
  await Promise.all(
    Array.from({ length: 20 }, () => world.messenger.deliver('notification-send-request', request)),
  );
  await mailTo(request.customer.email);
  // A later request is answered again, because the sender may have missed the first answer.
  const answers = async () =>
    (await world.emitted('notification-send-result')).filter(({ orderId }) => orderId === request.orderId);
  await eventually(async () => (await world.rowOf(request.orderId)).status === 'SENT');
  const before = (await answers()).length;
  await world.messenger.deliver('notification-send-request', request);
  await eventually(async () => (await answers()).length > before);
  expect((await answers()).every(({ sent }) => sent)).toBe(true);
  expect(world.mailsTo(request.customer.email)).toHaveLength(1);
});

test('a confirmation waits for its tickets, and goes out as soon as they are said to be ready', async () => {
  const ticketId = v7();
  const request = orderRequest({ ticketIds: [ticketId] });
  await world.messenger.deliver('notification-send-request', request);
  await eventually(async () => {
    const row = await world.rowOf(request.orderId);
    return row?.status === 'QUEUED' && row.last_error?.includes('404');
  });
  expect(world.mailsTo(request.customer.email)).toHaveLength(0);
  // By itself the job would look again in half an hour.
  await world.sql(
    `update outbox set due_at = now() + interval '30 minutes' where name like 'notifications/%'`,
  );
  world.tickets.files.set(`tickets/${ticketId}.pdf`, '%PDF');
  await world.messenger.deliver('ticket.generation.completed', {
    orderId: request.orderId,
    customerId: request.customer.id,
    processingMilliseconds: 40,
    tickets: [{ ticketId, code: 'C', success: true }],
    total: 1,
    successful: 1,
    failed: 0,
  });
  expect((await mailTo(request.customer.email)).attachments).toHaveLength(1);
  expect(await world.rowOf(request.orderId, 'tickets-ready')).toMatchObject({
    status: 'DELIVERED',
    channel: 'IN_APP',
    subject: 'Vos billets sont prêts',
  });
});

test('tickets whose files come late, without a word, are found by looking again', async () => {
  const ticketId = v7();
  const request = orderRequest({ ticketIds: [ticketId] });
  await world.messenger.deliver('notification-send-request', request);
  await eventually(async () => (await world.rowOf(request.orderId))?.attempts > 0);
  world.tickets.files.set(`tickets/${ticketId}.pdf`, '%PDF');
  expect((await mailTo(request.customer.email)).attachments).toHaveLength(1);
});

test('an order that has ended is not confirmed any more, whichever message comes first', async () => {
  const ended = async (requests: ReturnType<typeof orderRequest>[]) => {
    for (const request of requests) await world.messenger.deliver('notification-send-request', request);
    const { orderId, customer } = requests[0]!;
    const mail = await mailTo(customer.email);
    expect(mail.subject).toContain('est annulée');
    expect(mail.text).toContain('Motif : Concert annulé');
    await eventually(async () => (await world.rowOf(orderId)).status === 'CANCELED');
  };
  const confirmed = () => orderRequest({ ticketIds: [v7()] });
  const canceled = (request: ReturnType<typeof orderRequest>) => ({
    ...request,
    template: 'order-canceled' as const,
    reason: 'Concert annulé',
  });
  const [first, second] = [confirmed(), confirmed()];
  await ended([first, canceled(first)]);
  await ended([canceled(second), second]);
  for (const { orderId } of [first, second])
    expect((await world.emitted('notification-send-result')).map(r => r.orderId)).not.toContain(orderId);
});
