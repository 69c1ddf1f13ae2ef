/** The checks after the run (scans, documents), and the observation during the run (capacity). */
import { createHash } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { createApiClient } from '../../dev/buyer/client.ts';
import { signIn } from '../../dev/buyer/purchase.ts';
import { download, type Market } from './buyers/buy.ts';
import type { DocumentTest, DoorTest, Peak } from './judges/evidence.ts';
import type { World } from './world.ts';

const LOOK_EVERY_MS = 200;

/** Reads all quotas several times a second until it is stopped; gives the highest and lowest values of each. */
export function watchStock(world: World): () => Promise<Peak[]> {
  const peaks = new Map<string, Peak>();
  let stopped = false;
  const watching = (async () => {
    while (!stopped) {
      const rows = await world
        .sql<{ id: string; capacity: number; taken: number; held: number }>(
          'tickets',
          `select q.id, q.capacity, q.taken, coalesce((select sum(l.quantity) from hold_lines l
             join holds h using (order_id) where l.quota_id = q.id and h.status in ('HELD', 'SOLD')), 0)::int as held
           from quotas q`,
        )
        .catch(() => []);
      for (const { id, capacity, taken, held } of rows) {
        const peak = peaks.get(id);
        peaks.set(id, {
          quotaId: id,
          capacity,
          mostTaken: Math.max(taken, peak?.mostTaken ?? taken),
          leastTaken: Math.min(taken, peak?.leastTaken ?? taken),
          mostHeld: Math.max(held, peak?.mostHeld ?? held),
        });
      }
      await pause(LOOK_EVERY_MS);
    }
  })();
  return async () => {
    stopped = true;
    await watching;
    return [...peaks.values()];
  };
}

const SCAN = `mutation ($input: ScanTicketInput!) { scanTicket(input: $input) {
  __typename ... on ScanOutcome { result scan { id } } ... on Error { message } } }`;
const DOORS = 6;

/** Some valid tickets, each scanned three times at once: one attempt twice, and a different one. */
export async function testDoors(world: World): Promise<DoorTest[]> {
  const tickets = await world.sql<{ id: string; qr: string; event: string }>(
    'tickets',
    `select id, qr_code as qr, event_id as event from tickets where status = 'VALID' order by id limit ${DOORS}`,
  );
  const staff = await signIn(createApiClient(world.stack.gatewayUrl), 'staff@guichet.test', 'staff-guichet');
  return Promise.all(
    tickets.map(async ({ id, qr, event }) => ({
      ticketId: id,
      scans: await Promise.all(
        ['a', 'a', 'b'].map(async door => {
          const nonce = `chaos-${id}-${door}`;
          const { scanTicket } = await staff.get(SCAN, { input: { qrCode: qr, eventId: event, nonce } });
          return {
            nonce,
            scanId: `${scanTicket.scan?.id}`,
            result: `${scanTicket.result ?? scanTicket.message}`,
          };
        }),
      ),
    })),
  );
}

const INVOICE = 'query ($id: ID!) { order(id: $id) { invoice { number pdfUrl } } }';

/** The invoice of every completed order, downloaded (again). */
export async function testDocuments(world: World, market: Market): Promise<DocumentTest[]> {
  const paid = await world.sql<{ orderId: string; number: string }>(
    'invoices',
    `select order_id as "orderId", number from invoices where status = 'PAID'`,
  );
  const tests: DocumentTest[] = [];
  for (const { orderId, number } of paid) {
    const told = market.told.find(({ orderIds }) => orderIds[0] === orderId);
    const token = market.tokens.get(told?.userId ?? '');
    if (!told || !token) continue;
    const { order } = await createApiClient(market.gatewayUrl, token).get(INVOICE, { id: orderId });
    const bytes = order?.invoice?.pdfUrl ? await download(order.invoice.pdfUrl) : null;
    const last = bytes && createHash('sha256').update(bytes).digest('hex');
    tests.push({ orderId, number, first: told.invoiceHash, last });
  }
  return tests;
}
