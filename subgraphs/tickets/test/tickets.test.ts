import { verify } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { v7 } from 'uuid';
import { DEVELOPMENT_INTERNAL_SECRET } from '#shared/kernel/settings.ts';
import { fileUrl } from '#shared/signed-files.ts';
import { eventually, viewerWith } from '#shared/test/world.ts';
import { isQrCodeSigned, readQrCode } from '../tickets/qr-code.ts';
import { lineOf, startWorld, type TestProduct, type World } from './world.ts';

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world?.stop());

const download = (address: string) => {
  const { pathname, search } = new URL(address);
  return fetch(`${world.url}${pathname}${search}`);
};
const resultsFor = async (orderId: string) =>
  (await world.emitted('shipping-schedule-result')).filter(data => data.orderId === orderId);
const cancel = (orderId: string) =>
  world.messenger.deliver('inventory-release-request', { orderId, reason: 'CANCELED', revokeTickets: true });

test('I7: a paid order gets a ticket per admission, with the names of its guests, and a parcel for its goods', async () => {
  const { id, products } = await world.openEvent([
    { capacity: 10 },
    { capacity: 10, kind: 'MERCHANDISE', name: 'T-shirt', taxRate: 0.2 },
  ]);
  const [standard, shirt] = products as [TestProduct, TestProduct];
  const result = await world.buy([
    lineOf(standard, 3, { guestNames: ['Ann', ' '] }),
    lineOf(shirt, 2),
    lineOf(shirt, 1),
  ]);
  expect(result).toMatchObject({
    scheduled: true,
    reason: null,
    ticketIds: [expect.any(String), expect.any(String), expect.any(String)],
  });
  const { tickets, shipment } = await world.ticketsOf(result.orderId);
  expect(tickets.map((t: { id: string }) => t.id)).toEqual(result.ticketIds);
  expect(tickets.map((t: { guestName: string }) => t.guestName)).toEqual(['Ann', 'Béa Buyer', 'Béa Buyer']);
  for (const ticket of tickets) {
    expect(ticket).toMatchObject({
      status: 'VALID',
      event: { id },
      order: { id: result.orderId },
      scans: [],
      product: { name: 'Standard' },
    });
    expect(ticket.code).toMatch(/^TKT-[0-9A-Z]{4}-[0-9A-Z]{4}$/);
    expect(isQrCodeSigned(ticket.qrCode, ticket.event.publicKey)).toBe(true);
    expect(readQrCode(ticket.qrCode)).toEqual({ eventId: id, ticketId: ticket.id });
  }
  expect(shipment).toEqual({
    id: result.shipmentId,
    status: 'SCHEDULED',
    lines: [{ quantity: 3, product: { name: 'T-shirt' } }],
  });
  expect([await world.available(standard.id), await world.available(shirt.id)]).toEqual([7, 7]);
});

test('a QR code is verified offline as the README says, and carries no personal data', async () => {
  const { products } = await world.openEvent();
  const { orderId } = await world.buy([lineOf(products[0]!)]);
  const [ticket] = (await world.ticketsOf(orderId)).tickets;
  const [version, encoded] = ticket.qrCode.split('.');
  const bytes = Buffer.from(encoded, 'base64url');
  expect([version, bytes.length, bytes[0]]).toEqual(['G1', 97, 1]);
  const spki = Buffer.concat([
    Buffer.from('302a300506032b6570032100', 'hex'),
    Buffer.from(ticket.event.publicKey, 'base64url'),
  ]);
  const key = { key: spki, format: 'der' as const, type: 'spki' as const };
  expect(verify(null, bytes.subarray(0, 33), key, bytes.subarray(33))).toBe(true);
  expect(bytes.subarray(1, 17).toString('hex')).toBe(ticket.event.id.replaceAll('-', ''));
  expect(bytes.subarray(17, 33).toString('hex')).toBe(ticket.id.replaceAll('-', ''));
});

test('the request repeated, late and at once, issues nothing more and answers the same', async () => {
  const { products } = await world.openEvent();
  const lines = [lineOf(products[0]!, 2)];
  const first = await world.buy(lines);
  const again = world.paidOrder(first.orderId, lines);
  await Promise.all(
    Array.from({ length: 10 }, () => world.messenger.deliver('shipping-schedule-request', again)),
  );
  const answers = await eventually(async () => {
    const all = await resultsFor(first.orderId);
    return all.length === 11 && all;
  });
  for (const answer of answers) expect(answer).toEqual(first);
  expect((await world.ticketsOf(first.orderId)).tickets).toHaveLength(2);
});

