import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { newId } from '#shared/data/database.ts';
import { eventually, viewerWith } from '#shared/test/world.ts';
import { line, orderOf, refund, startWorld, type TestOrder, type World } from './world.ts';

let world: World;

beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world?.stop());

const admin = viewerWith('ADMIN');
const buyerOf = (order: TestOrder) => viewerWith('CUSTOMER', { id: order.customer.id });

const FIELDS = `id number status order { id } customer { id } issuedAt dueAt paidAt pdfUrl
  subtotal { amount currency } tax { amount } total { amount currency }
  lines { description quantity unitPrice { amount } taxRate total { amount currency } }
  taxLines { rate base { amount } tax { amount } }
  creditNotes { id number total { amount } subtotal { amount } tax { amount } reason issuedAt pdfUrl
    taxLines { rate base { amount currency } tax { amount } } invoice { id } }`;
const BY_ORDER = `query ($r: [_Any!]!) { _entities(representations: $r) { ... on Order { id invoice { ${FIELDS} } } } }`;
const FINALIZE = `mutation ($input: FinalizeInvoiceInput!) { finalizeInvoice(input: $input) {
  __typename ... on Invoice { ${FIELDS} } ... on Error { message } } }`;

const invoiceOf = async (order: TestOrder, viewer = buyerOf(order)) => {
  const r = [{ __typename: 'Order', id: order.orderId }];
  return (await world.ask(viewer, BY_ORDER, { r })).data._entities[0].invoice;
};
const invoiceWith = (order: TestOrder, status: string) =>
  eventually(async () => {
    const invoice = await invoiceOf(order);
    return invoice?.status === status && invoice;
  });
const moved = (order: TestOrder, ...[from, to, paymentId]: Parameters<TestOrder['moved']>) =>
  world.messenger.deliver('order.status.updated', order.moved(from, to, paymentId));
const handled = (eventId: string) =>
  eventually(async () => (await world.sql('select from inbox where event_id = $1', [eventId])).length > 0);

async function draft(order = orderOf()) {
  await moved(order, 'CREATED', 'RESERVED');
  return { order, invoice: await invoiceWith(order, 'DRAFT') };
}
async function paid(order = orderOf()) {
  const payment = order.payment();
  await moved(order, 'CREATED', 'RESERVED');
  await world.messenger.deliver('payment.status.updated', payment.tell('SUCCEEDED'));
  await moved(order, 'RESERVED', 'PAID', payment.paymentId);
  return { order, payment, invoice: await invoiceWith(order, 'PAID') };
}

test('a reserved order has a draft without number and without document', async () => {
  const { order, invoice } = await draft(orderOf([line(4_500, 0.055, { quantity: 2 }), line(1_500)]));
  expect(invoice).toMatchObject({
    number: null,
    issuedAt: null,
    paidAt: null,
    pdfUrl: null,
    creditNotes: [],
    order: { id: order.orderId },
    customer: { id: order.customer.id },
    subtotal: { amount: 9_781, currency: 'EUR' },
    tax: { amount: 719 },
    total: { amount: 10_500, currency: 'EUR' },
    lines: [
      {
        quantity: 2,
        unitPrice: { amount: 4_500 },
        taxRate: 0.055,
        total: { amount: 9_000, currency: 'EUR' },
      },
      { quantity: 1, unitPrice: { amount: 1_500 }, taxRate: 0.2, total: { amount: 1_500 } },
    ],
    taxLines: [
      { rate: 0.2, base: { amount: 1_250 }, tax: { amount: 250 } },
      { rate: 0.055, base: { amount: 8_531 }, tax: { amount: 469 } },
    ],
  });
});

test('payment finalizes the invoice: number, date, document, and the messages that tell of it', async () => {
  const { order, invoice } = await paid();
  expect(invoice).toMatchObject({
    number: expect.stringMatching(/^F\d{4}-\d{6}$/),
    issuedAt: expect.any(String),
    paidAt: expect.any(String),
    pdfUrl: expect.stringContaining(`http://localhost:4003/files/invoices/${invoice.id}.pdf?`),
  });
  const told = {
    invoiceId: invoice.id,
    number: invoice.number,
    orderId: order.orderId,
    customerId: order.customer.id,
    total: order.total,
  };
  expect(await world.emitted('invoice.issued')).toContainEqual(told);
  expect(await world.emitted('invoice.paid')).toContainEqual(told);
});

