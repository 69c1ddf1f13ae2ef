/** The controls of the chaos run's judges: each promise is found broken when it is broken, and not when it is kept. */
import { describe, expect, test } from '@jest/globals';
import { noteErrors } from '../buyers/told.ts';
import { judge } from '../invariants.ts';
import type { Evidence } from './evidence.ts';
import { CONFIRMATION, QUOTA, soundEvidence } from './sound-evidence.ts';

/** The findings for the evidence after it was changed. */
function findingsAfter(spoil: (evidence: Evidence) => void) {
  const evidence = soundEvidence();
  spoil(evidence);
  return judge(evidence).findings;
}

const row = <T>(rows: T[], is: (row: T) => boolean): T => rows.find(is)!;
const order = ({ snapshot }: Evidence, id: string) => row(snapshot.orders, each => each.id === id);
const remove = <T>(rows: T[], is: (row: T) => boolean) => rows.splice(rows.findIndex(is), 1);

test('a run in which all went well has no finding', () => {
  expect(judge(soundEvidence())).toEqual({ findings: [], allowed: [] });
});

const CASES: [invariant: string, name: string, what: RegExp, spoil: (evidence: Evidence) => void][] = [
  [
    'I1',
    'an order that was collected for twice',
    /collected for 2 times/,
    ({ snapshot }) => snapshot.charges.push({ ...snapshot.charges[1]!, id: 'ch_again' }),
  ],
  [
    'I1',
    'another amount than the order costs',
    /costs 5000 EUR, collected were 4999 EUR/,
    ({ snapshot }) => {
      snapshot.charges[1]!.captured = 4_999;
      snapshot.charges[1]!.refunded = 4_999;
    },
  ],
  [
    'I1',
    'money for no order',
    /for no order/,
    ({ snapshot }) => snapshot.charges.push({ ...snapshot.charges[1]!, reference: 'pi_unknown' }),
  ],
  [
    'I2',
    'money kept for an order that was canceled',
    /is CANCELED; of 5000 collected 0 went back/,
    ({ snapshot }) => {
      snapshot.charges[1]!.refunded = 0;
    },
  ],
  [
    'I2',
    'a refund without a credit note',
    /0 kept, 5000 in the books/,
    ({ snapshot }) => {
      snapshot.creditNotes = [];
      snapshot.series.pop();
    },
  ],
  [
    'I2',
    'an order that failed though it was paid in time',
    /told SUCCEEDED 9000 ms before the hold's end/,
    evidence => {
      order(evidence, 'completed').status = 'FAILED';
    },
  ],
  [
    'I3',
    'more sold than there are, at one moment',
    /5 of 4 were sold and held at once/,
    ({ peaks }) => {
      peaks[0]!.mostHeld = 5;
    },
  ],
  [
    'I3',
    'more sold than there are, in the end',
    /2 of 1 are sold and held/,
    ({ snapshot }) => {
      snapshot.quotas[0]!.capacity = 1;
    },
  ],
  [
    'I3',
    'a counter that forgets',
    new RegExp(`quota ${QUOTA} counts 0, its holds 2`),
    ({ snapshot }) => {
      snapshot.quotas[0]!.taken = 0;
    },
  ],
  [
    'I3',
    'a place that an expired order still holds',
    /order expired, product: 0 ordered, 2 held/,
    ({ snapshot }) => {
      row(snapshot.holds, ({ orderId }) => orderId === 'expired').status = 'HELD';
      snapshot.quotas[0]!.taken = 4;
    },
  ],
  [
    'I4',
    'a change of status that the graph does not have',
    /goes from RESERVED to CREATED/,
    ({ snapshot }) => {
      row(snapshot.transitions, ({ orderId, seq }) => orderId === 'expired' && seq === 3).to = 'CREATED';
    },
  ],
  [
    'I4',
    'a status seen live that went backwards',
    /seen RESERVED, PAID, RESERVED/,
    ({ told }) => {
      told[0]!.seen = ['RESERVED', 'PAID', 'RESERVED'].map(status => ({ status, at: 0 }));
    },
  ],
  [
    'I5',
    'a message that nobody has acknowledged',
    /is not acknowledged by messages-tickets/,
    ({ snapshot }) => {
      snapshot.messages[0]!.queues = ['messages-tickets'];
    },
  ],
  [
    'I5',
    'a message that its consumer has forgotten',
    /3 × inventory-reserve-request not among what tickets has handled/,
    ({ snapshot }) => snapshot.inboxes.tickets!.clear(),
  ],
  [
    'I5',
    'a message that took effect twice',
    /2 × inventory-reserve-result for 1 × inventory-reserve-request/,
    ({ snapshot }) => {
      const answer = row(snapshot.messages, ({ name }) => name === 'inventory-reserve-result');
      snapshot.messages.push({ ...answer, id: 'again' });
      snapshot.inboxes.orders!.add('again');
    },
  ],
  [
    'I5',
    'a change of status that nobody was told of',
    /changed 3 times and told so 2 times/,
    ({ snapshot }) =>
      remove(snapshot.messages, m => m.name === 'order.status.updated' && m.orderId === 'expired'),
  ],
  [
    'I6',
    'a gap in the numbers',
    /number 2 of series F2026 was never given/,
    ({ snapshot }) => {
      snapshot.invoices[1]!.number = 'F2026-000003';
      snapshot.series[0]!.last = 3;
    },
  ],
  [
    'I6',
    'a number given twice',
    /number 1 of series F2026 was given twice/,
    ({ snapshot }) => {
      snapshot.invoices[1]!.number = 'F2026-000001';
    },
  ],
  [
    'I6',
    'a document that has changed',
    /the document of invoice F2026-000001 has changed/,
    ({ documents }) => {
      documents[0]!.last = 'another hash';
    },
  ],
  [
    'I7',
    'a ticket too few',
    /2 admissions of a completed order, 1 good tickets/,
    ({ snapshot }) => {
      snapshot.tickets[1]!.status = 'REVOKED';
    },
  ],
  [
    'I7',
    'a ticket that is good though its order was canceled',
    /order canceled, product product: 0 admissions/,
    ({ snapshot }) =>
      snapshot.tickets.push({ ...snapshot.tickets[0]!, id: 'C', code: 'C', orderId: 'canceled' }),
  ],
  [
    'I7',
    'two tickets with one code',
    /code A is on 2 tickets/,
    ({ snapshot }) => {
      snapshot.tickets[1]!.code = 'A';
    },
  ],
  [
    'I8',
    'a ticket that let two people in',
    /was let in 2 times/,
    ({ doors }) => {
      doors[0]!.scans[2]!.result = 'ACCEPTED';
    },
  ],
  [
    'I8',
    'a repeated scan that was recorded once more',
    /attempt a is recorded 2 times/,
    ({ snapshot }) => snapshot.scans.push({ ...snapshot.scans[1]!, id: 'scan 3', nonce: 'a' }),
  ],
  [
    'I9',
    'a confirmation that was never sent',
    /is COMPLETED, 0 confirmations were sent/,
    ({ snapshot }) => remove(snapshot.mails, ({ messageId }) => messageId.includes(CONFIRMATION)),
  ],
  [
    'I9',
    'a confirmation that was sent twice',
    /2 copies of order-confirmed/,
    ({ snapshot }) => snapshot.mails.push(snapshot.mails[0]!),
  ],
  [
    'I9',
    'a confirmation of an order that expired',
    /order expired is FAILED and was confirmed/,
    ({ snapshot }) => {
      const id = '00000000-0000-4000-8000-00000000000c';
      snapshot.notifications.push({ ...snapshot.notifications[0]!, id, orderId: 'expired' });
      snapshot.mails.push({ ...snapshot.mails[0]!, messageId: `<${id}@guichet.test>` });
    },
  ],
  [
    'I10',
    'an acknowledged order that is lost',
    /order expired is not there/,
    ({ snapshot }) => remove(snapshot.orders, ({ id }) => id === 'expired'),
  ],
  [
    'I10',
    'one idempotency key answered with two orders',
    /answered with completed and another/,
    ({ told }) => told[0]!.orderIds.push('another'),
  ],
  [
    'I10',
    'a payment that was told to have succeeded and did not',
    /told SUCCEEDED and is FAILED/,
    ({ snapshot }) => {
      snapshot.payments[0]!.status = 'FAILED';
    },
  ],
  [
    'I10',
    'a ticket that was shown and is lost',
    /ticket ticket B with code B is not there/,
    ({ snapshot }) => remove(snapshot.tickets, ({ code }) => code === 'B'),
  ],
  ['I13', 'an order that never ends', /stays RESERVED/, ({ rest }) => rest.unrest.push('it stays RESERVED')],
  [
    'I13',
    'a dead letter that no replay mends',
    /dead letter of orders/,
    ({ snapshot }) =>
      snapshot.deadLetters.push({ database: 'orders', id: '1', name: 'invoice.paid', error: 'Error' }),
  ],
  [
    'I13',
    'a connection that was never given back',
    /orders has 7 of 8 database connections left/,
    ({ pools }) => {
      pools[0]!.after = 7;
    },
  ],
  [
    'answers',
    'an answer INTERNAL_SERVER_ERROR',
    /1 × placeOrder: INTERNAL_SERVER_ERROR/,
    ({ journal }) =>
      noteErrors(journal, 'placeOrder', [{ message: 'Oh', extensions: { code: 'INTERNAL_SERVER_ERROR' } }]),
  ],
  ['crashes', 'a process that ends by itself', /users ended/, ({ crashes }) => crashes.push('users ended')],
];