test('without a hold of exactly these products nothing is issued, and the answer says why', async () => {
  const { products } = await world.openEvent();
  const lines = [lineOf(products[0]!, 2)];
  const ship = async (orderId: string, asked = lines) => {
    await world.messenger.deliver('shipping-schedule-request', world.paidOrder(orderId, asked));
    return world.answerTo('shipping-schedule-result', orderId);
  };
  const none = { scheduled: false, ticketIds: [], shipmentId: null };
  expect(await ship(v7())).toMatchObject({ ...none, reason: 'NOT_HELD' });

  const greedy = v7();
  await world.reserve(lines, greedy);
  expect(await ship(greedy, [lineOf(products[0]!, 3)])).toMatchObject({ ...none, reason: 'NOT_AS_HELD' });

  const released = v7();
  await world.reserve(lines, released);
  await world.messenger.deliver('inventory-release-request', {
    orderId: released,
    reason: 'EXPIRED',
    revokeTickets: false,
  });
  await eventually(async () => {
    const [hold] = await world.sql('select status from holds where order_id = $1', [released]);
    return hold!.status === 'RELEASED';
  });
  expect(await ship(released)).toMatchObject({ ...none, reason: 'RELEASED' });
  const [{ count }] = (await world.sql('select count(*)::int from tickets where order_id = any($1)', [
    [greedy, released],
  ])) as [{ count: number }];
  expect(count).toBe(0);
});

test('F12: a release racing the fulfilment leaves tickets or free places, never both', async () => {
  const { products } = await world.openEvent([{ capacity: 100 }]);
  const lines = [lineOf(products[0]!)];
  const orders = Array.from({ length: 20 }, () => v7());
  await Promise.all(orders.map(orderId => world.reserve(lines, orderId)));
  await Promise.all(
    orders.flatMap(orderId => [
      world.messenger.deliver('shipping-schedule-request', world.paidOrder(orderId, lines)),
      world.messenger.deliver('inventory-release-request', {
        orderId,
        reason: 'EXPIRED',
        revokeTickets: false,
      }),
    ]),
  );
  const answers = await Promise.all(
    orders.map(orderId => world.answerTo('shipping-schedule-result', orderId)),
  );
  const sold = answers.filter(answer => answer.scheduled).length;
  const holds = await eventually(async () => {
    const rows = await world.sql(`select status from holds where order_id = any($1)`, [orders]);
    return rows.every(row => row.status !== 'HELD') && rows;
  });
  expect(holds.filter(hold => hold.status === 'SOLD')).toHaveLength(sold);
  expect(await world.available(products[0]!.id)).toBe(100 - sold);
});

test('an order undone gives its places back, its tickets and their files are void, its parcel stays', async () => {
  const { products } = await world.openEvent([
    { capacity: 5 },
    { kind: 'MERCHANDISE', capacity: 5, name: 'Mug' },
  ]);
  const { orderId } = await world.buy(products.map(product => lineOf(product, 2)));
  const before = await world.ticketsOf(orderId);
  expect((await download(before.tickets[0].pdfUrl)).status).toBe(200);
  await cancel(orderId);
  const after = await eventually(async () => {
    const found = await world.ticketsOf(orderId);
    return found.tickets[0].status === 'REVOKED' && found;
  });
  expect(after.tickets.map((t: { status: string; pdfUrl: null }) => [t.status, t.pdfUrl])).toEqual([
    ['REVOKED', null],
    ['REVOKED', null],
  ]);
  expect(after.shipment.status).toBe('CANCELED');
  for (const product of products) expect(await world.available(product.id)).toBe(5);
  expect((await download(before.tickets[0].pdfUrl)).status).toBe(410);
});

test('the PDF is there as soon as the ticket is, and never changes a byte', async () => {
  const { products } = await world.openEvent();
  const { orderId } = await world.buy([lineOf(products[0]!, 2, { guestNames: ['<b>Łukasz</b>', '王小明'] })]);
  const { tickets } = await world.ticketsOf(orderId);
  const response = await download(tickets[0].pdfUrl);
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toBe('application/pdf');
  expect(response.headers.get('content-disposition')).toContain(`${tickets[0].code}.pdf`);
  const pdf = Buffer.from(await response.arrayBuffer());
  expect(pdf.subarray(0, 5).toString()).toBe('%PDF-');
  expect(pdf.toString('latin1').match(/\/Type \/Page\b/g)).toHaveLength(1);
  const completed = await world.answerTo('ticket.generation.completed', orderId);
  expect(completed).toMatchObject({ customerId: world.buyer.id, total: 2, successful: 2, failed: 0 });

  await world.sql('delete from files');
  expect(Buffer.from(await (await download(tickets[0].pdfUrl)).arrayBuffer()).equals(pdf)).toBe(true);
  expect((await download(tickets[1].pdfUrl)).status).toBe(200);
});