test('a free order is invoiced when it is paid, that is at once', async () => {
  const order = orderOf([line(0)]);
  await moved(order, 'RESERVED', 'PAID');
  expect(await invoiceWith(order, 'PAID')).toMatchObject({ total: { amount: 0 } });
});

test('the first message may be the last of the saga: the invoice is there all the same', async () => {
  const order = orderOf();
  await moved(order, 'SHIPPING_SCHEDULED', 'COMPLETED');
  expect((await invoiceWith(order, 'PAID')).number).toBeTruthy();
});

test('payments and refunds that are told of before their order are kept, and applied when it is paid', async () => {
  const order = orderOf();
  const { paymentId, tell } = order.payment();
  const id = newId();
  const refunds = [refund(500), refund(500)];
  await world.messenger.deliver('payment.status.updated', tell('SUCCEEDED', refunds));
  // The older message comes last and removes no facts.
  await eventually(
    async () => (await world.sql('select from settlements where order_id = $1', [order.orderId])).length > 0,
  );
  await world.messenger.deliver('payment.status.updated', tell('SUCCEEDED', refunds.slice(0, 1)), id);
  await handled(id);
  await draft(order);
  await moved(order, 'RESERVED', 'PAID', paymentId);
  const half = { total: { amount: 500 } };
  expect((await invoiceWith(order, 'PAID')).creditNotes).toMatchObject([half, half]);
});

test('an order that ends unpaid voids its draft, also when the draft comes later', async () => {
  const { order } = await draft();
  await moved(order, 'RESERVED', 'CANCELED');
  expect(await invoiceWith(order, 'VOID')).toMatchObject({ number: null, pdfUrl: null });

  const late = orderOf();
  const id = newId();
  await world.messenger.deliver('order.status.updated', late.moved('RESERVED', 'FAILED'), id);
  await handled(id);
  await moved(late, 'CREATED', 'RESERVED');
  await invoiceWith(late, 'VOID');
});

test('A9, F12: money that is captured for an order that ends unpaid leaves no document behind', async () => {
  const { order } = await draft();
  const { tell } = order.payment();
  const id = newId();
  await world.messenger.deliver('payment.status.updated', tell('SUCCEEDED'), id);
  await handled(id);
  expect(await invoiceOf(order)).toMatchObject({ status: 'DRAFT', number: null });
  await moved(order, 'RESERVED', 'FAILED');
  await invoiceWith(order, 'VOID');
  const refunded = newId();
  await world.messenger.deliver(
    'payment.status.updated',
    tell('SUCCEEDED', [refund(order.total.amount)]),
    refunded,
  );
  await handled(refunded);
  expect(await invoiceOf(order)).toMatchObject({ status: 'VOID', number: null, creditNotes: [] });
});

test('an order canceled after it was paid is invoiced, even when only its end is known', async () => {
  const order = orderOf();
  await moved(order, 'CANCELED', 'FAILED');
  await invoiceWith(order, 'DRAFT');
  await moved(order, 'PAID', 'CANCELED');
  await invoiceWith(order, 'PAID');
});

