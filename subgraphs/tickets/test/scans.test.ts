import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { v7 } from 'uuid';
import type { Viewer } from '#shared/kernel/passport.ts';
import { eventually, viewerWith } from '#shared/test/world.ts';
import { lineOf, SCAN, startWorld, type World } from './world.ts';

let world: World;
const staff = viewerWith('STAFF');
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world?.stop());

/** An event with one ticket sold. */
async function sellTicket(event: object = {}) {
  const { id, products } = await world.openEvent([{}], event);
  const { orderId } = await world.buy([lineOf(products[0]!, 1, { guestNames: ['Ann'] })]);
  const [ticket] = (await world.ticketsOf(orderId)).tickets;
  return { eventId: id, orderId, ticket };
}
const scan = (
  eventId: string,
  qrCode: string,
  { nonce = v7(), viewer = staff }: { nonce?: string; viewer?: Viewer } = {},
) => world.mutate(viewer, SCAN, { input: { eventId, qrCode, nonce, location: 'Gate A' } });
const countScans = async (eventId: string) =>
  (await world.sql('select count(*)::int as n from scans where event_id = $1', [eventId]))[0]!.n;
const suspicions = async (eventId: string) =>
  (await world.emitted('ticket.fraud.suspected')).filter(data => data.eventId === eventId);

test('a ticket opens the door once; a second scan of it is refused and recorded', async () => {
  const { eventId, ticket } = await sellTicket();
  const first = await scan(eventId, ticket.qrCode);
  expect(first).toMatchObject({
    result: 'ACCEPTED',
    message: 'Welcome, Ann.',
    ticket: { id: ticket.id, status: 'REDEEMED' },
    scan: { operator: { id: staff.id } },
  });
  const second = await scan(eventId, ticket.qrCode);
  expect(second).toMatchObject({
    result: 'ALREADY_REDEEMED',
    message: expect.stringContaining('used already, on '),
  });
  const { data } = await world.ask(
    staff,
    'query ($id: ID!) { ticket(id: $id) { status redeemedAt scans { result location } } }',
    {
      id: ticket.id,
    },
  );
  expect(data.ticket).toMatchObject({
    status: 'REDEEMED',
    redeemedAt: first.scan.scannedAt,
    scans: [
      { result: 'ALREADY_REDEEMED', location: 'Gate A' },
      { result: 'ACCEPTED', location: 'Gate A' },
    ],
  });
  const scanned = (await world.emitted('ticket.scanned')).filter(d => d.eventId === eventId);
  expect(scanned.map(data => data.result)).toEqual(['ACCEPTED', 'ALREADY_REDEEMED']);
});

test('A23: every single bit of a code counts', async () => {
  const { eventId, ticket } = await sellTicket();
  const bits = ticket.qrCode.length * 8;
  // Flips every seventh bit, and all bits of the last character, whose lowest bits base64url does not use.
  const positions = [...Array(bits).keys()].filter(bit => bit % 61 === 0 || bit >= bits - 8);
  for (const position of positions) {
    const bytes = Buffer.from(ticket.qrCode, 'latin1');
    bytes[position >> 3]! ^= 1 << (position & 7);
    expect({ position, ...(await scan(eventId, bytes.toString('latin1'))) }).toMatchObject({
      position,
      result: 'INVALID',
      ticket: null,
    });
  }
  expect((await scan(eventId, ticket.qrCode)).result).toBe('ACCEPTED');
});

test('A23: a ticket of another event, a revoked one and plain nonsense are told apart', async () => {
  const one = await sellTicket({ title: 'Opera' });
  const other = await sellTicket({ title: 'Rock' });
  expect(await scan(other.eventId, one.ticket.qrCode)).toMatchObject({
    result: 'WRONG_EVENT',
    message: 'This ticket is for another event: Opera.',
    ticket: { id: one.ticket.id, status: 'VALID' },
  });
  expect(await scan(one.eventId, 'https://example.org')).toMatchObject({ result: 'INVALID', ticket: null });
  await world.messenger.deliver('inventory-release-request', {
    orderId: one.orderId,
    reason: 'CANCELED',
    revokeTickets: true,
  });
  await eventually(async () => (await world.ticketsOf(one.orderId)).tickets[0].status === 'REVOKED');
  expect((await scan(one.eventId, one.ticket.qrCode)).result).toBe('REVOKED');
});

test('before the doors open a ticket is not valid yet, six hours after the end it has expired', async () => {
  const validFrom = new Date(Date.now() + 86_400_000).toISOString();
  const { eventId, ticket } = await sellTicket({ validFrom });
  expect((await scan(eventId, ticket.qrCode)).result).toBe('NOT_YET_VALID');
  const endAt = (hoursAgo: number) =>
    world.sql(
      `update events set valid_from = null, starts_at = now() - interval '1 day',
         ends_at = now() - make_interval(hours => $2) where id = $1`,
      [eventId, hoursAgo],
    );
  await endAt(7);
  expect((await scan(eventId, ticket.qrCode)).result).toBe('EXPIRED');
  await endAt(5);
  expect((await scan(eventId, ticket.qrCode)).result).toBe('ACCEPTED');
});

