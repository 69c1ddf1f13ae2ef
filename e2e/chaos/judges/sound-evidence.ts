/** Evidence of a run without problems, which tests then change: one order completed, one canceled, one expired. */
import { messages as catalogue, type MessageName } from '#schema/messages/index.ts';
import { newJournal, newTold, type Told } from '../buyers/told.ts';
import { SUBGRAPH_DATABASES } from '../snapshot.ts';
import type { Evidence } from './evidence.ts';

export const PRODUCT = 'product';
export const QUOTA = 'quota';
export const USER = { userId: 'user', email: 'buyer@example.org' };
const at = new Date('2026-11-24T12:00:00Z');
/** Notification ids in Message-IDs are recognized by their form. */
export const CONFIRMATION = '00000000-0000-4000-8000-00000000000a';
export const CANCELLATION = '00000000-0000-4000-8000-00000000000b';

const HISTORIES = {
  completed: ['CREATED', 'RESERVED', 'PAID', 'SHIPPING_SCHEDULED', 'COMPLETED'],
  canceled: ['CREATED', 'RESERVED', 'PAID', 'CANCELED'],
  expired: ['CREATED', 'RESERVED', 'FAILED'],
};

const MESSAGES: [order: string, name: MessageName, template?: string][] = [
  ...['completed', 'canceled', 'expired'].flatMap((order): [string, MessageName][] => [
    [order, 'inventory-reserve-request'],
    [order, 'inventory-reserve-result'],
  ]),
  ['completed', 'shipping-schedule-request'],
  ['completed', 'shipping-schedule-result'],
  ['completed', 'notification-send-request', 'order-confirmed'],
  ['completed', 'notification-send-result'],
  ['canceled', 'notification-send-request', 'order-canceled'],
  ...Object.entries(HISTORIES).flatMap(([order, history]) =>
    history.map((): [string, MessageName] => [order, 'order.status.updated']),
  ),
];

function toldOf(order: keyof typeof HISTORIES, more: Partial<Told>): Told {
  const lines = [{ productId: PRODUCT, quantity: 2 }];
  return {
    ...newTold({ ...USER, purchase: order, kind: 'card', lines }),
    orderIds: [order],
    seen: HISTORIES[order].slice(1).map(status => ({ status, at: at.getTime() })),
    ...more,
  };
}

