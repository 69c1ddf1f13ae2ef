import { z } from 'zod';
import type { Call } from './context.ts';
import { type Faults, faultSchema } from './faults.ts';
import { invalidParameter } from './http/errors.ts';
import { settlePayment } from './payments/payment-attempts.ts';
import { settleRefund } from './payments/refunds.ts';
import { getResource } from './resources.ts';

/** One request to the API, as it was answered; `status` is absent when the connection was cut instead. */
export interface LoggedRequest {
  id: string;
  /** Milliseconds since 1970. */
  at: number;
  method: string;
  path: string;
  idempotencyKey: string | null;
  params: object;
  status?: number;
  replayed?: boolean;
  fault?: string;
}

/** A call to /sandbox/…: `input` is its JSON body, or its query for a GET. */
export interface Control extends Omit<Call, 'params' | 'publishable'> {
  input: unknown;
  faults: Faults;
  requests: LoggedRequest[];
}

function read<S extends z.ZodType>(schema: S, input: unknown): z.infer<S> {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  throw invalidParameter(z.prettifyError(parsed.error));
}

const outcomeSchema = z.strictObject({ outcome: z.enum(['succeeded', 'failed']).default('succeeded') });
const requestFilter = z.strictObject({
  method: z.string().toUpperCase().optional(),
  path: z.string().optional(),
});
const deliveryFilter = z.strictObject({
  event: z.string().optional(),
  type: z.string().optional(),
  state: z.enum(['pending', 'delivered', 'abandoned']).optional(),
});
const target = z.strictObject({ url: z.url().optional(), secret: z.string().optional() });

/** How tests and developers make happen what banks, networks and people do. No key is needed. */
export const controls: Record<string, (control: Control) => object> = {
  'GET /sandbox/faults': ({ faults }) => ({ data: faults.list() }),
  'POST /sandbox/faults': ({ faults, input }) => {
    const fault = read(faultSchema, input);
    faults.add(fault);
    return fault;
  },
  'DELETE /sandbox/faults': ({ faults }) => {
    faults.clear();
    return { data: [] };
  },

  /** Requests to /v1, oldest first; `path` is a prefix. */
  'GET /sandbox/requests': ({ requests, input }) => {
    const { method, path = '' } = read(requestFilter, input);
    const data = requests.filter(r => (method ?? r.method) === r.method && r.path.startsWith(path));
    return { count: data.length, data };
  },

  'GET /sandbox/deliveries': ({ store, input }) => {
    const { event, type, state } = read(deliveryFilter, input);
    const data = [...store.deliveries.values()].filter(
      d => d.event === (event ?? d.event) && d.type === (type ?? d.type) && d.state === (state ?? d.state),
    );
    return { count: data.length, data };
  },
  'POST /sandbox/events/:id/resend': ({ store, webhooks, id }) => {
    const delivery = webhooks.send(getResource(store, 'evt_', id));
    store.changed();
    return delivery;
  },
  'POST /sandbox/webhooks': ({ webhooks, input }) => {
    const change = read(target, input);
    webhooks.point(change);
    return change;
  },
  'POST /sandbox/webhooks/pause': ({ webhooks }) => {
    webhooks.pause();
    return { paused: true };
  },
  'POST /sandbox/webhooks/resume': ({ webhooks }) => {
    webhooks.resume();
    return { paused: false };
  },

  'POST /sandbox/payment_intents/:id/settle': control => {
    const { outcome } = read(outcomeSchema, control.input);
    const intent = getResource(control.store, 'pi_', control.id);
    settlePayment(asCall(control), intent, outcome);
    return intent;
  },
  'POST /sandbox/refunds/:id/settle': control => {
    const { outcome } = read(outcomeSchema, control.input);
    const refund = getResource(control.store, 're_', control.id);
    settleRefund(asCall(control), refund, outcome);
    return refund;
  },

  /** As started anew: no objects, no faults, webhooks are sent. */
  'POST /sandbox/reset': ({ store, webhooks, faults, requests }) => {
    webhooks.clear();
    store.clear();
    faults.clear();
    requests.length = 0;
    webhooks.resume();
    return { reset: true };
  },
};

const asCall = (control: Control): Call => ({ ...control, params: {}, publishable: false });
