import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { MessageData } from '#schema/messages/index.ts';
import { newId } from '#shared/data/database.ts';
import { eventually, viewerWith } from '#shared/test/world.ts';
import { line, orderOf, refund, startWorld, type World } from './world.ts';

let world: World;

beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world?.stop());

type Message =
  | { name: 'order.status.updated'; data: MessageData<'order.status.updated'> }
  | { name: 'payment.status.updated'; data: MessageData<'payment.status.updated'> };
type Status = MessageData<'order.status.updated'>['to'];

/** A pseudorandom generator (mulberry32): the same seed gives the same sequence. */
function randomFrom(seed: number) {
  let state = seed;
  return (below: number) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

/** A random purchase: all messages about it, in order, and the documents that must exist in the end. */
function purchase(random: (below: number) => number) {
  const order = orderOf(
    Array.from({ length: 1 + random(3) }, () =>
      line(1 + random(9_000), [0.2, 0.055, 0.1][random(3)], { quantity: 1 + random(4) }),
    ),
  );
  const total = order.total.amount;
  const story: Message[] = [];
  const orders = (path: Status[], paymentId: string | null = null) =>
    path.slice(1).forEach((to, i) => {
      const told = order.moved(path[i]!, to, PAID.includes(to) ? paymentId : null);
      story.push({ name: 'order.status.updated', data: told });
    });
  const pays = (amount = total) => {
    const { paymentId, tell } = order.payment(newId(), amount);
    for (const status of ['REQUIRES_PAYMENT_METHOD', 'PROCESSING', 'SUCCEEDED'] as const)
      story.push({ name: 'payment.status.updated', data: tell(status) });
    return {
      paymentId,
      refunds(...amounts: number[]) {
        const refunds = amounts.map(part => refund(part));
        for (let upTo = 1; upTo <= refunds.length; upTo++)
          story.push({ name: 'payment.status.updated', data: tell('SUCCEEDED', refunds.slice(0, upTo)) });
      },
    };
  };
  const settled = (credited: number[]) => ({
    status: 'PAID',
    net: total - credited.reduce((a, b) => a + b, 0),
    credited,
  });
  const nothing = (status: string | null) => ({ status, net: 0, credited: [] as number[] });

  const part = 1 + random(total);
  const PAID_PATH: Status[] = ['CREATED', 'RESERVED', 'PAID'];
  const endings: (() => ReturnType<typeof nothing>)[] = [
    () => {
      orders([...PAID_PATH, 'SHIPPING_SCHEDULED', 'COMPLETED'], pays().paymentId);
      return settled([]);
    },
    () => {
      const payment = pays();
      orders([...PAID_PATH, 'SHIPPING_SCHEDULED', 'COMPLETED'], payment.paymentId);
      const amounts = [part, total - part].filter(amount => amount > 0);
      payment.refunds(...amounts);
      return settled(amounts);
    },
    () => {
      const payment = pays();
      orders([...PAID_PATH, 'SHIPPING_SCHEDULED', 'CANCELED'], payment.paymentId);
      payment.refunds(total);
      return settled([total]);
    },
    () => {
      // The refund was refused: the payment and the invoice stay as they are.
      orders([...PAID_PATH, 'CANCELED', 'FAILED'], pays().paymentId);
      return settled([]);
    },
    () => {
      const second = pays();
      orders([...PAID_PATH, 'SHIPPING_SCHEDULED', 'COMPLETED'], pays().paymentId);
      second.refunds(total);
      return settled([]);
    },
    () => {
      orders(['CREATED', 'RESERVED', 'FAILED']);
      pays().refunds(total);
      return nothing('VOID');
    },
    () => {
      const wrong = total + 1 + random(50);
      pays(wrong).refunds(wrong);
      orders(['CREATED', 'RESERVED', 'FAILED']);
      return nothing('VOID');
    },
    () => {
      orders(['CREATED', 'RESERVED', 'CANCELED']);
      return nothing('VOID');
    },
    () => {
      orders(['CREATED', 'FAILED']);
      return nothing(null);
    },
  ];
  const expected = endings[random(endings.length)]!();
  return { order, story, expected };
}
const PAID: Status[] = ['PAID', 'SHIPPING_SCHEDULED', 'COMPLETED'];

test('I2, F8: shuffled, repeated and delayed messages end in captured − refunded = invoices − credit notes', async () => {
  const seed = Number(process.env.SEED_OF_I2 ?? Date.now() % 1_000_000);
  const random = randomFrom(seed);
  const purchases = Array.from({ length: 25 }, () => purchase(random));

  // Some messages are repeated under the same id (delivered again) or under another id (sent again).
  const deliveries = purchases.flatMap(({ story }) =>
    story.flatMap(message => {
      const ids = [newId(), ...(random(3) === 0 ? [newId()] : [])];
      return [...ids, ...(random(3) === 0 ? [ids[0]!] : [])].map(id => ({
        id,
        at: random(1_000_000),
        ...message,
      }));
    }),
  );
  deliveries.sort((a, b) => a.at - b.at);
  const handled = (ids: string[]) =>
    eventually(async () => {
      const [row] = await world.sql(
        'select count(*)::int as count from inbox where event_id = any($1::uuid[])',
        [ids],
      );
      return row!.count === new Set(ids).size;
    }, 25);
  // The messages are delivered in two waves, so that some arrive long after the others were settled.
  const half = deliveries.length / 2;
  for (const wave of [deliveries.slice(0, half), deliveries.slice(half)]) {
    await Promise.all(wave.map(({ name, data, id }) => world.messenger.deliver(name, data as never, id)));
    await handled(wave.map(({ id }) => id));
  }

  const { data } = await world.ask(
    viewerWith('ADMIN'),
    `query ($r: [_Any!]!) { _entities(representations: $r) { ... on Order { id invoice {
      number status tax { amount } total { amount } creditNotes { number tax { amount } total { amount } } } } } }`,
    { r: purchases.map(({ order }) => ({ __typename: 'Order', id: order.orderId })) },
  );
  type Document = { number: string | null; tax: { amount: number }; total: { amount: number } };
  type Found = (Document & { status: string; creditNotes: Document[] }) | null;
  const found = data._entities.map(({ invoice }: { invoice: Found }) => {
    const credited = invoice?.creditNotes.map(note => note.total.amount) ?? [];
    const invoiced = invoice?.status === 'PAID' ? invoice.total.amount : 0;
    return {
      status: invoice?.status ?? null,
      net: invoiced - credited.reduce((a, b) => a + b, 0),
      credited: credited.sort((a, b) => a - b),
    };
  });
  expect({ seed, found }).toEqual({
    seed,
    found: purchases.map(({ expected }) => ({
      ...expected,
      credited: expected.credited.sort((a, b) => a - b),
    })),
  });

  const taken: Document[] = data._entities.flatMap(({ invoice }: { invoice: Found }) =>
    invoice ? [invoice, ...invoice.creditNotes] : [],
  );
  for (const kind of ['F', 'A']) {
    const numbers = taken.map(({ number }) => number!).filter(number => number?.startsWith(kind));
    expect(numbers.map(number => Number(number.slice(6))).sort((a, b) => a - b)).toEqual(
      numbers.map((_, index) => index + 1),
    );
  }
  for (const { invoice } of data._entities as { invoice: Found }[])
    if (
      invoice &&
      invoice.total.amount === invoice.creditNotes.reduce((sum, note) => sum + note.total.amount, 0)
    )
      expect(invoice.creditNotes.reduce((sum, note) => sum + note.tax.amount, 0)).toBe(invoice.tax.amount);
  expect(await world.sql('select * from dead_letters')).toEqual([]);
}, 60_000);
