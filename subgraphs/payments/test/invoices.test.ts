import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { newId } from '#shared/data/database.ts';
import type { Viewer } from '#shared/kernel/passport.ts';
import { eventually, viewerWith } from '#shared/test/world.ts';
import { notFoundAnswer, PAYMENT, playSubgraph, type ShownPayment, startWorld, type World } from './world.ts';

interface Invoice {
  id: string;
  number: string | null;
  status: string;
  total: { amount: number; currency: string };
  order: { id: string } | null;
  customer: { id: string };
}

const invoices = new Map<string, Invoice>();
let subgraph: Awaited<ReturnType<typeof playSubgraph>>;
let world: World;
let away = false;

beforeAll(async () => {
  subgraph = await playSubgraph(({ id }) =>
    away ? null : invoices.has(id!) ? { data: { invoice: invoices.get(id!) } } : notFoundAnswer('Invoice'),
  );
  world = await startWorld({ INVOICES_URL: subgraph.url });
});
afterAll(async () => {
  await world?.stop();
  await subgraph?.stop();
});

function draw(buyer: Viewer, more: Partial<Invoice> = {}): Invoice {
  const total = { amount: 9_900, currency: 'EUR' };
  const invoice = { id: newId(), number: 'F2026-000042', status: 'DUE', total, order: null, ...more };
  invoices.set(invoice.id, { ...invoice, customer: { id: buyer.id } });
  return invoices.get(invoice.id)!;
}

async function pay(viewer: Viewer, { id, total }: Invoice, more: object = {}) {
  const input = { invoiceId: id, amount: total, paymentMethodId: 'pm_card_visa', idempotencyKey: newId() };
  const selection = `... on Payment { ${PAYMENT} } ... on AmountMismatch { due { amount currency } }`;
  const { data } = await world.mutate(viewer, 'payInvoice', { ...input, ...more }, selection);
  return data.payInvoice as ShownPayment;
}

test('a due invoice is paid at once, and told of with its id', async () => {
  const buyer = viewerWith('CUSTOMER');
  const invoice = draw(buyer);
  const paid = await pay(buyer, invoice);
  expect(paid).toMatchObject({
    __typename: 'Payment',
    status: 'SUCCEEDED',
    amount: invoice.total,
    invoice: { id: invoice.id },
    order: null,
  });
  const updates = await world.updates(paid.id);
  expect(updates.at(-1)).toMatchObject({ invoiceId: invoice.id, orderId: null, status: 'SUCCEEDED' });
  const representations = [{ __typename: 'Invoice', id: invoice.id }];
  const { data } = await world.ask(
    buyer,
    'query ($r: [_Any!]!) { _entities(representations: $r) { ... on Invoice { payments { id } } } }',
    { r: representations },
  );
  expect(data._entities).toEqual([{ payments: [{ id: paid.id }] }]);
  // Also while the news has not reached the invoice.
  expect(await pay(buyer, invoice)).toMatchObject({
    __typename: 'InvoiceNotPayable',
    message: 'This payment has succeeded already.',
  });
});

test('the same key pays once, also at once; with another input it is a conflict', async () => {
  const buyer = viewerWith('CUSTOMER');
  const invoice = draw(buyer);
  const idempotencyKey = newId();
  const answers = await Promise.all(Array.from({ length: 8 }, () => pay(buyer, invoice, { idempotencyKey })));
  expect(new Set(answers.map(({ __typename, id }) => `${__typename} ${id}`)).size).toBe(1);
  expect(await pay(buyer, invoice, { idempotencyKey, paymentMethodId: 'pm_card_amex' })).toMatchObject({
    __typename: 'IdempotencyConflict',
  });
  const rows = await world.sql('select attempts from payments where invoice_id = $1', [invoice.id]);
  expect(rows).toEqual([{ attempts: 1 }]);
});

test('many at once with keys of their own pay it once', async () => {
  const buyer = viewerWith('CUSTOMER');
  const invoice = draw(buyer);
  const answers = await Promise.all(Array.from({ length: 8 }, () => pay(buyer, invoice)));
  expect(answers.filter(({ __typename }) => __typename === 'Payment')).toHaveLength(1);
  expect(answers.filter(({ __typename }) => __typename === 'InvoiceNotPayable')).toHaveLength(7);
});

