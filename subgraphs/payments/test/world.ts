/** What the tests of payments share: the subgraph on a real Stripe sandbox, with the other subgraphs played. */
import Stripe from 'stripe';
import type { MessageData } from '#schema/messages/index.ts';
import { newId } from '#shared/data/database.ts';
import type { Viewer } from '#shared/kernel/passport.ts';
import type { Environment } from '#shared/kernel/settings.ts';
import { eventually, startHttpServer, startSubgraphWorld, viewerWith } from '#shared/test/world.ts';
import { startStripeSandbox } from '../../../dev/stripe-sandbox/server.ts';
import { signWebhook } from '../../../dev/stripe-sandbox/webhooks.ts';
import { startPayments } from '../server.ts';

export const SECRET = 'whsec_guichet_development';

export const PAYMENT = `id status clientSecret nextActionUrl failureCode failureMessage providerReference
  amount { amount currency } refundedAmount { amount currency }
  refunds { id amount { amount currency } status reason external } order { id } invoice { id }`;

/** A payment as the API shows it. */
export interface ShownPayment {
  id: string;
  __typename?: string;
  message?: string;
  status: string;
  clientSecret: string | null;
  nextActionUrl: string | null;
  failureCode: string | null;
  failureMessage: string | null;
  providerReference: string;
  amount: { amount: number; currency: string };
  refundedAmount: { amount: number; currency: string };
  refunds: {
    id: string;
    amount: { amount: number; currency: string };
    status: string;
    reason: string | null;
    external: boolean;
  }[];
}

/** Plays another subgraph: answers GraphQL over HTTP with what `answer` gives for the variables, or 503 for null. */
export function playSubgraph(answer: (variables: Record<string, string>) => object | null) {
  return startHttpServer(async (req, res) => {
    const chunks: Buffer[] = [];
    for await (const chunk of req as AsyncIterable<Buffer>) chunks.push(chunk);
    const { variables } = JSON.parse(Buffer.concat(chunks).toString());
    const told = answer(variables);
    if (!told) res.writeHead(503, { 'content-type': 'text/html' }).end('<h1>Away</h1>');
    else res.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(told));
  });
}

export const notFoundAnswer = (what: string) => ({
  data: null,
  errors: [{ message: `${what} not found.`, extensions: { code: 'NOT_FOUND' } }],
});

export type World = Awaited<ReturnType<typeof startWorld>>;

