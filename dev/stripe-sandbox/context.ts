import { randomInt } from 'node:crypto';
import type Stripe from 'stripe';
import type { Params } from './http/form.ts';
import type { Store } from './state.ts';
import type { Webhooks } from './webhooks.ts';

// The words of this folder:
//   call      one request to the API (or one click on a page), with everything an operation works with
//   event     what Stripe tells the world about a change; kept, listable, and sent as webhooks
//   delivery  one event on its way to the webhook address, with its attempts
//   attempt   one try to collect a payment intent's money: confirm, 3-D Secure, settle
//   fault     a failure that a test has the API show, such as a cut connection or an error

/** What every operation works with: a plain value, made for each request. */
export interface Call {
  store: Store;
  webhooks: Webhooks;
  /** This sandbox's own address, for the pages it sends people to. */
  url: string;
  /** Named in the events that this call causes; both null when a page caused them. */
  request: { id: string | null; idempotency_key: string | null };
  /** The `:id` of the path. */
  id: string;
  params: Params;
  /** Called with a publishable key: only a client secret opens an object then. */
  publishable: boolean;
}

/** Answers a call with the object to send, or throws an ApiError. Synchronous: nothing comes in between. */
export type Operation = (call: Call) => object;

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** A random id in Stripe's form, such as `pi_` and 24 letters and digits. */
export function newId(prefix: string, length = 24): string {
  let id = prefix;
  for (let i = 0; i < length; i += 1) id += ALPHABET[randomInt(ALPHABET.length)];
  return id;
}

/** Seconds since 1970, as in every `created`. */
export const now = () => Math.floor(Date.now() / 1000);

/** The id of a reference that may have been expanded. */
export function idOf(reference: string | { id: string } | null | undefined): string | null {
  if (reference === null || reference === undefined) return null;
  return typeof reference === 'string' ? reference : reference.id;
}

/** Metadata as Stripe merges it: an empty value removes its key, an empty whole removes everything. */
export function mergeMetadata(
  before: Stripe.Metadata | null,
  change: Record<string, string> | '' | undefined,
): Stripe.Metadata {
  if (change === '') return {};
  const merged = { ...before, ...change };
  return Object.fromEntries(Object.entries(merged).filter(([, value]) => value !== ''));
}