test('each refund gives one credit note; together they take back exactly the tax of the invoice', async () => {
  const { order, payment, invoice } = await paid(orderOf([line(3_333, 0.055, { quantity: 3 }), line(1_501)]));
  // The last refund exceeds what was invoiced: nothing is left to credit.
  const refunds = [refund(1_000), refund(7), refund(10_493), refund(1)];
  const id = newId();
  for (const upTo of [1, 2, 3, 3])
    await world.messenger.deliver(
      'payment.status.updated',
      payment.tell('SUCCEEDED', refunds.slice(0, upTo)),
    );
  await eventually(async () => (await invoiceOf(order)).creditNotes.length === 3);
  await world.messenger.deliver('payment.status.updated', payment.tell('SUCCEEDED', refunds), id);
  await handled(id);
  const credited = await eventually(async () => {
    const found = await invoiceOf(order);
    return found.creditNotes.length === 3 && found;
  });
  const add = (field: 'total' | 'tax' | 'subtotal') =>
    credited.creditNotes.reduce(
      (sum: number, note: never) => sum + (note[field] as { amount: number }).amount,
      0,
    );
  expect(add('total')).toBe(invoice.total.amount);
  expect(add('tax')).toBe(invoice.tax.amount);
  expect(add('subtotal')).toBe(invoice.subtotal.amount);
  expect(credited).toMatchObject({ status: 'PAID', number: invoice.number });
  expect(credited.creditNotes[0]).toMatchObject({
    number: expect.stringMatching(/^A\d{4}-\d{6}$/),
    reason: 'Annulation',
    invoice: { id: invoice.id },
    pdfUrl: expect.stringContaining('/files/credit-notes/'),
    taxLines: [{ rate: 0.2, base: { currency: 'EUR' } }, { rate: 0.055 }],
  });
  expect(await world.emitted('credit_note.issued')).toContainEqual(
    expect.objectContaining({ creditNoteId: credited.creditNotes[0].id, orderId: order.orderId }),
  );
});

test('I1: the refund of a second payment is not credited, whichever payment is told of first', async () => {
  const order = orderOf();
  const [second, first] = [order.payment(), order.payment()];
  const amount = order.total.amount;
  await world.messenger.deliver('payment.status.updated', second.tell('SUCCEEDED', [refund(amount)]));
  await moved(order, 'RESERVED', 'PAID', first.paymentId);
  await invoiceWith(order, 'PAID');
  const id = newId();
  await world.messenger.deliver('payment.status.updated', first.tell('SUCCEEDED'), id);
  await handled(id);
  expect(await invoiceOf(order)).toMatchObject({ status: 'PAID', creditNotes: [] });
  await world.messenger.deliver('payment.status.updated', first.tell('SUCCEEDED', [refund(amount)]));
  await eventually(async () => (await invoiceOf(order)).creditNotes.length === 1);
});

test('with payment terms an invoice is due first, and paid by a payment for it', async () => {
  const { order, invoice } = await draft();
  const input = { invoiceId: invoice.id, dueInDays: 30 };
  const { data } = await world.ask(admin, FINALIZE, { input });
  expect(data.finalizeInvoice).toMatchObject({
    __typename: 'Invoice',
    status: 'DUE',
    number: expect.stringMatching(/^F/),
    paidAt: null,
    dueAt: expect.any(String),
  });
  const again = await world.ask(admin, FINALIZE, { input });
  expect(again.data.finalizeInvoice.__typename).toBe('InvoiceNotFinalizable');
  const { tell } = order.payment(newId(), order.total.amount, invoice.id);
  await world.messenger.deliver('payment.status.updated', tell('PROCESSING'));
  await world.messenger.deliver('payment.status.updated', tell('SUCCEEDED'));
  expect(await invoiceWith(order, 'PAID')).toMatchObject({ number: data.finalizeInvoice.number });
});

test('a due invoice whose order ends unpaid is void, and a credit note takes its tax back', async () => {
  const { order, invoice } = await draft();
  await world.ask(admin, FINALIZE, { input: { invoiceId: invoice.id } });
  const turnedDown = order.payment(newId(), 1);
  const id = newId();
  await world.messenger.deliver('payment.status.updated', turnedDown.tell('SUCCEEDED'), id);
  await handled(id);
  await moved(order, 'RESERVED', 'FAILED', turnedDown.paymentId);
  expect(await invoiceWith(order, 'VOID')).toMatchObject({
    number: expect.any(String),
    creditNotes: [{ total: { amount: order.total.amount } }],
  });
});