test('I8: the same nonce fifty times at once is one scan with one answer', async () => {
  const { eventId, ticket } = await sellTicket();
  const nonce = v7();
  const answers = await Promise.all(
    Array.from({ length: 50 }, () => scan(eventId, ticket.qrCode, { nonce })),
  );
  for (const answer of answers) expect(answer).toEqual(answers[0]);
  expect(answers[0]).toMatchObject({ result: 'ACCEPTED', message: 'Welcome, Ann.' });
  expect(await countScans(eventId)).toBe(1);
  expect((await scan(eventId, ticket.qrCode, { nonce })).scan).toEqual(answers[0].scan);
  expect(await scan(eventId, 'another code', { nonce })).toMatchObject({
    __typename: 'InvalidInput',
    issues: [{ path: 'nonce' }],
  });
  expect(await countScans(eventId)).toBe(1);
});

test('I8: fifty scanners with one ticket at once let one guest in', async () => {
  const { eventId, ticket } = await sellTicket();
  const answers = await Promise.all(Array.from({ length: 50 }, () => scan(eventId, ticket.qrCode)));
  const accepted = answers.filter(answer => answer.result === 'ACCEPTED');
  expect(accepted).toHaveLength(1);
  expect(answers.filter(answer => answer.result === 'ALREADY_REDEEMED')).toHaveLength(49);
  expect(await countScans(eventId)).toBe(50);
  expect(await suspicions(eventId)).toHaveLength(1);
});

test('a ticket refused three times, and a forged code at once, are suspicious; each is told once', async () => {
  const { eventId, ticket } = await sellTicket();
  for (let i = 0; i < 3; i++) await scan(eventId, ticket.qrCode);
  expect(await suspicions(eventId)).toEqual([]);
  for (let i = 0; i < 3; i++) await scan(eventId, ticket.qrCode);
  expect(await suspicions(eventId)).toEqual([
    expect.objectContaining({
      ticketId: ticket.id,
      organizerId: world.organizer.id,
      reason: expect.stringContaining('refused 3 times'),
    }),
  ]);
  const end = ticket.qrCode.endsWith('A') ? 'Q' : 'A';
  const forged = `${ticket.qrCode.slice(0, -2)}${ticket.qrCode.at(-2) === 'B' ? 'C' : 'B'}${end}`;
  for (let i = 0; i < 3; i++) expect((await scan(eventId, forged)).result).toBe('INVALID');
  await scan(eventId, 'not a ticket at all');
  expect((await suspicions(eventId)).slice(1)).toEqual([
    expect.objectContaining({ ticketId: null, reason: 'A code with a forged signature was shown.' }),
  ]);
});

test('only staff, the organizer of the event and administrators scan, list and watch scans', async () => {
  const { eventId, ticket } = await sellTicket();
  const input = { eventId, qrCode: ticket.qrCode, nonce: v7() };
  const refusal = async (viewer: Viewer | null, more: object = {}) =>
    (await world.ask(viewer, SCAN, { input: { ...input, ...more } })).errors?.[0]?.extensions.code;
  expect(await refusal(null)).toBe('UNAUTHENTICATED');
  expect(await refusal(world.buyer)).toBe('FORBIDDEN');
  expect(await refusal(viewerWith('ORGANIZER'))).toBe('FORBIDDEN');
  expect(await refusal(staff, { eventId: v7() })).toBe('NOT_FOUND');
  expect(await countScans(eventId)).toBe(0);
  expect((await scan(eventId, ticket.qrCode, { viewer: world.organizer })).result).toBe('ACCEPTED');

  const scansSeenBy = async (viewer: Viewer) =>
    (await world.ask(viewer, 'query ($id: ID!) { ticket(id: $id) { scans { result } } }', { id: ticket.id }))
      .data.ticket.scans;
  expect(await scansSeenBy(world.buyer)).toEqual([]);
  expect(await scansSeenBy(world.organizer)).toEqual([{ result: 'ACCEPTED' }]);
  const watching = world.subscribe(
    world.buyer,
    'subscription ($id: ID!) { ticketScanned(eventId: $id) { result } }',
    { id: eventId },
  );
  await expect(watching.next()).resolves.toMatchObject({ errors: [{ extensions: { code: 'FORBIDDEN' } }] });
  await watching.close();
});

test("a ticket of a stranger's event stays hidden from the organizer at whose door it is shown", async () => {
  const here = await sellTicket();
  const rival = viewerWith('ORGANIZER');
  await world.sql('update events set organizer_id = $1 where id = $2', [rival.id, here.eventId]);
  const elsewhere = await sellTicket();
  const answer = await world.mutate(
    rival,
    `${SCAN.replace('ticket { id code status }', 'ticket { id }').replace('scannedAt', 'ticket { id }')}`,
    {
      input: { eventId: here.eventId, qrCode: elsewhere.ticket.qrCode, nonce: v7() },
    },
  );
  expect(answer).toMatchObject({ result: 'WRONG_EVENT', ticket: null, scan: { ticket: null } });
});

test('whoever watches the doors sees the latest scan, then each new one once', async () => {
  const { eventId, ticket } = await sellTicket();
  await scan(eventId, 'nonsense');
  await scan(eventId, ticket.qrCode);
  const watching = world.subscribe(
    world.organizer,
    'subscription ($id: ID!) { ticketScanned(eventId: $id) { result location operator { id } ticket { code } } }',
    { id: eventId },
  );
  try {
    const next = async () => (await watching.next()).data.ticketScanned;
    expect(await next()).toMatchObject({
      result: 'ACCEPTED',
      ticket: { code: ticket.code },
      operator: { id: staff.id },
    });
    await scan(eventId, ticket.qrCode);
    expect((await next()).result).toBe('ALREADY_REDEEMED');
    await scan(eventId, 'more nonsense');
    expect(await next()).toMatchObject({ result: 'INVALID', ticket: null });
  } finally {
    await watching.close();
  }
});
