import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import Stripe from 'stripe';
import { type StripeSandbox, type StripeSandboxOptions, startStripeSandbox } from '../server.ts';

export const SECRET = 'whsec_guichet_development';

/** Waits until `look` finds something; a test fails by its own time-out. */
export async function until<T>(look: () => T | Promise<T>): Promise<NonNullable<T>> {
  for (;;) {
    const found = await look();
    if (found) return found;
    await new Promise(resolve => setTimeout(resolve, 5));
  }
}

/** An endpoint that keeps the webhooks it is sent and verifies each as Guichet does. */
export async function startReceiver() {
  const events: Stripe.Event[] = [];
  const statuses: number[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const signature = request.headers['stripe-signature']?.toString() ?? '';
    events.push(Stripe.webhooks.constructEvent(Buffer.concat(chunks), signature, SECRET));
    response.writeHead(statuses.shift() ?? 200).end();
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/webhooks/stripe`,
    events,
    /** Answers the next webhooks with these statuses instead of 200. */
    answerNext: (...next: number[]) => statuses.push(...next),
    /** The first event of this type, once it has come. */
    received: (type: string) => until(() => events.find(event => event.type === type)),
    async stop() {
      const closed = new Promise(resolve => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}
export type Receiver = Awaited<ReturnType<typeof startReceiver>>;

/** A client of the sandbox with the official library; `retries` as in production, or none. */
export function connect(sandbox: StripeSandbox, { retries = 0, key = 'sk_test_guichet' } = {}) {
  return new Stripe(key, {
    host: 'localhost',
    port: sandbox.port,
    protocol: 'http',
    maxNetworkRetries: retries,
    telemetry: false,
  });
}

/** A sandbox on a free port with its webhook receiver. */
export async function startTestSandbox(options: Partial<StripeSandboxOptions> = {}) {
  const receiver = await startReceiver();
  const sandbox = await startStripeSandbox({
    port: 0,
    webhookUrl: receiver.url,
    webhookSecret: SECRET,
    ...options,
  });
  return {
    sandbox,
    receiver,
    stripe: connect(sandbox),
    /** A call to /sandbox/…. */
    async control<T = Record<string, unknown>>(method: string, path: string, body?: object): Promise<T> {
      const answer = await fetch(`${sandbox.url}/sandbox/${path}`, {
        method,
        headers: { 'content-type': 'application/json' },
        body: body && JSON.stringify(body),
      });
      return (await answer.json()) as T;
    },
    async stop() {
      await sandbox.stop();
      await receiver.stop();
    },
  };
}
export type TestSandbox = Awaited<ReturnType<typeof startTestSandbox>>;

/** The error that a promise is rejected with. */
export async function refused(promise: Promise<unknown>): Promise<Stripe.errors.StripeError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof Stripe.errors.StripeError) return error;
  throw error ?? new Error('It was not refused');
}
