import type Stripe from 'stripe';
import type { z } from 'zod';
import { invalidParameter, noSuch } from './http/errors.ts';
import type { page } from './http/params.ts';
import type { Collections, Store } from './state.ts';

/** Where the objects of an id's prefix live, and what Stripe calls them in errors. */
const KINDS = {
  cus_: ['customers', 'customer'],
  pm_: ['paymentMethods', 'PaymentMethod'],
  pi_: ['paymentIntents', 'payment_intent'],
  ch_: ['charges', 'charge'],
  re_: ['refunds', 'refund'],
  cs_: ['sessions', 'checkout.session'],
  evt_: ['events', 'event'],
} as const satisfies Record<string, readonly [keyof Collections, string]>;

type Kinds = typeof KINDS;
type Resource<P extends keyof Kinds> = Collections[Kinds[P][0]] extends Map<string, infer T> ? T : never;

/**
 * The object of this id.
 * @throws ApiError 404 resource_missing.
 */
export function getResource<P extends keyof Kinds>(
  store: Store,
  prefix: P,
  id: string,
  param?: string,
): Resource<P> {
  const [collection, kind] = KINDS[prefix];
  const found = (store[collection] as Map<string, Resource<P>>).get(id);
  if (found === undefined) throw noSuch(kind, id, param);
  return found;
}

interface Listed {
  id: string;
  created: number;
}

/** A page of a list, newest first, as every list of Stripe answers. See https://docs.stripe.com/api/pagination */
export function listPage<T extends Listed>(
  all: Iterable<T>,
  url: string,
  asked: z.infer<z.ZodObject<typeof page>>,
  matches: (item: T) => boolean = () => true,
): Stripe.ApiList<T> {
  const { gt = -1, gte = 0, lt = Infinity, lte = Infinity } = (asked.created ?? {}) as Record<string, number>;
  const found = [...all]
    .reverse()
    .filter(item => item.created > gt && item.created >= gte && item.created < lt && item.created <= lte)
    .filter(matches);
  const position = (id: string, param: string) => {
    const index = found.findIndex(item => item.id === id);
    if (index === -1) throw noSuch('object', id, param);
    return index;
  };
  let start = 0;
  let end = found.length;
  if (asked.starting_after !== undefined) start = position(asked.starting_after, 'starting_after') + 1;
  if (asked.ending_before !== undefined) end = position(asked.ending_before, 'ending_before');
  if (asked.ending_before !== undefined) start = Math.max(start, end - asked.limit);
  const data = found.slice(start, Math.min(end, start + asked.limit));
  const hasMore = asked.ending_before !== undefined ? start > 0 : start + data.length < end;
  return { object: 'list', data, has_more: hasMore, url };
}

/**
 * A copy of the answer in which the named references are whole objects: `latest_charge`, `data.customer`,
 * `payment_intent.latest_charge`. See https://docs.stripe.com/api/expanding_objects
 * @throws ApiError 400 when something cannot be expanded.
 */
export function expand<T extends object>(store: Store, answer: T, paths: string[] = []): T {
  const copy = structuredClone(answer);
  for (const path of paths) expandPath(store, [copy as Record<string, unknown>], path.split('.'), path);
  return copy;
}

function expandPath(
  store: Store,
  targets: Record<string, unknown>[],
  [name, ...rest]: string[],
  path: string,
) {
  const next: Record<string, unknown>[] = [];
  for (const target of targets) {
    const known = name !== undefined && name in target;
    if (!known) throw invalidParameter(`This property cannot be expanded (${path}).`, 'expand');
    const value = target[name];
    if (Array.isArray(value)) next.push(...value);
    else if (typeof value === 'object' && value !== null) next.push(value as Record<string, unknown>);
    else if (typeof value === 'string') {
      const prefix = value.slice(0, value.indexOf('_') + 1);
      if (!(prefix in KINDS)) throw invalidParameter(`This property cannot be expanded (${path}).`, 'expand');
      const whole = structuredClone(getResource(store, prefix as keyof Kinds, value)) as unknown;
      target[name] = whole;
      next.push(whole as Record<string, unknown>);
    }
  }
  if (rest.length > 0) expandPath(store, next, rest, path);
}
