import Stripe from 'stripe';
import { z } from 'zod';
import { type Call, newId, now, type Operation } from './context.ts';
import { expandable, list, page, readParams } from './http/params.ts';
import { expand, getResource, listPage } from './resources.ts';

/** Older events that have been delivered are forgotten past this number, as Stripe forgets them after 30 days. */
const KEEP_EVENTS = 5000;

/** Records what happened to an object, as it is now, and sends the webhook. */
export function emit(call: Call, type: Stripe.Event.Type, object: object) {
  const { store, webhooks } = call;
  const event = {
    id: newId('evt_'),
    object: 'event',
    api_version: Stripe.API_VERSION,
    created: now(),
    data: { object: structuredClone(object) },
    livemode: false,
    pending_webhooks: 0,
    request: call.request,
    type,
  } as Stripe.Event;
  store.events.set(event.id, event);
  webhooks.send(event);
  forgetOldest(call);
  store.changed();
}

function forgetOldest({ store }: Call) {
  if (store.events.size <= KEEP_EVENTS) return;
  for (const event of store.events.values()) {
    if (event.pending_webhooks > 0) continue;
    store.events.delete(event.id);
    // Deliveries are roughly in the order of their events: those at the front whose event is gone go too.
    for (const delivery of store.deliveries.values()) {
      if (store.events.has(delivery.event)) break;
      store.deliveries.delete(delivery.id);
    }
    return;
  }
}

export const retrieveEvent: Operation = ({ store, id, params }) => {
  const asked = readParams(z.strictObject(expandable), params);
  return expand(store, getResource(store, 'evt_', id), asked.expand);
};

const listParams = z.strictObject({
  ...page,
  type: z.string().optional(),
  types: list(z.string()).optional(),
} satisfies { [K in keyof Stripe.EventListParams]?: z.ZodType });

export const listEvents: Operation = ({ store, params }) => {
  const asked = readParams(listParams, params);
  const wanted = asked.types ?? (asked.type === undefined ? undefined : [asked.type]);
  // `charge.*` stands for all of a kind.
  const matches = (type: string) =>
    wanted === undefined ||
    wanted.some(name => (name.endsWith('*') ? type.startsWith(name.slice(0, -1)) : type === name));
  const listed = listPage(store.events.values(), '/v1/events', asked, event => matches(event.type));
  return expand(store, listed, asked.expand);
};
