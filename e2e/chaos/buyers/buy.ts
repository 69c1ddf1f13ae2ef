/** The buyers: eight front ends that follow their plans and buy one thing after the other, whatever fails meanwhile. */
import { createHash } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { createApiClient } from '../../../dev/buyer/client.ts';
import type { Plan, ProductName } from '../plans.ts';
import { createRandom } from '../random.ts';
import { type Following, follow } from './follow.ts';
import { pay } from './pay.ts';
import { GaveUp, insist, type Shop } from './shop.ts';
import { isOver, type Journal, newTold, type Told } from './told.ts';

export interface Market {
  seed: number;
  gatewayUrl: string;
  products: Record<ProductName, string>;
  journal: Journal;
  signal: AbortSignal;
  /** Receives each purchase as it begins. */
  told: Told[];
  following: Following[];
  /** Access tokens by user id, for code that looks at the orders afterwards. */
  tokens: Map<string, string>;
}

const SESSION = '__typename ... on Session { accessToken user { id } } ... on Error { message }';
const REGISTER = `mutation ($input: RegisterInput!) { register(input: $input) { ${SESSION} } }`;
const LOGIN = `mutation ($input: LoginInput!) { login(input: $input) { ${SESSION} } }`;
const PLACE = `mutation ($input: PlaceOrderInput!) { placeOrder(input: $input) {
  __typename ... on Order { id status } ... on Error { message } } }`;
const CANCEL = `mutation ($input: CancelOrderInput!) { cancelOrder(input: $input) {
  __typename ... on Order { status } ... on Error { message } } }`;

/** How long a buyer watches an order before buying the next thing. */
const WATCH_MS = 6_000;

/**
 * Registers a buyer and carries out the plans, one after the other. A failed registration is recorded in the journal.
 */
export async function buy(market: Market, buyer: number, plans: Plan[]): Promise<void> {
  try {
    await buyAll(market, buyer, plans);
  } catch (error) {
    if (!(error instanceof GaveUp)) throw error;
    const { message } = error;
    market.journal.unexpected.push({ at: Date.now(), operation: 'register', code: 'given up', message });
  }
}

async function buyAll(market: Market, buyer: number, plans: Plan[]): Promise<void> {
  const { seed, journal, signal } = market;
  const random = createRandom(seed, `front end ${buyer}`);
  const stranger: Shop = { api: createApiClient(market.gatewayUrl), journal, random, signal };
  const account = await openAccount(stranger, `buyer-${seed}-${buyer}@example.org`);
  market.tokens.set(account.userId, account.token);
  const shop: Shop = { ...stranger, api: stranger.api.withToken(account.token) };
  for (const plan of plans) {
    const names = plan.twice ? [`${plan.purchase}`, `${plan.purchase}b`] : [`${plan.purchase}`];
    await Promise.all(names.map(name => purchase(market, shop, account, plan, name)));
  }
}

/** A buyer whose registration succeeded but whose answer was lost signs in: the account exists. */
async function openAccount(shop: Shop, email: string) {
  const secret = { email, password: 'a long enough password' };
  const { register } = await insist(shop, 'register', REGISTER, {
    input: { ...secret, displayName: 'Camille Dupont' },
  });
  const session =
    register.__typename === 'Session'
      ? register
      : (await insist(shop, 'login', LOGIN, { input: secret })).login;
  if (session.__typename !== 'Session') throw new GaveUp(`login: ${session.message}`);
  return { email, userId: session.user.id as string, token: session.accessToken as string };
}

async function purchase(
  market: Market,
  shop: Shop,
  { email, userId }: { email: string; userId: string },
  plan: Plan,
  name: string,
): Promise<void> {
  const lines = plan.lines.map(({ product, quantity }) => ({
    productId: market.products[product],
    quantity,
  }));
  const told = newTold({ purchase: name, kind: plan.kind, email, userId, lines });
  market.told.push(told);
  try {
    await pause(plan.thinkMs);
    await place(shop, told, { key: `chaos-${market.seed}-${name}`, loseAfterMs: plan.loseAnswerAfterMs });
    if (told.refusal) return;
    const following = follow(shop.api, told, shop.journal);
    market.following.push(following);
    await carryOut(shop, told, plan, following);
    await following.until(({ status }) => isOver(status), WATCH_MS);
    await keepInvoice(told, following);
  } catch (error) {
    if (!(error instanceof GaveUp)) throw error;
    told.gaveUp = error.message;
  }
}

/** Two concurrent requests under one key when the first answer is lost: both must name the same order. */
async function place(
  shop: Shop,
  told: Told,
  { key, loseAfterMs }: { key: string; loseAfterMs: number | null },
): Promise<void> {
  const input = { idempotencyKey: key, lines: told.lines };
  const repeats = loseAfterMs === null ? 1 : 2;
  for (let i = 0; i < repeats; i++) {
    const { placeOrder } = await insist(shop, 'placeOrder', PLACE, { input }, { loseAfterMs });
    if (placeOrder.__typename === 'Order') {
      if (!told.orderIds.includes(placeOrder.id)) told.orderIds.push(placeOrder.id);
    } else if (told.orderIds.length === 0) {
      told.refusal = placeOrder.__typename;
    } else {
      told.orderIds.push(`${placeOrder.__typename} after it was acknowledged`);
    }
    if (told.refusal) return;
  }
}

async function carryOut(shop: Shop, told: Told, plan: Plan, following: Following): Promise<void> {
  if (plan.kind === 'abandoned') return;
  if (plan.kind === 'canceled unpaid') {
    await following.until(({ status }) => status !== 'CREATED', WATCH_MS);
    await pause(plan.thinkMs);
    return cancel(shop, told);
  }
  await pay(shop, told, plan, following);
  if (plan.kind === 'canceled paid') await cancel(shop, told);
}

async function cancel(shop: Shop, told: Told): Promise<void> {
  told.cancelAsked = true;
  const input = { orderId: told.orderIds[0] };
  for (let attempt = 0; attempt < 20; attempt++) {
    const { cancelOrder } = await insist(shop, 'cancelOrder', CANCEL, { input });
    if (cancelOrder.__typename === 'Order') {
      told.canceled ||= cancelOrder.status === 'CANCELED';
      return;
    }
    if (!/being reserved/.test(cancelOrder.message)) return;
    await pause(500);
  }
}

/** Downloads the invoice once it is available: its bytes must never change (I6). */
async function keepInvoice(told: Told, following: Following): Promise<void> {
  for (let attempt = 0; attempt < 5 && told.invoiceHash === null; attempt++) {
    const url = following.latest()?.invoice?.pdfUrl;
    if (!url) return;
    const bytes = await download(url);
    if (bytes) told.invoiceHash = createHash('sha256').update(bytes).digest('hex');
    else await pause(500);
  }
}

/** A whole PDF, or null. */
export async function download(url: string): Promise<Buffer | null> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(20_000) });
    const bytes = Buffer.from(await response.arrayBuffer());
    return response.ok && bytes.subarray(0, 5).toString() === '%PDF-' ? bytes : null;
  } catch {
    return null;
  }
}