test('a declined card leaves the payment open; the next card pays the same payment', async () => {
  const buyer = viewerWith('CUSTOMER');
  const invoice = draw(buyer);
  const declined = await pay(buyer, invoice, { paymentMethodId: 'pm_card_chargeDeclined' });
  expect(declined).toMatchObject({ status: 'REQUIRES_PAYMENT_METHOD', failureCode: 'card_declined' });
  const wrong = await pay(buyer, invoice, { paymentMethodId: 'pm_nothing' });
  expect(wrong).toMatchObject({ __typename: 'InvalidInput' });
  const paid = await pay(buyer, invoice);
  expect(paid).toMatchObject({ id: declined.id, status: 'SUCCEEDED' });
});

test('what is not due, not the viewer’s, or of another amount is refused with the reason', async () => {
  const buyer = viewerWith('CUSTOMER');
  const reasons: [Partial<Invoice>, string][] = [
    [{ status: 'DRAFT', number: null }, 'This invoice is a draft. Pay its order instead.'],
    [{ status: 'PAID' }, 'This invoice is paid already.'],
    [{ status: 'VOID' }, 'This invoice is void.'],
  ];
  for (const [more, message] of reasons)
    expect(await pay(buyer, draw(buyer, more))).toMatchObject({ __typename: 'InvoiceNotPayable', message });
  const invoice = draw(buyer);
  const missing = { ...invoice, id: newId() };
  for (const [viewer, which] of [
    [viewerWith('CUSTOMER'), invoice],
    [world.admin, invoice],
    [buyer, missing],
    [buyer, { ...invoice, id: 'not an id' }],
  ] as const)
    expect(await pay(viewer, which)).toMatchObject({
      __typename: 'InvoiceNotPayable',
      message: 'There is no such invoice of yours.',
    });
  for (const amount of [
    { amount: 9_899, currency: 'EUR' },
    { amount: 9_900, currency: 'USD' },
  ])
    expect(await pay(buyer, invoice, { amount })).toMatchObject({
      __typename: 'AmountMismatch',
      due: { amount: 9_900, currency: 'EUR' },
    });
  expect(await pay(buyer, invoice, { idempotencyKey: '' })).toMatchObject({ __typename: 'InvalidInput' });
});

test('the invoice of an order is paid by the order’s own payment: two can never be captured (I1)', async () => {
  const { buyer, orderId, paymentId } = await world.order(viewerWith('CUSTOMER'), 9_900);
  const invoice = draw(buyer, { order: { id: orderId } });
  const paid = await pay(buyer, invoice);
  expect(paid).toMatchObject({ id: paymentId, status: 'SUCCEEDED', order: { id: orderId } });
  expect(await world.outcomes(orderId)).toHaveLength(1);

  const other = await world.order(buyer, 5_000);
  expect(await pay(buyer, draw(buyer, { order: { id: other.orderId } }))).toMatchObject({
    message: 'Its order asks for another amount. Pay the order instead.',
  });
  const closed = await world.order(buyer, 9_900);
  await world.messenger.deliver('payment-cancel-request', { orderId: closed.orderId, reason: 'expired' });
  await world.reaches(closed.paymentId, 'CANCELED');
  expect(await pay(buyer, draw(buyer, { order: { id: closed.orderId } }))).toMatchObject({
    message: 'The order of this invoice can no longer be paid.',
  });
});

test('invoices not answering is UNAVAILABLE, and nothing is begun', async () => {
  const buyer = viewerWith('CUSTOMER');
  const invoice = draw(buyer);
  away = true;
  const { errors } = await world.mutate(buyer, 'payInvoice', {
    invoiceId: invoice.id,
    amount: invoice.total,
    paymentMethodId: 'pm_card_visa',
    idempotencyKey: 'k',
  });
  away = false;
  expect(errors![0]!.extensions.code).toBe('UNAVAILABLE');
  expect(await world.sql('select 1 from payments where invoice_id = $1', [invoice.id])).toEqual([]);
});

test('F3: an invoice whose payment’s answer is lost is found to be paid', async () => {
  const buyer = viewerWith('CUSTOMER');
  const invoice = draw(buyer);
  await world.control('POST', 'webhooks/pause');
  await world.control('POST', 'faults', {
    match: { method: 'POST', path: '/v1/payment_intents/' },
    kind: 'cut-after',
    times: 2,
  });
  const unknown = await pay(buyer, invoice);
  expect(unknown.status).toBe('PROCESSING');
  await world.hasten('reconcile-payment');
  await world.reaches(unknown.id, 'SUCCEEDED');
  await world.control('POST', 'webhooks/resume');
  await eventually(async () => (await world.updates(unknown.id)).at(-1)!.invoiceId === invoice.id);
});