describe.each(CASES)('%s: %s', (invariant, _name, what, spoil) => {
  test('is found', () => {
    expect(findingsAfter(spoil)).toContainEqual({ invariant, what: expect.stringMatching(what) });
  });
});

test('UNAVAILABLE is an answer that a fault excuses', () => {
  const findings = findingsAfter(({ journal }) =>
    noteErrors(journal, 'order', [{ message: 'Away', extensions: { code: 'UNAVAILABLE' } }]),
  );
  expect(findings).toEqual([]);
});

test('I9: a second copy is allowed where the connection was cut after DATA, and told apart', () => {
  const evidence = soundEvidence();
  const [mail] = evidence.snapshot.mails;
  evidence.snapshot.mails.push({ ...mail!, at: mail!.at + 5_000 });
  evidence.snapshot.notifications[0]!.unknownOutcomes = 1;
  expect(judge(evidence).findings).toHaveLength(1);
  evidence.mailCuts.push(mail!.at);
  expect(judge(evidence)).toEqual({
    findings: [],
    allowed: [expect.stringContaining('2 copies of order-confirmed')],
  });
});

test('I2: who has canceled is not promised a completed order', () => {
  const { findings } = judge(soundEvidence());
  expect(findings).toEqual([]);
  const spoiled = findingsAfter(evidence => {
    Object.assign(evidence.told[1]!, { cancelAsked: false, succeeded: evidence.told[0]!.succeeded });
  });
  expect(spoiled).toContainEqual({
    invariant: 'I2',
    what: expect.stringMatching(/order canceled is CANCELED/),
  });
});
