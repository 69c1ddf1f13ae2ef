import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { v7 } from 'uuid';
import { eventually } from '#shared/testing.ts';
import { orderRequest, startAll } from './testing.ts';

let all: Awaited<ReturnType<typeof startAll>>;
beforeAll(async () => {
  all = await startAll();
});
afterAll(() => all?.stop());

const mailTo = (address: string) => eventually(() => all.mailsTo(address)[0]);
const resultFor = (orderId: string) =>
  eventually(async () =>
    (await all.environment.emitted('notification-send-result')).find(result => result.orderId === orderId),
  );

test("a confirmation has the order, its guests and every ticket's PDF, in the buyer's language", async () => {
  const ticketIds = [v7(), v7()];
  for (const id of ticketIds) all.tickets.files.set(`tickets/${id}.pdf`, `%PDF ${id}`);
  const request = orderRequest({ ticketIds });
  await all.messenger.deliver('notification-send-request', request);

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
  const row = await all.rowOf(request.orderId);
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