test('the generation of an order is told once, also when its job runs again', async () => {
  const { products } = await world.openEvent();
  const { orderId } = await world.buy([lineOf(products[0]!)]);
  await world.answerTo('ticket.generation.completed', orderId);
  const done = () =>
    world.sql(
      `select attempts from outbox where name = 'tickets/render-tickets' and pending = '{}' and envelope -> 'data' ->> 'orderId' = $1`,
      [orderId],
    );
  const [first] = await eventually(async () => ((await done()).length > 0 ? done() : null));
  await world.sql(
    `update outbox set pending = '{jobs-tickets-render-tickets}', due_at = now()
     where name = 'tickets/render-tickets' and envelope -> 'data' ->> 'orderId' = $1`,
    [orderId],
  );
  await eventually(async () => ((await done())[0]?.attempts as number) > (first!.attempts as number));
  const told = (await world.emitted('ticket.generation.completed')).filter(data => data.orderId === orderId);
  expect(told).toHaveLength(1);
});

test('A20, A24: file addresses that are forged, expired or lead elsewhere open nothing', async () => {
  const { products } = await world.openEvent();
  const { orderId } = await world.buy([lineOf(products[0]!, 2)]);
  const { tickets } = await world.ticketsOf(orderId);
  const statusOf = async (address: string) => (await download(address)).status;
  const [mine, other] = tickets.map((t: { pdfUrl: string }) => new URL(t.pdfUrl));
  expect(await statusOf(`http://x${other.pathname}${mine.search}`)).toBe(403);
  expect(await statusOf(`http://x${mine.pathname}`)).toBe(403);
  expect(await statusOf(mine.href.replace(/expires=\d+/, 'expires=99999999999'))).toBe(403);
  expect(await statusOf(`http://x/files/tickets/..%2f..%2fetc%2fpasswd${mine.search}`)).toBe(403);
  expect((await fetch(`${world.url}/files/../../etc/passwd${mine.search}`)).status).toBe(404);
  for (const name of [
    'tickets/../secret.pdf',
    `tickets/${v7()}.pdf`,
    'tickets/x.pdf',
    `invoices/${v7()}.pdf`,
  ])
    expect([403, 404]).toContain(await statusOf(fileUrl('http://x', name, DEVELOPMENT_INTERNAL_SECRET)));
});

test('I11: tickets and parcels are there for those whom they concern, and for nobody else', async () => {
  const { id, products } = await world.openEvent([{}, { kind: 'MERCHANDISE', name: 'Mug' }]);
  const { orderId, ticketIds, shipmentId } = await world.buy(products.map(product => lineOf(product)));
  const TICKET = 'query ($id: ID!) { ticket(id: $id) { code scans { id } } }';
  const ENTITIES = `query ($r: [_Any!]!) { _entities(representations: $r) {
    ... on Ticket { qrCode } ... on Shipment { status } ... on User { tickets { id } } } }`;
  const representations = [
    { __typename: 'Ticket', id: ticketIds[0] },
    { __typename: 'Shipment', id: shipmentId },
    { __typename: 'User', id: world.buyer.id },
  ];
  const stranger = viewerWith('CUSTOMER');
  for (const viewer of [null, stranger, viewerWith('ORGANIZER')]) {
    const { errors } = await world.ask(viewer, TICKET, { id: ticketIds[0] });
    expect(errors![0]).toMatchObject({ message: 'Ticket not found.', extensions: { code: 'NOT_FOUND' } });
    expect(await world.ask(viewer, TICKET, { id: v7() })).toEqual({ data: { ticket: null }, errors });
    expect(await world.ticketsOf(orderId, viewer)).toEqual({ tickets: [], shipment: null });
    const { data } = await world.ask(viewer, ENTITIES, { r: representations });
    expect(data._entities).toEqual([null, null, { tickets: [] }]);
  }
  for (const viewer of [world.buyer, world.organizer, viewerWith('STAFF'), viewerWith('ADMIN')])
    expect((await world.ask(viewer, TICKET, { id: ticketIds[0] })).data.ticket.code).toMatch(/^TKT-/);
  const { data } = await world.ask(world.buyer, ENTITIES, { r: representations });
  expect(data._entities[2].tickets[0]).toEqual({ id: ticketIds[0] });
  expect(data._entities[1]).toEqual({ status: 'SCHEDULED' });
  expect(id).toBeDefined();
});
