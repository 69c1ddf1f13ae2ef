/** The steps of a purchase over the public API. */
import { randomUUID } from 'node:crypto';
import type { Answer, ApiClient, LiveResults } from './client.ts';

/** The live operation that tells the whole story of a purchase (public contract). */
export const PURCHASE = `subscription Purchase($orderId: ID!) {
  orderUpdated(orderId: $orderId) {
    id
    number
    status
    total { amount currency }
    payments { id status clientSecret nextActionUrl failureCode }
    invoice { number status pdfUrl total { amount } }
    tickets { id code qrCode pdfUrl guestName status }
    notifications { status subject recipient }
  }
}`;

const EVENTS = `query Events { events(first: 10) { nodes {
  id title venue startsAt publicKey
  products { id kind name price { amount currency } taxRate available maxPerOrder }
} } }`;

const REGISTER = `mutation Register($input: RegisterInput!) { register(input: $input) {
  __typename ... on Session { accessToken user { id } } ... on Error { message }
} }`;

const LOGIN = `mutation Login($input: LoginInput!) { login(input: $input) {
  __typename ... on Session { accessToken user { id } } ... on Error { message }
} }`;

const PLACE_ORDER = `mutation PlaceOrder($input: PlaceOrderInput!) { placeOrder(input: $input) {
  __typename ... on Order { id number status total { amount currency } } ... on Error { message }
} }`;

const CONFIRM_PAYMENT = `mutation ConfirmPayment($input: ConfirmPaymentInput!) { confirmPayment(input: $input) {
  __typename ... on Payment { id status nextActionUrl failureCode } ... on Error { message }
} }`;

export interface Product {
  id: string;
  kind: 'ADMISSION' | 'MERCHANDISE';
  name: string;
  price: { amount: number; currency: string };
  available: number;
}
export interface EventListing {
  id: string;
  title: string;
  venue: string | null;
  startsAt: string;
  publicKey: string;
  products: Product[];
}

/** The order as the `Purchase` subscription tells it. */
export interface OrderNews {
  id: string;
  number: string;
  status: string;
  total: { amount: number; currency: string };
  payments: {
    id: string;
    status: string;
    clientSecret: string | null;
    nextActionUrl: string | null;
    failureCode: string | null;
  }[];
  invoice: { number: string | null; status: string; pdfUrl: string | null; total: { amount: number } } | null;
  tickets: {
    id: string;
    code: string;
    qrCode: string;
    pdfUrl: string | null;
    guestName: string;
    status: string;
  }[];
  notifications: { status: string; subject: string | null; recipient: string }[];
}

/** A new buyer, signed in. */
export async function registerBuyer(api: ApiClient, displayName = 'Camille Dupont') {
  const email = `buyer-${randomUUID().slice(0, 8)}@example.org`;
  const { register } = await api.get(REGISTER, {
    input: { email, password: 'a long enough password', displayName },
  });
  if (register.__typename !== 'Session') throw new Error(register.message);
  return { email, userId: register.user.id as string, api: api.withToken(register.accessToken) };
}

export async function signIn(api: ApiClient, email: string, password: string): Promise<ApiClient> {
  const { login } = await api.get(LOGIN, { input: { email, password } });
  if (login.__typename !== 'Session') throw new Error(login.message);
  return api.withToken(login.accessToken);
}

export const listEvents = async (api: ApiClient): Promise<EventListing[]> =>
  (await api.get(EVENTS)).events.nodes;

export async function placeOrder(
  api: ApiClient,
  lines: { productId: string; quantity: number; guestNames?: string[] }[],
  idempotencyKey: string = randomUUID(),
) {
  const { placeOrder } = await api.get(PLACE_ORDER, { input: { idempotencyKey, lines } });
  return placeOrder as { __typename: string; id: string; number: string; status: string; message?: string };
}

export async function confirmPayment(api: ApiClient, paymentId: string, paymentMethodId: string) {
  const input = { paymentId, paymentMethodId, returnUrl: 'http://localhost:4000/playground' };
  const { confirmPayment } = await api.get(CONFIRM_PAYMENT, { input });
  return confirmPayment as {
    __typename: string;
    status: string;
    nextActionUrl: string | null;
    failureCode: string | null;
    message?: string;
  };
}

/** An order's live news, remembered: wait for what you need of it. */
export interface PurchaseWatch {
  /** Everything heard so far. */
  readonly news: OrderNews[];
  /** The statuses heard so far, in order, without repetitions. */
  statuses(): string[];
  /**
   * The first news, heard or yet to come, for which `is` holds.
   * @throws Error when the subscription ends or fails first, or after `seconds`.
   */
  until(is: (order: OrderNews) => boolean, seconds?: number): Promise<OrderNews>;
  close(): Promise<void>;
}

export function watchPurchase(api: ApiClient, orderId: string): PurchaseWatch {
  const live: LiveResults = api.subscribe(PURCHASE, { orderId });
  const news: OrderNews[] = [];
  const listeners = new Set<() => void>();
  let failure: Error | undefined;

  const listening = (async () => {
    try {
      for await (const { data, errors } of live as AsyncIterable<Answer>) {
        // A part of the system that is away leaves a gap in the news; what follows closes it.
        const final = errors?.filter(({ extensions }) => extensions.code !== 'UNAVAILABLE') ?? [];
        if (final.length > 0) throw new Error(final.map(({ message }) => message).join('; '));
        if (!data?.orderUpdated) continue;
        news.push(data.orderUpdated);
        for (const tell of listeners) tell();
      }
      failure ??= new Error('The subscription has ended.');
    } catch (error) {
      failure = error instanceof Error ? error : new Error(JSON.stringify(error));
    }
    for (const tell of listeners) tell();
  })();

  return {
    news,
    statuses: () => news.map(({ status }) => status).filter((status, i, all) => status !== all[i - 1]),
    until(is, seconds = 30) {
      return new Promise((resolve, reject) => {
        const done = (settle: () => void) => {
          listeners.delete(look);
          clearTimeout(timer);
          settle();
        };
        const look = () => {
          const found = news.find(is);
          if (found) done(() => resolve(found));
          else if (failure) done(() => reject(failure));
        };
        const timer = setTimeout(
          () =>
            done(() => reject(new Error(`Not within ${seconds} s. Heard: ${JSON.stringify(news.at(-1))}`))),
          seconds * 1_000,
        );
        listeners.add(look);
        look();
      });
    },
    async close() {
      await live.close();
      await listening;
    },
  };
}

/** True once the buyer can pay: Stripe knows of the payment. */
export const payable = ({ status, payments }: OrderNews): boolean =>
  status === 'RESERVED' && payments.some(payment => payment.clientSecret !== null);