test('only an administrator gives payment terms, to a draft, within the law', async () => {
  const { order, invoice } = await draft();
  const finalize = (viewer: ReturnType<typeof viewerWith>, input: object) =>
    world.ask(viewer, FINALIZE, { input: { invoiceId: invoice.id, ...input } });
  expect((await finalize(buyerOf(order), {})).errors![0]!.extensions.code).toBe('FORBIDDEN');
  expect((await finalize(admin, { invoiceId: newId() })).errors![0]!.extensions.code).toBe('NOT_FOUND');
  for (const dueInDays of [-1, 61])
    expect((await finalize(admin, { dueInDays })).data.finalizeInvoice.__typename).toBe('InvalidInput');
  expect(await invoiceOf(order)).toMatchObject({ status: 'DRAFT', number: null });
});

test('A20: an invoice is seen by its customer and by administrators; to others it is as if missing', async () => {
  const { order, payment, invoice } = await paid();
  await world.messenger.deliver('payment.status.updated', payment.tell('SUCCEEDED', [refund(100)]));
  const { creditNotes } = await eventually(async () => {
    const found = await invoiceOf(order);
    return found.creditNotes.length === 1 && found;
  });
  const QUERY = 'query ($id: ID!) { invoice(id: $id) { id status number total { amount } customer { id } } }';
  const seenBy = (viewer: ReturnType<typeof viewerWith> | null, id = invoice.id) =>
    world.ask(viewer, QUERY, { id });
  expect((await seenBy(buyerOf(order))).data.invoice.id).toBe(invoice.id);
  expect((await seenBy(admin)).data.invoice.id).toBe(invoice.id);
  const stranger = viewerWith('CUSTOMER');
  const hidden = await seenBy(stranger);
  expect(hidden.errors![0]!.extensions.code).toBe('NOT_FOUND');
  expect(await seenBy(stranger, newId())).toEqual(hidden);
  expect(await seenBy(stranger, 'not an id')).toEqual(hidden);
  expect((await seenBy(null)).errors![0]!.extensions.code).toBe('UNAUTHENTICATED');

  const ENTITIES = `query ($r: [_Any!]!) { _entities(representations: $r) {
    ... on Invoice { number } ... on CreditNote { credit: number } ... on Order { invoice { id } }
    ... on User { invoices { nodes { id } totalCount } } } }`;
  const r = [
    { __typename: 'Invoice', id: invoice.id },
    { __typename: 'CreditNote', id: creditNotes[0].id },
    { __typename: 'Order', id: order.orderId },
    { __typename: 'User', id: order.customer.id },
  ];
  for (const viewer of [stranger, null])
    expect((await world.ask(viewer, ENTITIES, { r })).data._entities).toEqual([
      null,
      null,
      { invoice: null },
      { invoices: { nodes: [], totalCount: 0 } },
    ]);
  expect((await world.ask(buyerOf(order), ENTITIES, { r })).data._entities).toEqual([
    { number: invoice.number },
    { credit: creditNotes[0].number },
    { invoice: { id: invoice.id } },
    { invoices: { nodes: [{ id: invoice.id }], totalCount: 1 } },
  ]);
});

test('one lists one’s own invoices, newest first, by status; administrators list all', async () => {
  const customer = { id: newId() };
  const first = await paid(orderOf([line(1_000)], customer));
  const second = await paid(orderOf([line(2_000)], customer));
  await draft(orderOf([line(3_000)], customer));
  const LIST = `query ($first: Int, $after: String, $status: InvoiceStatus) {
    invoices(first: $first, after: $after, status: $status) {
      nodes { id total { amount } creditNotes { id } lines { description } } pageInfo { hasNextPage endCursor } totalCount } }`;
  const list = async (variables: object, viewer = viewerWith('CUSTOMER', customer)) =>
    (await world.ask(viewer, LIST, { ...variables })).data.invoices;
  const all = await list({});
  expect(all.nodes.map((node: { total: object }) => node.total)).toEqual(
    [3_000, 2_000, 1_000].map(amount => ({ amount })),
  );
  const page = await list({ first: 1, status: 'PAID' });
  expect(page).toMatchObject({ nodes: [{ id: second.invoice.id }], totalCount: 2 });
  const next = await list({ first: 1, status: 'PAID', after: page.pageInfo.endCursor });
  expect(next).toMatchObject({ nodes: [{ id: first.invoice.id }], pageInfo: { hasNextPage: false } });
  expect((await list({}, admin)).totalCount).toBeGreaterThan(3);
});