/** The payments subgraph on a Stripe sandbox of its own. */
export async function startWorld(extra: Environment = {}) {
  const sandbox = await startStripeSandbox({
    port: 0,
    webhookUrl: 'http://127.0.0.1:9/not-yet',
    webhookSecret: SECRET,
  });
  const world = await startSubgraphWorld('payments', startPayments, {
    STRIPE_API_URL: sandbox.url,
    ...extra,
  });
  const { messenger, sql, emitted } = world;
  const webhookUrl = `${world.url}/webhooks/stripe`;
  sandbox.sendWebhooksTo(webhookUrl);
  const admin = viewerWith('ADMIN');
  /** A call to the sandbox's /sandbox/… */
  async function control<T = Record<string, never>>(method: string, path: string, body?: object): Promise<T> {
    const answer = await fetch(`${sandbox.url}/sandbox/${path}`, {
      method,
      headers: { 'content-type': 'application/json' },
      body: body && JSON.stringify(body),
    });
    return (await answer.json()) as T;
  }

  async function see(viewer: Viewer | null, id: string): Promise<ShownPayment> {
    const query = `query ($id: ID!) { payment(id: $id) { ${PAYMENT} } }`;
    return (await world.ask(viewer, query, { id })).data?.payment;
  }

  async function mutate(viewer: Viewer | null, name: string, input: object, selection = '') {
    const type = `${name[0]!.toUpperCase()}${name.slice(1)}Input!`;
    const query = `mutation ($input: ${type}) { ${name}(input: $input) {
      __typename ... on Error { message } ${selection || `... on Payment { ${PAYMENT} }`} } }`;
    return world.ask(viewer, query, { input });
  }

  const requestOf = (
    buyer: Viewer,
    amount = 5_000,
    orderId = newId(),
  ): MessageData<'payment-process-request'> => ({
    orderId,
    orderNumber: `T-${orderId.slice(-6)}`,
    customer: { id: buyer.id, email: buyer.email, displayName: buyer.displayName, locale: 'fr' },
    total: { amount, currency: 'EUR' },
    provider: 'STRIPE',
    expiresAt: new Date(Date.now() + 900_000).toISOString(),
  });

  /** The only payment of an order, once there is one. */
  const paymentIdOf = (orderId: string) =>
    eventually(async () => {
      const rows = await sql('select id from payments where order_id = $1 order by id desc', [orderId]);
      return rows[0]?.id as string | undefined;
    });

  return {
    ...world,
    sandbox,
    admin,
    control,
    see,
    webhookUrl,
    requestOf,
    paymentIdOf,
    stripe: new Stripe('sk_test_guichet', {
      host: 'localhost',
      port: sandbox.port,
      protocol: 'http',
      telemetry: false,
    }),

    /** An order that awaits its payment, which the provider knows. */
    async order(buyer = viewerWith('CUSTOMER'), amount = 5_000) {
      const request = requestOf(buyer, amount);
      await messenger.deliver('payment-process-request', request);
      const paymentId = await paymentIdOf(request.orderId);
      const payment = await eventually(async () => {
        const shown = await see(buyer, paymentId);
        return shown.clientSecret !== null && shown;
      });
      return { buyer, orderId: request.orderId, paymentId, payment };
    },
    async confirm(buyer: Viewer, paymentId: string, paymentMethodId = 'pm_card_visa', more: object = {}) {
      const input = { paymentId, paymentMethodId, ...more };
      return (await mutate(buyer, 'confirmPayment', input)).data?.confirmPayment as ShownPayment;
    },
    async refund(paymentId: string, more: object = {}, viewer = admin) {
      const input = { paymentId, idempotencyKey: newId(), ...more };
      const selection = `... on Payment { ${PAYMENT} } ... on RefundNotPossible { refundable { amount currency } }`;
      return (await mutate(viewer, 'refundPayment', input, selection)).data?.refundPayment;
    },
    mutate,
    /** Waits until the payment has this status. */
    reaches: (paymentId: string, status: string) =>
      eventually(async () => {
        const shown = await see(admin, paymentId);
        return shown.status === status && shown;
      }),
    outcomes: async (orderId: string) =>
      (await emitted('payment-process-result')).filter(result => result.orderId === orderId),
    refundResults: async (orderId: string) =>
      (await emitted('payment-refund-result')).filter(result => result.orderId === orderId),
    updates: async (paymentId: string) =>
      (await emitted('payment.status.updated')).filter(update => update.paymentId === paymentId),
    /** What the sandbox was asked at a path, e.g. `POST payment_intents`. */
    async asked(method: string, path: string) {
      const found = await control<{ data: { idempotencyKey: string | null; replayed?: boolean }[] }>(
        'GET',
        `requests?method=${method}&path=/v1/${path}`,
      );
      return found.data;
    },
    /** Posts a webhook, rightly signed unless told otherwise. */
    post: (body: string, signature = signWebhook(body, SECRET)) =>
      fetch(webhookUrl, { method: 'POST', headers: { 'stripe-signature': signature }, body }),
    /** Waits until every webhook was delivered and handled. */
    settled: () =>
      eventually(async () => {
        const { count } = await control<{ count: number }>('GET', 'deliveries?state=pending');
        const [row] = await sql('select count(*)::int as open from webhooks where handled_at is null');
        return count === 0 && row!.open === 0;
      }),
    /** Runs a job as if it had been enqueued. */
    async runJob(job: string, data: object) {
      const id = newId();
      const envelope = { specversion: '1.0', id, source: 'payments', type: `payments/${job}`, data };
      const time = new Date().toISOString();
      await sql('insert into outbox (id, name, envelope, pending) values ($1, $2, $3, $4)', [
        ...[id, envelope.type, JSON.stringify({ ...envelope, time }), [`jobs-payments-${job}`]],
      ]);
      await sql(`select pg_notify('outbox', '')`);
    },
    /** Runs a delayed job of this name now, not when its time comes. */
    async hasten(job: string) {
      await sql(
        `update outbox set due_at = now() where name = $1 and attempts = 0 and due_at > now() + interval '1 second'`,
        [`payments/${job}`],
      );
      await sql(`select pg_notify('outbox', '')`);
    },
    async stop() {
      await world.stop();
      await sandbox.stop();
    },
  };
}

/** A webhook's body, as Stripe writes it. */
export function webhookBody(type: string, object: object, id = `evt_${newId()}`): string {
  const created = Math.floor(Date.now() / 1_000);
  return JSON.stringify({ id, object: 'event', type, created, data: { object } }, null, 2);
}
