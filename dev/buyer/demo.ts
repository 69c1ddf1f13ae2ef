/** `npm run demo`: a purchase against a running stack, as a client performs it, told step by step. */
import { createPublicKey, verify } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createApiClient } from './client.ts';
import {
  confirmPayment,
  listEvents,
  type OrderNews,
  payable,
  placeOrder,
  registerBuyer,
  watchPurchase,
} from './purchase.ts';

const { values: options } = parseArgs({
  options: {
    gateway: { type: 'string', default: process.env.GATEWAY_URL ?? 'http://localhost:4000' },
    /** Where the PDFs go. */
    directory: { type: 'string', default: '.guichet' },
    mailbox: { type: 'string', default: process.env.MAILBOX_URL ?? 'http://localhost:1080' },
  },
});

const started = performance.now();
const clock = () => `${((performance.now() - started) / 1_000).toFixed(3).padStart(7)} s`;
const tell = (text: string) => console.log(`${clock()}  ${text}`);
const money = ({ amount, currency }: { amount: number; currency: string }) =>
  new Intl.NumberFormat('en', { style: 'currency', currency }).format(amount / 100);

const api = createApiClient(`${options.gateway}/graphql`);
const events = await listEvents(api).catch(() => {
  console.error(`Nothing answers at ${options.gateway}. Start the stack first: npm start`);
  process.exit(1);
});
const event = events.find(({ products }) => products.some(({ available }) => available > 2));
if (!event) throw new Error('No event with products left: begin anew with `npm start -- --fresh`.');

tell(`Event "${event.title}"${event.venue ? `, ${event.venue}` : ''}, ${event.startsAt}`);
const admission = event.products.find(({ kind, available }) => kind === 'ADMISSION' && available > 2)!;
const goods = event.products.find(({ kind, available }) => kind === 'MERCHANDISE' && available > 1);
for (const { name, price, available } of event.products)
  tell(`   ${name}: ${money(price)}, ${available} left`);

const buyer = await registerBuyer(api);
tell(`Signed up ${buyer.email}`);

const order = await placeOrder(buyer.api, [
  { productId: admission.id, quantity: 2, guestNames: ['Camille Dupont', 'Noé Martin'] },
  ...(goods ? [{ productId: goods.id, quantity: 1 }] : []),
]);
if (order.__typename !== 'Order') throw new Error(order.message);
tell(`Placed order ${order.number}`);

const purchase = watchPurchase(buyer.api, order.id);
const narrate = narrator();
const payment = (await purchase.until(order => narrate(order) || payable(order))).payments[0]!;
tell('Paying with pm_card_visa …');
const paidAt = performance.now();
const confirmed = await confirmPayment(buyer.api, payment.id, 'pm_card_visa');
tell(`   Stripe answers ${confirmed.status}`);
const final = await purchase.until(
  order => narrate(order) || (order.status === 'COMPLETED' && order.invoice?.status === 'PAID'),
);
tell(`Done ${Math.round(performance.now() - paidAt)} ms after the payment was confirmed`);
await purchase.close();

const publicKey = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: event.publicKey }, format: 'jwk' });
for (const { code, qrCode } of final.tickets) {
  const signed = Buffer.from(qrCode.split('.').at(-1)!, 'base64url');
  const valid = verify(null, signed.subarray(0, -64), publicKey, signed.subarray(-64));
  tell(`Ticket ${code}: QR code ${valid ? "verifies against the event's public key" : 'DOES NOT VERIFY'}`);
  if (!valid) process.exitCode = 1;
}
const files = [
  ...final.tickets.map(({ code, pdfUrl }) => ({ name: `ticket-${code}.pdf`, url: pdfUrl! })),
  { name: `invoice-${final.invoice!.number}.pdf`, url: final.invoice!.pdfUrl! },
];
const mail = await findMail(buyer.email);
console.log('\nPDF files (addresses valid for 15 minutes)');
await mkdir(options.directory, { recursive: true });
for (const { name, url } of files) {
  const bytes = Buffer.from(await (await fetch(url)).arrayBuffer());
  if (bytes.subarray(0, 5).toString() !== '%PDF-')
    throw new Error(`${name} is not a PDF: ${bytes.subarray(0, 200)}`);
  const path = join(options.directory, name);
  await writeFile(path, bytes);
  console.log(`  ${path}  (${Math.round(bytes.length / 1_024)} kB)\n    ${url}`);
}
console.log(`\nEmail to ${buyer.email}: "${mail.subject}" with ${mail.attachments.length} attachment(s)`);
console.log(`  ${options.mailbox}`);

/** Tells what is new in the order's news, once each. Always false, so that it can stand in a condition. */
function narrator() {
  const told = new Set<string>();
  return ({ status, payments, invoice, tickets, notifications }: OrderNews): boolean => {
    const facts = [
      `Order is ${status}`,
      ...payments.map(payment => `   payment ${payment.status}`),
      ...(invoice ? [`   invoice ${invoice.number ?? '(draft)'} ${invoice.status}`] : []),
      ...(tickets.length > 0 ? [`   tickets ${tickets.map(({ code }) => code).join(', ')}`] : []),
      ...notifications.map(({ status, subject }) => `   notification "${subject}" ${status}`),
    ];
    for (const fact of facts) if (!told.has(fact)) tell(fact);
    for (const fact of facts) told.add(fact);
    return false;
  };
}

async function findMail(recipient: string): Promise<{ subject: string; attachments: unknown[] }> {
  const response = await fetch(`${options.mailbox}/api/email`);
  const mails = (await response.json()) as {
    subject: string;
    to: { address: string }[];
    attachments: unknown[];
  }[];
  const mail = mails.find(({ to }) => to.some(({ address }) => address === recipient));
  if (!mail) throw new Error(`No email for ${recipient} at ${options.mailbox}`);
  return mail;
}