export function soundEvidence(): Evidence {
  const messages = MESSAGES.map(([orderId, name, template = null], index) => ({
    id: `message ${index}`,
    database: catalogue[name].source,
    name,
    queues: [] as string[],
    orderId,
    template,
    isScheduled: false,
  }));
  const handled = (consumer: string) =>
    messages.filter(({ name }) => (catalogue[name].consumers as readonly string[]).includes(consumer));
  const payment = (orderId: string, refunded: number) => ({
    id: `payment of ${orderId}`,
    orderId,
    status: 'SUCCEEDED',
    captured: 5_000,
    refunded,
    references: [`pi_${orderId}`],
  });
  const charge = (orderId: string, refunded: number) => ({
    id: `ch_${orderId}`,
    reference: `pi_${orderId}`,
    captured: 5_000,
    refunded,
    currency: 'EUR',
  });
  const invoice = (orderId: string, number: string) => ({
    id: `invoice of ${orderId}`,
    orderId,
    number,
    status: 'PAID',
    total: 5_000,
  });
  const notification = (id: string, orderId: string, template: string) => ({
    id,
    orderId,
    template,
    channel: 'EMAIL',
    status: 'SENT',
    recipient: USER.email,
    unknownOutcomes: 0,
    lastError: null,
  });
  const mail = (id: string) => ({ messageId: `<${id}@guichet.test>`, to: USER.email, at: at.getTime() });
  const ticket = (code: string) => ({
    id: `ticket ${code}`,
    code,
    orderId: 'completed',
    productId: PRODUCT,
    status: 'VALID',
  });
  const scan = (nonce: string, scanId: string, result: string) => ({ nonce, scanId, result });

  return {
    snapshot: {
      users: [{ id: USER.userId, email: USER.email }],
      orders: Object.entries(HISTORIES).map(([id, history]) => ({
        id,
        number: `G-${id}`,
        status: history.at(-1)!,
        seq: history.length,
        customerId: USER.userId,
        email: USER.email,
        total: 5_000,
        currency: 'EUR',
      })),
      lines: Object.keys(HISTORIES).map(orderId => ({
        orderId,
        productId: PRODUCT,
        kind: 'ADMISSION',
        quantity: 2,
      })),
      transitions: Object.entries(HISTORIES).flatMap(([orderId, history]) =>
        history.map((to, index) => ({
          orderId,
          seq: index + 1,
          from: history[index - 1] ?? null,
          to,
          at,
          reason: null,
        })),
      ),
      quotas: [{ id: QUOTA, capacity: 4, taken: 2 }],
      holds: [
        { orderId: 'completed', status: 'SOLD' },
        { orderId: 'canceled', status: 'RELEASED' },
        { orderId: 'expired', status: 'RELEASED' },
      ],
      holdLines: Object.keys(HISTORIES).map(orderId => ({
        orderId,
        productId: PRODUCT,
        quotaId: QUOTA,
        quantity: 2,
      })),
      tickets: [ticket('A'), ticket('B')],
      scans: [
        { id: 'scan 1', ticketId: 'ticket A', nonce: 'a', result: 'ACCEPTED' },
        { id: 'scan 2', ticketId: 'ticket A', nonce: 'b', result: 'ALREADY_REDEEMED' },
      ],
      payments: [payment('completed', 0), payment('canceled', 5_000)],
      invoices: [invoice('completed', 'F2026-000001'), invoice('canceled', 'F2026-000002')],
      creditNotes: [
        { id: 'credit note', invoiceId: 'invoice of canceled', number: 'A2026-000001', total: 5_000 },
      ],
      series: [
        { series: 'F2026', last: 2 },
        { series: 'A2026', last: 1 },
      ],
      notifications: [
        notification(CONFIRMATION, 'completed', 'order-confirmed'),
        notification(CANCELLATION, 'canceled', 'order-canceled'),
      ],
      messages,
      deadLetters: [],
      inboxes: Object.fromEntries(
        SUBGRAPH_DATABASES.map(name => [name, new Set(handled(name).map(({ id }) => id))]),
      ),
      charges: [charge('completed', 0), charge('canceled', 5_000)],
      mails: [mail(CONFIRMATION), mail(CANCELLATION)],
    },
    told: [
      toldOf('completed', {
        payments: { 'payment of completed': 'SUCCEEDED' },
        succeeded: {
          paymentId: 'payment of completed',
          at: at.getTime(),
          holdEndsAt: at.getTime() + 9_000,
        },
        tickets: { 'ticket A': 'A', 'ticket B': 'B' },
        invoiceNumber: 'F2026-000001',
      }),
      toldOf('canceled', { cancelAsked: true, canceled: true }),
      toldOf('expired', {}),
    ],
    journal: { ...newJournal(), answers: 9 },
    peaks: [{ quotaId: QUOTA, capacity: 4, mostTaken: 4, leastTaken: 0, mostHeld: 4 }],
    rest: { seconds: 1, unrest: [], replayed: [] },
    doors: [
      {
        ticketId: 'ticket A',
        scans: [
          scan('a', 'scan 1', 'ACCEPTED'),
          scan('a', 'scan 1', 'ACCEPTED'),
          scan('b', 'scan 2', 'ALREADY_REDEEMED'),
        ],
      },
    ],
    documents: [{ orderId: 'completed', number: 'F2026-000001', first: 'hash', last: 'hash' }],
    pools: [{ process: 'orders', before: 8, after: 8 }],
    crashes: [],
    mailCuts: [],
  };
}
